using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime.Engine;

/// <summary>
/// Fires reminders. The table is read once, at start; afterwards every change passes through here. One timer waits for the earliest one
/// due.
/// Ticks keep to the grid of first tick plus whole periods; those missed while no silo ran are not made up for, with one exception: a
/// reminder whose only tick so far fell due less than a period before the start fires once soon after, since that tick may be all it was
/// registered for and it cannot be known whether it was lost.
/// </summary>
internal sealed partial class ReminderService(GrainRuntime runtime, IReminderTable table)
{
    /// <summary>The shortest period, as in Orleans.</summary>
    internal static readonly TimeSpan MinimumPeriod = TimeSpan.FromMinutes(1);

    /// <summary>Reminders caught up with at start are spread over this time.</summary>
    internal static readonly TimeSpan CatchUpSpread = TimeSpan.FromSeconds(10);

    /// <summary>The queue is rebuilt when it holds more than twice the living reminders and so many more.</summary>
    private const int MaxStale = 1_000;

    /// <summary>How many are fired before the service lets others run; the rest follow at once.</summary>
    private const int MaxFiredAtOnce = 1_000;

    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<(GrainId Grain, string Name), Scheduled> _scheduled = [];
    private readonly PriorityQueue<Scheduled, DateTime> _due = new();
    private ITimer? _timer;

    private DateTime Now => runtime.TimeProvider.GetUtcNow().UtcDateTime;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await table.StartAsync(cancellationToken);
        ReminderTableData rows = await table.ReadRows(0, 0);
        _timer = DetachedTimer.Create(
            runtime.TimeProvider, static self => ((ReminderService)self!).OnDue(), this, Timeout.InfiniteTimeSpan);
        lock (_gate)
        {
            DateTime now = Now;
            _watchedAt = _wellSince = _wellUntil = now;

            // In a cluster others have served meanwhile, and one of them may have owed the tick that falls into the hand-over.
            DateTime from = runtime.Cluster is null ? now.AddTicks(-1) : now - Allowance;
            for (int i = 0; i < rows.Reminders.Count; i++)
            {
                ReminderEntry row = rows.Reminders[i];
                if (!IsOurs(row.GrainId)) continue;
                bool mayMissFirst = row.StartAt <= now && now - row.StartAt < row.Period;
                Schedule(row, mayMissFirst ? now + CatchUpSpread * ((i + 1.0) / rows.Reminders.Count) : NextTick(row, from));
            }

            SetTimer();
        }

        StartRereading();
    }

    /// <summary>How many entries wait for their time, with those replaced or removed since.</summary>
    internal int QueueLength
    {
        get
        {
            lock (_gate) return _due.Count;
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        StopRereading();
        lock (_gate)
        {
            _timer?.Dispose();
            _timer = null;
            _scheduled.Clear();
            _due.Clear();
        }

        await table.StopAsync(cancellationToken);
    }

    public async Task<IGrainReminder> RegisterOrUpdateAsync(GrainId grain, string name, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, TimeSpan.Zero);
        if (period < MinimumPeriod)
            throw new ArgumentException($"Reminder '{name}' of {grain} has a period of {period}; the least is {MinimumPeriod}.", nameof(period));
        var row = new ReminderEntry { GrainId = grain, ReminderName = name, StartAt = Now + dueTime, Period = period };
        row.ETag = await table.UpsertRow(row);
        lock (_gate)
        {
            if (IsOurs(grain)) Schedule(row, row.StartAt);
            SetTimer();
        }

        return new Reminder(name, row.ETag);
    }

    public async Task UnregisterAsync(GrainId grain, IGrainReminder reminder)
    {
        var known = (Reminder)reminder;
        if (!await table.RemoveRow(grain, known.ReminderName, known.ETag!))
            throw new ReminderException($"Reminder '{known.ReminderName}' of {grain} was changed or removed since it was read.");
        lock (_gate)
        {
            _scheduled.Remove((grain, known.ReminderName));
            DropStale();
        }
    }

    public async Task<IGrainReminder?> GetAsync(GrainId grain, string name) =>
        await table.ReadRow(grain, name) is { } row ? new Reminder(row.ReminderName, row.ETag) : null;

    public async Task<List<IGrainReminder>> GetAllAsync(GrainId grain) =>
        [.. (await table.ReadRows(grain)).Reminders.Select(row => new Reminder(row.ReminderName, row.ETag))];

    /// <summary>
    /// Replaces whatever was scheduled under this name. What is replaced stays in the queue for now and is passed over when it comes up.
    /// </summary>
    private void Schedule(ReminderEntry row, DateTime due)
    {
        var scheduled = new Scheduled(row);
        _scheduled[(row.GrainId, row.ReminderName)] = scheduled;
        _due.Enqueue(scheduled, due);
        DropStale();
    }

    /// <summary>Keeps reminders that are changed often and due late from filling the queue with what was replaced.</summary>
    private void DropStale()
    {
        if (_due.Count <= 2 * _scheduled.Count + MaxStale) return;
        (Scheduled, DateTime)[] living = [.. _due.UnorderedItems.Where(item => IsLiving(item.Element))];
        _due.Clear();
        _due.EnqueueRange(living);
    }

    private bool IsLiving(Scheduled scheduled) =>
        ReferenceEquals(_scheduled.GetValueOrDefault((scheduled.Row.GrainId, scheduled.Row.ReminderName)), scheduled);

    private void SetTimer()
    {
        if (!_due.TryPeek(out _, out DateTime due)) return;
        TimeSpan wait = due - Now;
        _timer?.Change(wait < TimeSpan.Zero ? TimeSpan.Zero : wait > s_longestWait ? s_longestWait : wait, Timeout.InfiniteTimeSpan);
    }

    private void OnDue()
    {
        List<ReminderEntry> fired = [];
        DateTime now;
        lock (_gate)
        {
            now = Now;
            while (fired.Count < MaxFiredAtOnce && _due.TryPeek(out Scheduled? next, out DateTime due) && due <= now)
            {
                _due.Dequeue();
                if (!IsLiving(next)) continue;
                if (!IsOurs(next.Row.GrainId))
                {
                    _scheduled.Remove((next.Row.GrainId, next.Row.ReminderName));
                    continue;
                }

                fired.Add(next.Row);
                _due.Enqueue(next, NextTick(next.Row, now));
            }

            SetTimer();
        }

        foreach (ReminderEntry row in fired) _ = FireAsync(row, now);
    }

    private static DateTime NextTick(ReminderEntry row, DateTime now)
    {
        if (row.StartAt > now) return row.StartAt;
        long passed = (now - row.StartAt).Ticks / row.Period.Ticks;
        return row.StartAt + row.Period * (passed + 1);
    }

    private async Task FireAsync(ReminderEntry row, DateTime now)
    {
        try
        {
            var status = new TickStatus(row.StartAt, row.Period, now);
            await runtime.GetGrain<IRemindable>(row.GrainId).ReceiveReminder(row.ReminderName, status);
        }
        catch (Exception exception)
        {
            // One failing grain must not keep the others from their reminders, nor itself from its next one.
            runtime.Log.LogError(exception, "Reminder {Reminder} of {Grain} failed", row.ReminderName, row.GrainId);
        }
    }

    private sealed record Scheduled(ReminderEntry Row);

    private sealed record Reminder(string ReminderName, string? ETag) : IGrainReminder;
}
