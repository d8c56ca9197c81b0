using EsoCore.Events;

namespace EsoCore.Grains.Storage;

/// <summary>The port to transitions committed and not yet confirmed. Throws as <see cref="IDeviceStore"/> does.</summary>
public interface IOutboxStore
{
    /// <summary>
    /// The oldest unconfirmed transitions of a shard (device number modulo <see cref="IOutboxGrain.Shards"/>), oldest first, committed
    /// before <paramref name="committedBefore"/>; at most <paramref name="limit"/>, and of one receiver at most <paramref name="perReceiver"/>,
    /// so that a receiver that cannot take its own holds up nobody else's.
    /// </summary>
    Task<ImmutableArray<OutboxEntry>> ReadOldest(
        int shard, DateTimeOffset committedBefore, int limit, int perReceiver, CancellationToken cancel);

    /// <summary>Removes what a receiver has committed. Unknown ones are ignored.</summary>
    Task Confirm(string stream, string receiver, ImmutableArray<TransitionId> confirmed, CancellationToken cancel);
}

/// <summary>Names one transition.</summary>
public readonly record struct TransitionId(Guid DeviceId, TransitionPosition Position);
