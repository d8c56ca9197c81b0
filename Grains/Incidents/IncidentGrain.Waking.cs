using EsoCore.Correlation;
using EsoCore.Devices;
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

    /// <summary>Receivers that did not take what was for them: how often in a row, and when they are tried again.</summary>
    private readonly Dictionary<string, (int Failures, DateTimeOffset At)> _retries = new(StringComparer.Ordinal);

    private DateTimeOffset _pausedUntil;
    private int _failures;

    private async Task Tick(CancellationToken cancel)
    {
        _due = null;
        try
        {
            await Stepwise(null);
            await HandOn();
            await KeepReminder(_due);
            _failures = 0;
        }
        catch (Exception error)
        {
            log.LogWarning(error, "{Owner} could not do what is due; it is tried again", Owner);
            Arm(_pausedUntil = After(_failures++));
        }
    }

    /// <summary>Sees to it that a timer fires when something is due.</summary>
    private void Arm(DateTimeOffset? next)
    {
        var now = time.GetUtcNow();
        if (!_state.Outgoing.IsEmpty)
        {
            var first = _state.Outgoing.Min(RetryAt);
            first = first > _pausedUntil ? first : _pausedUntil;
            next = next < first ? next : first;
        }

        _due = next;
        var wait = next is not { } due ? Timeout.InfiniteTimeSpan : due <= now ? TimeSpan.Zero : due - now > LongestTimer ? LongestTimer
            : due - now;
        if (_timer is null && next is not null)
            _timer = this.RegisterGrainTimer(Tick, new GrainTimerCreationOptions(wait, Timeout.InfiniteTimeSpan));
        else
            _timer?.Change(wait, Timeout.InfiniteTimeSpan);
    }

    /// <summary>When to try again after one more failure than these.</summary>
    private DateTimeOffset After(int failures)
    {
        var wait = IncidentLimits.Retry * Math.Pow(2, Math.Min(failures, 10));
        return time.GetUtcNow() + (wait < IncidentLimits.MaxRetry ? wait : IncidentLimits.MaxRetry);
    }

    private DateTimeOffset RetryAt(Outgoing item) => _retries.GetValueOrDefault(ReceiverOf(item)).At;

    private static string ReceiverOf(Outgoing item) => item switch
    {
        NoticeOut notice => $"notices/{notice.To}",
        TicketOut ticket => $"ticket/{ticket.TicketId:D}",
        SensorOut sensor => $"device/{sensor.DeviceId:D}",
        FeedOut => "feed",
        _ => "fleet",
    };

    /// <summary>Notes how receivers fared; those for whom nothing waits any more are forgotten.</summary>
    private void Back(IEnumerable<Outgoing> tried, IEnumerable<Outgoing> failed)
    {
        var refused = failed.Select(ReceiverOf).ToHashSet(StringComparer.Ordinal);
        foreach (var receiver in tried.Select(ReceiverOf).Distinct().ToList())
        {
            if (!refused.Contains(receiver))
                _retries.Remove(receiver);
            else if (_retries.GetValueOrDefault(receiver).Failures is var failures)
                _retries[receiver] = (failures + 1, After(failures));
        }

        foreach (var receiver in _retries.Keys.Except(_state.Outgoing.Select(ReceiverOf)).ToList())
            _retries.Remove(receiver);
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
        var now = time.GetUtcNow();
        var ready = _state.Outgoing.Where(o => RetryAt(o) <= now).ToList();
        if (ready.Count == 0 || now < _pausedUntil)
        {
            await KeepReminder(_due);
            return;
        }

        var (done, failed) = (new HashSet<Outgoing>(ReferenceEqualityComparer.Instance), new List<Outgoing>());
        foreach (var (to, notices) in ready.OfType<NoticeOut>().GroupBy(n => n.To).Select(g => (g.Key, g.ToImmutableArray())))
            await Try(notices.CastArray<Outgoing>(), $"notices to {to}", () =>
                outlet.Notify(_projectId, to, [.. notices.Select(n => n.Notice)]));
        if (ready.OfType<FeedOut>().ToImmutableArray() is { IsEmpty: false } entries)
            await Try(entries.CastArray<Outgoing>(), "feed entries", () => outlet.Publish(_projectId, [.. entries.Select(e => e.Entry)]));
        foreach (var item in ready)
        {
            switch (item)
            {
                case TicketOut ticket:
                    await Try([item], "a ticket", () => TicketGrain(ticket.TicketId).Create(ticket.Draft));
                    break;
                case SensorOut sensor:
                    await Try([item], "sensors", () => Device(sensor.DeviceId)
                        .EnableSensorAlerts(new Scope(_projectId), _ruleId, sensor.UpTo ?? sensor.Since));
                    break;
                case FleetOut fleet:
                    await Try([item], "an opening", () => GrainFactory.GetGrain<IFleetWatchGrain>($"{_projectId:D}")
                        .Opened(fleet.Incident));
                    break;
            }
        }

        var lost = failed.Where(o => o.Since + IncidentLimits.GiveUpAfter < time.GetUtcNow()).ToList();
        Back(ready, failed);
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

    private IDeviceGrain Device(Guid id) => GrainFactory.GetGrain<IDeviceGrain>($"{id:D}");
}
