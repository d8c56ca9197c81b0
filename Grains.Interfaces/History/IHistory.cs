using EsoCore.Firmware;

namespace EsoCore.History;

/// <summary>
/// Reads of what is stored. Every query carries the caller's scope; ids outside it find nothing. Throws
/// <see cref="StorageUnavailableException"/> when the storage is away, and <see cref="FormatException"/> for a page token that is not ours.
/// </summary>
public interface IHistory
{
    /// <summary>Points by (ts, device, series, value).</summary>
    Task<Page<PointRow>> ReadPoints(PointQuery query, PageRequest page, CancellationToken cancel);

    /// <summary>Points summarised by buckets aligned to the epoch, oldest first; empty buckets are left out.</summary>
    /// <exception cref="ArgumentException">
    /// The width is no whole number of seconds, or there are more than <see cref="BucketQuery.MaxBuckets"/>.
    /// </exception>
    Task<ImmutableArray<BucketRow>> ReadBuckets(BucketQuery query, CancellationToken cancel);

    /// <summary>Windows by (ts, id).</summary>
    Task<Page<WindowRow>> ReadWindows(WindowQuery query, PageRequest page, CancellationToken cancel);

    /// <summary>Events, newest first.</summary>
    Task<Page<EventRow>> ReadEvents(EventQuery query, PageRequest page, CancellationToken cancel);

    /// <summary>The batch ledger, newest first.</summary>
    Task<Page<BatchRow>> ReadBatches(Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel);

    /// <summary>Rejected records, newest first.</summary>
    Task<Page<RejectedRow>> ReadRejected(Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel);

    /// <summary>The firmware history, newest first.</summary>
    Task<Page<FirmwareVersion>> ReadFirmwareVersions(Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel);

    /// <summary>Whether the scope has such a device.</summary>
    Task<bool> DeviceExists(Scope scope, Guid deviceId, CancellationToken cancel);
}

/// <summary>The storage did not answer; nothing is known to have changed.</summary>
public sealed class StorageUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
