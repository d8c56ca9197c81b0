using EsoCore.Firmware;
using EsoCore.History;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Reads of what is stored.</summary>
internal sealed class PostgresHistory(Sessions sessions, TimeProvider time) : IHistory
{
    /// <inheritdoc/>
    public Task<Page<PointRow>> ReadPoints(PointQuery query, PageRequest page, CancellationToken cancel) =>
        sessions.ReadSnapshot((db, stop) => PointPages.Read(db, query, page, stop), cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<BucketRow>> ReadBuckets(BucketQuery query, CancellationToken cancel) =>
        sessions.ReadMany((db, stop) => PointPages.ReadBuckets(db, query, stop), cancel);

    /// <inheritdoc/>
    public Task<Page<WindowRow>> ReadWindows(WindowQuery query, PageRequest page, CancellationToken cancel) =>
        sessions.ReadMany((db, stop) => RecordPages.Windows(db, query, page, stop), cancel);

    /// <inheritdoc/>
    public Task<Page<EventRow>> ReadEvents(EventQuery query, PageRequest page, CancellationToken cancel) =>
        sessions.ReadMany((db, stop) => EventPages.Read(db, query, page, stop), cancel);

    /// <inheritdoc/>
    public Task<Page<BatchRow>> ReadBatches(Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel) =>
        sessions.ReadMany((db, stop) => RecordPages.Batches(db, scope, deviceId, page, time.GetUtcNow(), stop), cancel);

    /// <inheritdoc/>
    public Task<Page<RejectedRow>> ReadRejected(Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel) =>
        sessions.ReadMany((db, stop) => RecordPages.Rejected(db, scope, deviceId, page, time.GetUtcNow(), stop), cancel);

    /// <inheritdoc/>
    public Task<Page<FirmwareVersion>> ReadFirmwareVersions(Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel) =>
        sessions.ReadMany((db, stop) => RecordPages.Firmware(db, scope, deviceId, page, stop), cancel);

    /// <inheritdoc/>
    public Task<bool> DeviceExists(Scope scope, Guid deviceId, CancellationToken cancel) => sessions.ReadMany(
        async (db, stop) => await HistoryScope.Device(db, scope, deviceId, stop).ConfigureAwait(false) is not null, cancel);
}
