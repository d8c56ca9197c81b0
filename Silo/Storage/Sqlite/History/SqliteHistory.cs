using EsoCore.Firmware;
using EsoCore.History;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>Reads of what is stored, each in one snapshot.</summary>
internal sealed class SqliteHistory(ReaderPool readers, TimeProvider time) : IHistory
{
    /// <inheritdoc/>
    public Task<Page<PointRow>> ReadPoints(PointQuery query, PageRequest page, CancellationToken cancel) =>
        readers.Read(db => PointPages.Read(db, query, page, cancel), cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<BucketRow>> ReadBuckets(BucketQuery query, CancellationToken cancel) =>
        readers.Read(db => PointBuckets.Read(db, query, cancel), cancel);

    /// <inheritdoc/>
    public Task<Page<WindowRow>> ReadWindows(WindowQuery query, PageRequest page, CancellationToken cancel) =>
        readers.Read(db => RecordPages.Windows(db, query, page), cancel);

    /// <inheritdoc/>
    public Task<Page<EventRow>> ReadEvents(EventQuery query, PageRequest page, CancellationToken cancel) =>
        readers.Read(db => EventPages.Read(db, query, page, cancel), cancel);

    /// <inheritdoc/>
    public Task<Page<BatchRow>> ReadBatches(Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel) =>
        readers.Read(db => RecordPages.Batches(db, scope, deviceId, page), cancel);

    /// <inheritdoc/>
    public Task<Page<RejectedRow>> ReadRejected(Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel) =>
        readers.Read(db => RecordPages.Rejected(db, scope, deviceId, page, time.GetUtcNow()), cancel);

    /// <inheritdoc/>
    public Task<Page<FirmwareVersion>> ReadFirmwareVersions(Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel) =>
        readers.Read(db => RecordPages.Firmware(db, scope, deviceId, page), cancel);

    /// <inheritdoc/>
    public Task<bool> DeviceExists(Scope scope, Guid deviceId, CancellationToken cancel) =>
        readers.Read(db => HistoryScope.Device(db, scope, deviceId) is not null, cancel);
}
