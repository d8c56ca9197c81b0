using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// A silo's membership: runs <see cref="MembershipLogic"/> over a table. One agent is one life: after it has left or was evicted a new one,
/// with another generation, is made.
/// </summary>
internal sealed class MembershipAgent : IMembership, IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly MembershipLogic _logic;
    private readonly IMembershipTable _table;
    private readonly MembershipOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly StateFeed _feed;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _start;
    private readonly LaneSignal _beatSignal;
    private readonly LaneSignal _watchSignal;
    private Task _lanes = Task.CompletedTask;
    private string? _loggedProblem;

    /// <summary>Makes it; nothing happens before <see cref="Start"/>.</summary>
    /// <param name="self">The address that the others reach this silo under, and its program.</param>
    /// <param name="table">The table that all members share.</param>
    /// <param name="options">How members watch each other.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where it tells what changes.</param>
    /// <param name="needsLink">Whether it becomes active only when <see cref="Linked"/> was told, if an active silo shows life.</param>
    public MembershipAgent(
        Member self, IMembershipTable table, MembershipOptions options, TimeProvider time, ILogger log, bool needsLink = false)
    {
        (_table, _options, _time, _log) = (table, options, time, log);
        _start = time.GetTimestamp();
        _logic = new MembershipLogic(self, options, TimeSpan.Zero, needsLink);
        _feed = new StateFeed(_logic.State);
        (_beatSignal, _watchSignal) = (new LaneSignal(time), new LaneSignal(time));
    }

    /// <inheritdoc/>
    public ClusterState State => _feed.State;

    /// <summary>Ends when this member's life does; look at <see cref="State"/> for whether it left or was evicted.</summary>
    public Task WhenOver => _over.Task;

    /// <summary>Why it cannot join, in a sentence; null if nothing speaks against it.</summary>
    public string? Problem
    {
        get
        {
            lock (_gate) return _logic.Problem;
        }
    }

    private TimeSpan Now => _time.GetElapsedTime(_start);

    /// <summary>Begins: the member enters the table as joining, and reads it.</summary>
    public void Start() => _lanes = Task.WhenAll(Detached.Run(() => RunLane(Lane.Beat)), Detached.Run(() => RunLane(Lane.Watch)));

    /// <summary>
    /// To be called when the silo listens: makes it an owner of grains. Ends when it is one; if the table is away, or
    /// <see cref="Problem"/> names a reason, not before that is over.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was not one in time; it goes on trying.</exception>
    public Task BecomeActive(CancellationToken cancel)
    {
        Tell(() => _logic.ListenerIsUp(Now));
        return Reach(state => state.Standing != SiloStanding.Joining, cancel);
    }

    /// <summary>This silo has a link to that one, so it can be one of those who own grains.</summary>
    public void Linked(SiloAddress silo) => Tell(() => _logic.Linked(silo, Now));

    /// <summary>
    /// Begins a planned shutdown. Ends when the table and the view of this silo have it as leaving: from then on calls go to the new
    /// owners.
    /// </summary>
    /// <exception cref="OperationCanceledException">The table did not answer in time; the others will evict this silo.</exception>
    public Task Leave(CancellationToken cancel)
    {
        Tell(() => _logic.Leave(Now));
        return Reach(state => state.Standing == SiloStanding.Leaving || state.IsOver, cancel);
    }

    /// <summary>
    /// Ends a planned shutdown, when the last activation has; to be called with the listener still open. Ends when the member is dead in
    /// the table, and not before two heartbeat intervals after it began to leave: meanwhile calls of silos that do not know yet are
    /// forwarded.
    /// </summary>
    /// <exception cref="OperationCanceledException">The table did not answer in time; the others will evict this silo.</exception>
    public Task FinishLeaving(CancellationToken cancel)
    {
        Tell(() => _logic.FinishLeaving(Now));
        return Reach(state => state.IsOver, cancel);
    }

    /// <inheritdoc/>
    public ValueTask<ClusterState> WaitForChange(ClusterState known, CancellationToken cancel) => _feed.WaitForChange(known, cancel);

    /// <inheritdoc/>
    public void NoticeVersion(long version)
    {
        if (version > State.View.Version) Tell(() => _logic.NoticeVersion(version, Now));
    }

    /// <inheritdoc/>
    public void ReportUnreachable(SiloAddress silo) => Tell(() => _logic.ReportUnreachable(silo, Now));

    /// <summary>Stops at once, as a crash would: the row stays, and the others evict it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _lanes;
        _over.TrySetResult();
    }

    /// <summary>One lane without the other would be a member that nobody evicts and that knows nothing new.</summary>
    private async Task RunLane(Lane lane)
    {
        try
        {
            await Work(lane);
        }
        catch (Exception exception)
        {
            _log.LogCritical(
                "The {Lane} lane of the membership failed, so this silo ends: {Fault}: {Reason}",
                lane,
                exception.GetType().Name,
                exception.Message);
            lock (_gate)
            {
                if (_logic.State.IsOver) return;
                _logic.GiveUp();
                _feed.Publish(_logic.State);
                End();
            }
        }
    }

    private async Task Work(Lane lane)
    {
        LaneSignal signal = lane == Lane.Beat ? _beatSignal : _watchSignal;
        while (!_stop.IsCancellationRequested && !State.IsOver)
        {
            TableRequest? request = null;
            TimeSpan due = TimeSpan.Zero;
            Update(() =>
            {
                request = _logic.Next(lane, Now);
                due = _logic.DueAt(lane) - Now;
            });
            if (request is null)
            {
                await signal.Wait(due, _stop.Token);
                continue;
            }

            TableReply reply = await TableCall.Make(_table, request, _options.TableTimeout, _time, _log, _stop.Token);
            Update(() => _logic.Complete(request, reply, Now));

            // What one line learns may give the other something to do.
            (lane == Lane.Beat ? _watchSignal : _beatSignal).Set();
        }
    }

    private async Task Reach(Func<ClusterState, bool> goal, CancellationToken cancel)
    {
        ClusterState state = State;
        while (!goal(state)) state = await WaitForChange(state, cancel);
    }

    private void Tell(Action command)
    {
        Update(command);
        _watchSignal.Set();
    }

    private void Update(Action step)
    {
        lock (_gate)
        {
            ClusterState before = _logic.State;
            step();
            if (!ReferenceEquals(before, _logic.State)) Publish(before, _logic.State);
            if (_logic.Problem == _loggedProblem) return;
            _loggedProblem = _logic.Problem;
            if (_loggedProblem is not null) _log.LogError("This silo cannot join: {Problem}", _loggedProblem);
        }
    }

    private void Publish(ClusterState before, ClusterState after)
    {
        _feed.Publish(after);
        MembershipLog.Write(_log, before, after);
        if (after.IsOver) End();
    }

    private void End()
    {
        _over.TrySetResult();
        _beatSignal.Set();
        _watchSignal.Set();
    }
}
