using EsoCore.Correlation;
using EsoCore.Grains.Projects;
using EsoCore.Tickets;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Incidents;

/// <summary>Waking up in time, and handing on what a step left to be handed on.</summary>
internal sealed partial class IncidentGrain
{
    /// <summary>How often the reminder wakes it while anything is due, and soonest after it was set.</summary>
    public static readonly TimeSpan ReminderPeriod = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan SoonestReminder = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    private const string WakeReminder = "wake";

    private IGrainTimer? _timer;
    private DateTimeOffset? _due;
    private DateTimeOffset? _reminderAt;
    private bool _mayHaveReminder = true;
    private DateTimeOffset _retryAt;
    private int _failures;

    private async Task Tick(CancellationToken cancel)
    {
        _due = null;
        try
        {
            await Stepwise(null);
            await HandOn();
            await KeepReminder(_due);
        }
        catch (Exception error)
        {
            log.LogWarning(error, "{Owner} could not do what is due; it is tried again", Owner);
            Arm(Later());
        }
    }

    /// <summary>Sees to it that a timer fires when something is due.</summary>
    private void Arm(DateTimeOffset? next)
    {
        var now = time.GetUtcNow();
        if (!_state.Outgoing.IsEmpty && (next is null || _retryAt < next))
            next = _retryAt;
        _due = next;
        var wait = next is not { } due ? Timeout.InfiniteTimeSpan : due <= now ? TimeSpan.Zero : due - now > LongestTimer ? LongestTimer : due - now;
        if (_timer is null && next is not null)
            _timer = this.RegisterGrainTimer(Tick, new GrainTimerCreationOptions(wait, Timeout.InfiniteTimeSpan));
        else
            _timer?.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private DateTimeOffset Later()
    {
        var wait = IncidentLimits.Retry * Math.Pow(2, Math.Min(_failures++, 10));
        return _retryAt = time.GetUtcNow() + (wait < IncidentLimits.MaxRetry ? wait : IncidentLimits.MaxRetry);
    }

    /// <summary>
    /// A reminder while anything is due, none otherwise. It is set before the commit that needs it: a process may die right after. Failing
    /// to set it stops that commit; failing to take it away only wakes once too often.
    /// </summary>
    private async Task KeepReminder(DateTimeOffset? next)
    {
        var now = time.GetUtcNow();
        if (next is { } due)
        {
            var at = due < now + SoonestReminder ? now + SoonestReminder : due;
            if (_reminderAt is { } set && set <= at && set > now)
                return;
            await this.RegisterOrUpdateReminder(WakeReminder, at - now, ReminderPeriod);
            (_reminderAt, _mayHaveReminder) = (at, true);
            return;
        }

        if (!_mayHaveReminder || !_state.Outgoing.IsEmpty)
            return;
        try
        {
            if (await this.GetReminder(WakeReminder) is { } reminder)
                await this.UnregisterReminder(reminder);
            (_reminderAt, _mayHaveReminder) = (null, false);
        }
        catch (Exception error)
        {
            log.LogInformation(error, "The reminder of {Owner} could not be taken away", Owner);
        }
    }

    /// <summary>
    /// Hands on what waits, and takes off the list what has arrived. What does not arrive stays for a later try, and holds up nothing else.
    /// </summary>
    private async Task HandOn()
    {
        if (_state.Outgoing.IsEmpty || time.GetUtcNow() < _retryAt)
        {
            await KeepReminder(_due);
            return;
        }

        var (done, failed) = (new HashSet<Outgoing>(ReferenceEqualityComparer.Instance), new List<Outgoing>());
        foreach (var (to, notices) in _state.Outgoing.OfType<NoticeOut>().GroupBy(n => n.To).Select(g => (g.Key, g.ToImmutableArray())))
            await Try(notices.CastArray<Outgoing>(), $"notices to {to}", () => outlet.Notify(_projectId, to, [.. notices.Select(n => n.Notice)]));
        if (_state.Outgoing.OfType<FeedOut>().ToImmutableArray() is { IsEmpty: false } entries)
            await Try(entries.CastArray<Outgoing>(), "feed entries", () => outlet.Publish(_projectId, [.. entries.Select(e => e.Entry)]));
        foreach (var item in _state.Outgoing)
        {
            switch (item)
            {
                case TicketOut ticket:
                    await Try([item], "a ticket", () => TicketGrain(ticket.TicketId).Create(ticket.Draft));
                    break;
                case SensorOut sensor:
                    await Try([item], "a sensor", () => sensors.Enable(sensor.DeviceId, sensor.SensorId, _ruleId));
                    break;
                case FleetOut fleet:
                    await Try([item], "an opening", () => GrainFactory.GetGrain<IFleetWatchGrain>($"{_projectId:D}").Opened(fleet.Incident));
                    break;
            }
        }

        var lost = failed.Where(o => o.Since + IncidentLimits.GiveUpAfter < time.GetUtcNow()).ToList();
        (_failures, _retryAt) = failed.Count == 0 ? (0, default) : (_failures, Later());
        if (done.Count > 0 || lost.Count > 0)
            await Stepwise(machine => machine.HandedOn(done, lost));
        else
            Arm(_due);
        await KeepReminder(_due);

        async Task Try(ImmutableArray<Outgoing> items, string what, Func<Task> send)
        {
            try
            {
                await send();
                done.UnionWith(items);
            }
            catch (Exception error)
            {
                failed.AddRange(items);
                log.LogWarning(error, "{Owner} could not hand on {What}; it is tried again", Owner, what);
            }
        }
    }

    private ITicketGrain TicketGrain(Guid id) => GrainFactory.GetGrain<ITicketGrain>(ProjectKey.Of(_projectId, $"{id:D}"));
}
