using System.Globalization;
using EsoCore.Events;
using EsoCore.Grains.Storage;
using EsoCore.History;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Events;

/// <summary>
/// Re-sends what receivers have not confirmed, one shard of the devices. Its timer runs while it is active; its reminder makes it active
/// again after a crash.
/// </summary>
[GrainType("outbox"), KeepAlive]
internal sealed class OutboxGrain(IOutboxStore store, TimeProvider time, ILogger<OutboxGrain> log) : Grain, IOutboxGrain, IRemindable
{
    /// <summary>How often the shard is looked at.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>What is younger is left to the publisher and to receivers that are about to confirm.</summary>
    public static readonly TimeSpan MinAge = TimeSpan.FromSeconds(2);

    /// <summary>How often the reminder wakes the shard.</summary>
    public static readonly TimeSpan WakePeriod = TimeSpan.FromMinutes(1);

    /// <summary>Transitions read in one go.</summary>
    public const int MinRead = 1_000;

    /// <summary>
    /// Transitions read in one go when receivers that do not answer fill the smaller portions, so that they keep nobody else waiting.
    /// </summary>
    public const int MaxRead = 64_000;

    /// <summary>Transitions of one receiver read in one go.</summary>
    public const int PerReceiver = 100;

    /// <summary>Receivers sent to at once.</summary>
    private const int Parallel = 8;

    private const string WakeReminder = "wake";

    private readonly ResendPlan _plan = new(time);
    private int _shard;
    private int _read = MinRead;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _shard = int.Parse(this.GetPrimaryKeyString(), NumberStyles.None, CultureInfo.InvariantCulture);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(_shard, IOutboxGrain.Shards);
        this.RegisterGrainTimer(Resend, new GrainTimerCreationOptions(Period, Period) { KeepAlive = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task Start() => await this.RegisterOrUpdateReminder(WakeReminder, WakePeriod, WakePeriod);

    /// <summary>Does nothing: to be active is all that the reminder is for.</summary>
    public Task ReceiveReminder(string reminderName, TickStatus status) => Task.CompletedTask;

    private async Task Resend(CancellationToken cancel)
    {
        ImmutableArray<OutboxEntry> rows;
        try
        {
            rows = await store.ReadOldest(_shard, time.GetUtcNow() - MinAge, _read, PerReceiver, cancel);
        }
        catch (StorageUnavailableException)
        {
            // The readiness check tells of it once; every shard in every second would bury the log.
            return;
        }

        var receivers = TransitionPublisher.ByReceiver(rows).ToList();
        var due = receivers.Where(r => _plan.IsDue(r.Receiver, Oldest(r.Items))).ToList();
        var isCut = rows.Length >= _read;
        if (!isCut || _plan.Waiting > MaxRead)
            _plan.Keep(receivers.Select(r => r.Receiver).ToHashSet());
        _read = isCut && due.Count < receivers.Count ? Math.Min(_read * 2, MaxRead) : isCut ? _read : MinRead;

        foreach (var part in due.Chunk(Parallel))
            await Task.WhenAll(part.Select(r => Send(r.Receiver, r.Items)));
    }

    /// <summary>After a failure the transitions go one by one: one that cannot be sent then holds up its own device's only.</summary>
    private async Task Send(ReceiverId receiver, ImmutableArray<Transition> items)
    {
        var failed = new HashSet<Guid>();
        ImmutableArray<Transition>[] parts = _plan.OneByOne(receiver) ? [.. items.Select(i => ImmutableArray.Create(i))] : [items];
        foreach (var part in parts)
        {
            if (parts.Length > 1 && failed.Contains(part[0].DeviceId))
                continue;
            try
            {
                await TransitionPublisher.Send(this.GetStreamProvider(TransitionStreams.Provider), receiver, part);
            }
            catch (Exception error)
            {
                failed.Add(part[0].DeviceId);
                log.LogWarning(error, "Could not send {Count} transitions from device {DeviceId} on to {Receiver}; they are sent again",
                    part.Length, part[0].DeviceId, receiver);
            }
        }

        _plan.Sent(receiver, Oldest(items), failed.Count > 0);
    }

    private static TransitionId Oldest(ImmutableArray<Transition> items) => new(items[0].DeviceId, items[0].Position);
}
