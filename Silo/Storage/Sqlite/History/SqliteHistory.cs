using EsoCore.Firmware;
using EsoCore.History;

namespace EsoCore.Silo.Storage.Sqlite;

internal sealed class SqliteHistory(ReaderPool readers, TimeProvider time) : IHistory
{
    private readonly ReaderPool _readers = readers;
    private readonly TimeProvider _time = time;
    public Task<Page<PointRow>> ReadPoints(PointQuery query, PageRequest page, CancellationToken cancel) => throw new NotImplementedException();
    public Task<ImmutableArray<BucketRow>> ReadBuckets(BucketQuery query, CancellationToken cancel) => throw new NotImplementedException();
    public Task<Page<WindowRow>> ReadWindows(WindowQuery query, PageRequest page, CancellationToken cancel) => throw new NotImplementedException();
    public Task<Page<EventRow>> ReadEvents(EventQuery query, PageRequest page, CancellationToken cancel) => throw new NotImplementedException();
    public Task<Page<BatchRow>> ReadBatches(Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel) => throw new NotImplementedException();
    public Task<Page<RejectedRow>> ReadRejected(Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel) => throw new NotImplementedException();
    public Task<Page<FirmwareVersion>> ReadFirmwareVersions(Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel) => throw new NotImplementedException();
    public Task<bool> DeviceExists(Scope scope, Guid deviceId, CancellationToken cancel) => throw new NotImplementedException();
}
