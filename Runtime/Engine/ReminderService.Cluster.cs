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
    /// A silo that takes a grain over looks so far back for ticks that the one before may have owed. So a tick can come twice.
    /// </summary>
    internal static readonly TimeSpan TakeOverLookBack = TimeSpan.FromSeconds(30);

    /// <summary>How often a silo of a cluster reads the table again, for what changed in passing from one silo to another.</summary>
    internal static readonly TimeSpan RereadInterval = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How soon it is read again when it could not be: well within the look back, so that no tick is missed on the way to another silo.
    /// </summary>
    internal static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _rereads = new(1, 1);
    private ITimer? _rereadTimer;
    private volatile bool _rereadsOver;

    /// <summary>Grains came or went: reads the table again. Those that another silo has are left to it.</summary>
    public void OnMembersChanged()
    {
        if (_timer is not null && !_rereadsOver) _ = Detached.Run(RereadAsync);
    }

    private void StartRereading()
    {
        if (runtime.Cluster is null) return;
        _rereadTimer = DetachedTimer.Create(
            runtime.TimeProvider, static self => ((ReminderService)self!).OnMembersChanged(), this, RereadInterval);
    }

    private void StopRereading()
    {
        _rereadsOver = true;
        _rereadTimer?.Dispose();
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
            lock (_gate) Replace(before, rows);
        }
        catch (Exception exception)
        {
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
        Schedule(row, known is null ? NextTick(row, Now - TakeOverLookBack) : NextTick(row, Now.AddTicks(-1)));
    }
}
