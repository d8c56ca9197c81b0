using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime.Clustering;

/// <summary>The membership as seen by a process that holds no grains: it reads the table and never writes to it.</summary>
internal sealed class MembershipWatcher(IMembershipTable table, MembershipOptions options, TimeProvider time, ILogger log)
    : IMembership, IAsyncDisposable
{
    private readonly StateFeed _feed = new(new ClusterState(MembershipView.Empty, null, SiloStanding.Outside, HasDatabase: false));
    private readonly LaneSignal _signal = new(time);
    private readonly CancellationTokenSource _stop = new();
    private readonly long _start = time.GetTimestamp();
    private Task _loop = Task.CompletedTask;

    /// <inheritdoc/>
    public ClusterState State => _feed.State;

    /// <summary>Begins to read.</summary>
    public void Start() => _loop = Detached.Run(Run);

    /// <summary>Ends when the table was read for the first time.</summary>
    public async Task WaitForView(CancellationToken cancel)
    {
        ClusterState state = State;
        while (!state.HasDatabase) state = await WaitForChange(state, cancel);
    }

    /// <inheritdoc/>
    public ValueTask<ClusterState> WaitForChange(ClusterState known, CancellationToken cancel) => _feed.WaitForChange(known, cancel);

    /// <inheritdoc/>
    public void NoticeVersion(long version)
    {
        if (version > State.View.Version) _signal.Set();
    }

    /// <summary>Reads at once: the others may already have evicted it.</summary>
    public void ReportUnreachable(SiloAddress silo)
    {
        if (State.View.Find(silo) is { IsLive: true }) _signal.Set();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
    }

    private async Task Run()
    {
        while (!_stop.IsCancellationRequested)
        {
            var request = new ReadRequest(time.GetElapsedTime(_start));
            TableReply reply = await TableCall.Make(table, request, options.TableTimeout, time, log, _stop.Token);
            ClusterState before = State;
            MembershipView view = reply is ReadReply { Snapshot: var snapshot } && IsNews(snapshot, before.View)
                ? new MembershipView(snapshot)
                : before.View;
            ClusterState after = before with { View = view, HasDatabase = reply is ReadReply };
            if (after != before)
            {
                _feed.Publish(after);
                MembershipLog.Write(log, before, after);
            }

            // However often it is asked to read at once, it reads eight times as often as usual at most.
            await _signal.Pause(options.HeartbeatInterval / 8, _stop.Token);
            await _signal.Wait(request.IssuedAt + options.HeartbeatInterval - time.GetElapsedTime(_start), _stop.Token);
        }
    }

    /// <summary>
    /// A lower version without a known silo in it is a table that was restored from a copy or made anew; unlike a member, this process does
    /// not end with the run that it belonged to.
    /// </summary>
    private static bool IsNews(MembershipSnapshot snapshot, MembershipView view) =>
        snapshot.Version > view.Version
        || (snapshot.Version < view.Version && !snapshot.Members.Any(member => view.Find(member.Address) is { IsLive: true }));
}
