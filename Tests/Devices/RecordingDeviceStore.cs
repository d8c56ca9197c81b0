using System.Collections.Concurrent;
using System.Collections.Immutable;
using EsoCore.Devices;
using EsoCore.Grains.Storage;
using EsoCore.Projects;

namespace EsoCore.Tests.Devices;

/// <summary>Remembers how commits ended, and can hold two back until both are there.</summary>
internal sealed class RecordingDeviceStore(IDeviceStore inner) : IDeviceStore
{
    private TaskCompletionSource? _meeting;
    private int _missing;

    /// <summary>The version that each commit was computed from, and its outcome.</summary>
    public ConcurrentQueue<(long Version, CommitOutcome Outcome)> Commits { get; } = new();

    /// <summary>The next two commits wait for each other.</summary>
    public void Meet()
    {
        _missing = 2;
        _meeting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public async Task<CommitResult> Commit(DeviceCommit commit, CancellationToken cancel)
    {
        if (_meeting is { } meeting && Interlocked.Decrement(ref _missing) is var missing and >= 0)
        {
            if (missing == 0) meeting.SetResult();
            await meeting.Task;
        }

        CommitResult result = await inner.Commit(commit, cancel);
        Commits.Enqueue((commit.ExpectedVersion, result.Outcome));
        return result;
    }

    public Task<StoredDevice?> Load(Guid deviceId, CancellationToken cancel) => inner.Load(deviceId, cancel);

    public Task<bool> Create(DeviceRegistration device, NewKey key, CancellationToken cancel) => inner.Create(device, key, cancel);

    public Task<ImmutableArray<StoredSeries>> FindSeries(long deviceNo, IReadOnlyCollection<SeriesKey> keys, CancellationToken cancel) =>
        inner.FindSeries(deviceNo, keys, cancel);

    public IAsyncEnumerable<SeriesPoints> ReadOverlap(long deviceNo, long fromUs, long toUs, CancellationToken cancel) =>
        inner.ReadOverlap(deviceNo, fromUs, toUs, cancel);

    public Task<ImmutableHashSet<BodyKey>> FindBodies(
        long deviceNo, BodyKind kind, IReadOnlyCollection<BodyKey> keys, CancellationToken cancel) =>
        inner.FindBodies(deviceNo, kind, keys, cancel);

    public Task<ImmutableArray<DevicePresence>> ReadSitePresence(
        Guid projectId, string siteId, Guid after, int limit, CancellationToken cancel) =>
        inner.ReadSitePresence(projectId, siteId, after, limit, cancel);

    public Task<ImmutableArray<DevicePresence>> ReadOnline(int shard, Guid after, int limit, CancellationToken cancel) =>
        inner.ReadOnline(shard, after, limit, cancel);

    public Task<ImmutableArray<DevicePresence>> FindPresence(IReadOnlyCollection<Guid> deviceIds, CancellationToken cancel) =>
        inner.FindPresence(deviceIds, cancel);

    public Task<ImmutableArray<NewEvent>> ReadEvents(
        long deviceNo, ImmutableArray<string> types, long fromUs, long toUs, int limit, bool newestFirst, CancellationToken cancel) =>
        inner.ReadEvents(deviceNo, types, fromUs, toUs, limit, newestFirst, cancel);

    public Task<ImmutableArray<DeviceFirmware>> ReadFirmware(Guid projectId, Guid after, int limit, CancellationToken cancel) =>
        inner.ReadFirmware(projectId, after, limit, cancel);

    public Task<Page<Versioned<DeviceRegistration>>> List(
        Guid projectId, DeviceFilter filter, PageRequest page, CancellationToken cancel) =>
        inner.List(projectId, filter, page, cancel);
}
