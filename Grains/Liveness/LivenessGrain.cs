using System.Globalization;
using EsoCore.Devices;
using EsoCore.Events;
using EsoCore.Grains.Events;
using EsoCore.Grains.Storage;
using EsoCore.History;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Liveness;

/// <summary>
/// Finds out that devices have fallen silent. It keeps when the silence of each device of its shard would count, and asks the device's
/// grain then, which either was heard since and says when to ask again, or commits that it is offline. Nothing is written for a deadline:
/// at its start it takes the devices that are online from their rows and asks each. Its timer runs while it is active; its reminder makes
/// it active again after a crash.
/// </summary>
[GrainType("liveness"), KeepAlive, ImplicitStreamSubscription(TransitionStreams.Liveness)]
internal sealed class LivenessGrain(
    IDeviceStore devices, IOutboxStore outbox, AskingSlots slots, TimeProvider time, ILogger<LivenessGrain> log)
    : Grain, ILivenessGrain, IStreamSubscriptionObserver, IRemindable
{
    /// <summary>How often deadlines are looked at.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>How often the reminder wakes the shard.</summary>
    public static readonly TimeSpan WakePeriod = TimeSpan.FromMinutes(1);

    /// <summary>How soon a device that could not be asked is asked again; the wait doubles with each further failure.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>The longest such wait.</summary>
    public static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(2);

    /// <summary>
    /// The longest that a device is not asked, however seldom it uploads: its interval may have been made shorter meanwhile, of which a
    /// profile's edit tells no device.
    /// </summary>
    public static readonly TimeSpan MaxUnasked = TimeSpan.FromHours(1);

    /// <summary>Devices asked at one time; one that does not answer takes one of these places until its call times out.</summary>
    public const int AskedAtOnce = 16;

    /// <summary>
    /// How often the rows are read again, for devices that are online and not watched: one whose coming online was lost, or confirmed by an
    /// activation that died with it.
    /// </summary>
    public static readonly TimeSpan RereadPeriod = TimeSpan.FromMinutes(10);

    /// <summary>Rows read in one go.</summary>
    public const int ReadAtOnce = 1_000;

    /// <summary>How many devices a second are asked first at the start, when it is not known when each was heard.</summary>
    public const int FirstAskedPerSecond = 200;

    private const string WakeReminder = "wake";

    private readonly DeadlineTable _deadlines = new();
    private readonly Dictionary<Guid, TimeSpan> _failing = [];
    private TransitionConfirmer _confirmer = null!;
    private int _askers;
    private bool _hasReminder;
    private bool _isEnding;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = this.GetPrimaryKeyString();
        var shard = int.Parse(key, NumberStyles.None, CultureInfo.InvariantCulture);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shard, LivenessShards.Count);
        _confirmer = new TransitionConfirmer(TransitionStreams.Liveness, key, outbox, log);
        await WatchOnline(shard, cancellationToken);
        this.RegisterGrainTimer(
            cancel => WatchOnlineAgain(shard, cancel), new GrainTimerCreationOptions(RereadPeriod, RereadPeriod) { Interleave = true });
        this.RegisterGrainTimer(LookForDue, new GrainTimerCreationOptions(TimeSpan.Zero, Period) { KeepAlive = true });
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _isEnding = true;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<TransitionList>().ResumeAsync((list, _) => Receive(list));

    /// <inheritdoc/>
    public async Task Start()
    {
        if (_hasReminder)
            return;
        await this.RegisterOrUpdateReminder(WakeReminder, WakePeriod, WakePeriod);
        _hasReminder = true;
    }

    /// <summary>Does nothing: to be active is all that the reminder is for.</summary>
    public Task ReceiveReminder(string reminderName, TickStatus status) => Task.CompletedTask;

    /// <summary>What a device told when it came online is in its row, so it can be confirmed at once; a repeat costs a question.</summary>
    private Task Receive(TransitionList list)
    {
        foreach (var transition in list.Items)
        {
            if (transition.Body is CameOnline online)
                _deadlines.Set(transition.DeviceId, NoLaterThanMax(online.Due));
            else
                log.LogError("A liveness grain has no use for {Body} of device {DeviceId}", transition.Body, transition.DeviceId);
        }

        _confirmer.Confirm(list.Items);
        return Task.CompletedTask;
    }

    private DateTimeOffset NoLaterThanMax(DateTimeOffset due)
    {
        var max = time.GetUtcNow() + MaxUnasked;
        return due < max ? due : max;
    }

    private async Task WatchOnline(int shard, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        ImmutableArray<DevicePresence> rows;
        var (after, added) = (Guid.Empty, 0);
        do
        {
            rows = await devices.ReadOnline(shard, after, ReadAtOnce, cancel);
            foreach (var row in rows)
            {
                after = row.DeviceId;
                if (!_deadlines.Contains(row.DeviceId))
                    _deadlines.Set(row.DeviceId, now + Period * ((double)++added / FirstAskedPerSecond - 1));
            }
        }
        while (rows.Length == ReadAtOnce);
    }

    private async Task WatchOnlineAgain(int shard, CancellationToken cancel)
    {
        try
        {
            await WatchOnline(shard, cancel);
        }
        catch (Exception error) when (!_isEnding)
        {
            log.LogWarning(error, "The devices of shard {Shard} that are online cannot be read; read again in {Wait}", shard, RereadPeriod);
        }
    }

    private Task LookForDue(CancellationToken cancel)
    {
        // Nobody waits for the askers: one that a device keeps waiting must not keep the others from theirs.
        while (!_isEnding && _askers < AskedAtOnce && _deadlines.TakeDue(time.GetUtcNow()) is { } device)
            _ = AskFrom(device);
        return Task.CompletedTask;
    }

    /// <summary>Asks one device after the other while any is due.</summary>
    private async Task AskFrom(Guid first)
    {
        _askers++;
        for (Guid? device = first; device is { } next; device = _isEnding ? null : _deadlines.TakeDue(time.GetUtcNow()))
            await Ask(next);
        _askers--;
    }

    private async Task Ask(Guid device)
    {
        await slots.Enter();
        try
        {
            var next = await GrainFactory.GetGrain<IDeviceGrain>(device.ToString("D")).CheckLiveness();
            // Its clock may be behind this one: it is not asked again and again until that has caught up.
            var soonest = time.GetUtcNow() + Period;
            _deadlines.Answered(device, next is { } due ? NoLaterThanMax(due < soonest ? soonest : due) : null);
            _failing.Remove(device);
        }
        catch (StorageUnavailableException)
        {
            // The readiness check tells of it once; every device would bury the log.
            _deadlines.Answered(device, time.GetUtcNow() + RetryAfter);
        }
        catch (Exception error)
        {
            var wait = _failing.TryGetValue(device, out var last) ? 2 * last : RetryAfter;
            _failing[device] = wait = wait < MaxRetryAfter ? wait : MaxRetryAfter;
            if (!_isEnding)
                log.LogWarning(error, "Device {DeviceId} could not be asked whether it is online; asked again in {Wait}", device, wait);
            _deadlines.Answered(device, time.GetUtcNow() + wait);
        }
        finally
        {
            slots.Leave();
        }
    }
}
