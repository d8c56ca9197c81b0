using EsoCore.Runtime.Clustering;
using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime.Engine;

/// <summary>
/// Which silo of a cluster fires a reminder: the one that owns its grain. Since silos may disagree for a moment about who that is, a tick
/// can come twice, and never not at all.
/// </summary>
internal sealed partial class ReminderService
{
    /// <summary>
    /// A silo that takes a grain over looks for ticks that the one before may have owed: back to when this silo last knew that all was
    /// well, and this much further, and the time that a silo may be silent. So a tick can come twice.
    /// </summary>
    internal static readonly TimeSpan TakeOverLookBack = TimeSpan.FromSeconds(30);

    /// <summary>How often a silo of a cluster reads the table again, for what changed in passing from one silo to another.</summary>
    internal static readonly TimeSpan RereadInterval = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How soon it is read again when it could not be: well within the look back, so that no tick is missed on the way to another silo.
    /// </summary>
    internal static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);

    /// <summary>How often it is looked whether all is well; when it was not for twice as long, this process stood still.</summary>
    private static readonly TimeSpan s_watchInterval = RetryInterval;

    private readonly SemaphoreSlim _rereads = new(1, 1);
    private ITimer? _rereadTimer;
    private ITimer? _watchTimer;
    private volatile bool _rereadsOver;
    private bool _mustReread;
    private DateTime _watchedAt;
    private DateTime _wellSince;
    private DateTime _wellUntil;

    /// <summary>Grains came or went: reads the table again. Those that another silo has are left to it.</summary>
    public void OnMembersChanged()
    {
        if (_timer is null || _rereadsOver) return;
        lock (_gate) Watch();
        _ = Detached.Run(RereadAsync);
    }

    private TimeSpan Allowance => TakeOverLookBack + runtime.Cluster!.Options.Membership.EvictAfter;

    /// <summary>
    /// Notes until when all was well, within the lock: this silo served, both tables answered, and it had done so long enough for the
    /// others to have evicted whoever died before. While the database is away a silo may die that nobody can evict, and its reminders come
    /// to this one much later.
    /// </summary>
    private void Watch()
    {
        DateTime now = Now;
        bool isWell = !_mustReread && runtime.Cluster!.Membership.State is { Standing: SiloStanding.Serving, HasDatabase: true };
        if (!isWell || now - _watchedAt > 2 * s_watchInterval) _wellSince = now;
        else if (now - _wellSince >= Allowance) _wellUntil = now;
        _watchedAt = now;
    }

    private void StartRereading()
    {
        if (runtime.Cluster is null) return;
        _watchTimer = DetachedTimer.Create(
            runtime.TimeProvider,
            static self =>
            {
                var reminders = (ReminderService)self!;
                lock (reminders._gate) reminders.Watch();
            },
            this,
            s_watchInterval);
        _rereadTimer = DetachedTimer.Create(
            runtime.TimeProvider, static self => ((ReminderService)self!).OnMembersChanged(), this, RereadInterval);
    }

    private void StopRereading()
    {
        _rereadsOver = true;
        _rereadTimer?.Dispose();
        _watchTimer?.Dispose();
    }

    private bool IsOurs(GrainId grain) => runtime.Cluster is not { } cluster
        || (cluster.Membership.State is { Standing: SiloStanding.Serving } state && cluster.Self!.Equals(state.View.OwnerOf(grain)));

    private async Task RereadAsync()
    {
        await _rereads.WaitAsync();
        try
        {
            if (_rereadsOver) return;
            KeyValuePair<(GrainId Grain, string Name), Scheduled>[] before;
            lock (_gate) before = [.. _scheduled];
            ReminderTableData rows = await table.ReadRows(0, 0);
            lock (_gate)
            {
                Replace(before, rows);
                _mustReread = false;
            }
        }
        catch (Exception exception)
        {
            lock (_gate)
            {
                _mustReread = true;
                Watch();
            }

            runtime.Log.LogWarning(exception, "The reminders could not be read again; it is tried again in {Interval}", RetryInterval);
            _rereadTimer?.Change(RetryInterval, RereadInterval);
        }
        finally
        {
            _rereads.Release();
        }
    }

    /// <summary>Schedules what is in the table and ours; drops what is not, unless it was registered while the table was read.</summary>
    private void Replace(KeyValuePair<(GrainId Grain, string Name), Scheduled>[] before, ReminderTableData rows)
    {
        if (_rereadsOver) return;
        HashSet<(GrainId, string)> ours = [];
        foreach (ReminderEntry row in rows.Reminders.Where(row => IsOurs(row.GrainId)))
        {
            ours.Add((row.GrainId, row.ReminderName));
            TakeOver(row);
        }

        foreach (((GrainId, string) key, Scheduled scheduled) in before)
        {
            if (!ours.Contains(key) && IsLiving(scheduled)) _scheduled.Remove(key);
        }

        DropStale();
        SetTimer();
    }

    private void TakeOver(ReminderEntry row)
    {
        Scheduled? known = _scheduled.GetValueOrDefault((row.GrainId, row.ReminderName));
        if (known?.Row.ETag == row.ETag) return;
        Schedule(row, known is null ? NextTick(row, _wellUntil - Allowance) : NextTick(row, Now.AddTicks(-1)));
    }
}
