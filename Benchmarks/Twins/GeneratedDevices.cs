using System.Collections.Immutable;
using System.Text;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Storage;
using EsoCore.Projects;

namespace EsoCore.Benchmarks.Twins;

/// <summary>
/// A store of any number of devices with eight series, made up when asked for, as fresh objects like those a database gives. Alike: one
/// fleet whose series and files are named the same; else each device names an asset and a file of its own.
/// </summary>
internal sealed class GeneratedDevices(bool alike) : IDeviceStore
{
    internal static readonly Scope Scope = new(new Guid(7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7));

    private static readonly string[] Metrics =
        ["temp_ambient", "temp_stator", "humidity", "torque", "motor_current", "vibration_rms", "acoustics_level", "supply_voltage"];

    private static readonly string[] Units = ["°C", "°C", "%", "Nm", "A", "g", "dB", "V"];

    internal static Guid IdOf(int n) => new(n, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);

    internal static byte[] Twin(int n, bool alike) => TwinDocuments.Write(new Twin
    {
        Version = 100 + n,
        FirstSeenUs = 1_700_000_000_000_000,
        LastSeenUs = 1_760_000_000_000_000 + n,
        LastBatchUs = 1_760_000_000_000_000 + n,
        FirmwareVersion = "1.2.3",
        ReportedConfigVersion = 4,
        Cursors = [new TwinCursor(alike ? "2026-11-22.ndjson" : $"data-{n:x8}-00000001", n)],
        Series = new SeriesSet([.. Metrics.Select((m, i) => new HeldSeries(new SeriesKey(m, Units[i], "", ""), i + 1))]),
        Stands = [.. Metrics.Select((_, i) => new SeriesStand(1_760_000_000_000_000 + n, 20.5 + i + n, n * 10L))],
        SeriesCount = 8,
        EventMarkUs = 1_760_000_000_000_000,
        ToldSite = "main-hall",
        Batches = n,
        Accepted = n * 80L,
    });

    public Task<StoredDevice?> Load(Guid deviceId, CancellationToken cancel)
    {
        var n = BitConverter.ToInt32(deviceId.ToByteArray());
        var registration = new DeviceRegistration(
            deviceId, Scope.ProjectId, $"SN-{n:D8}", Fresh("DOOR-LOGGER"), Fresh("main-hall"), ImmutableSortedDictionary<string, string>.Empty,
            DeviceStatus.Active, Fresh("stable"), false, ConfigSettings.Empty, DateTimeOffset.UnixEpoch);
        var series = Metrics.Select((m, i) => new StoredSeries(i + 1, new SeriesKey(Fresh(m), Fresh(Units[i]), alike ? "" : $"ASSET-{n}", "")));
        return Task.FromResult<StoredDevice?>(new StoredDevice(n + 1, registration, 1, 0, 100 + n, Twin(n, alike), [.. series], long.MinValue));
    }

    public Task<bool> Create(DeviceRegistration device, NewKey key, CancellationToken cancel) => throw new NotSupportedException();

    public Task<CommitResult> Commit(DeviceCommit commit, CancellationToken cancel) => throw new NotSupportedException();

    public Task<ImmutableArray<StoredSeries>> FindSeries(long deviceNo, IReadOnlyCollection<SeriesKey> keys, CancellationToken cancel) =>
        throw new NotSupportedException();

    public IAsyncEnumerable<SeriesPoints> ReadOverlap(long deviceNo, long fromUs, long toUs, CancellationToken cancel) =>
        throw new NotSupportedException();

    public Task<ImmutableHashSet<BodyKey>> FindBodies(long deviceNo, BodyKind kind, IReadOnlyCollection<BodyKey> keys, CancellationToken cancel) =>
        throw new NotSupportedException();

    public Task<ImmutableArray<DevicePresence>> ReadSitePresence(
        Guid projectId, string siteId, Guid after, int limit, CancellationToken cancel) => throw new NotSupportedException();

    public Task<ImmutableArray<DevicePresence>> ReadOnline(int shard, Guid after, int limit, CancellationToken cancel) =>
        throw new NotSupportedException();

    public Task<ImmutableArray<DevicePresence>> FindPresence(IReadOnlyCollection<Guid> deviceIds, CancellationToken cancel) =>
        throw new NotSupportedException();

    public Task<ImmutableArray<NewEvent>> ReadEvents(
        long deviceNo, ImmutableArray<string> types, long fromUs, long toUs, int limit, bool newestFirst, CancellationToken cancel) =>
        throw new NotSupportedException();

    public Task<ImmutableArray<DeviceFirmware>> ReadFirmware(Guid projectId, Guid after, int limit, CancellationToken cancel) =>
        throw new NotSupportedException();

    public Task<Page<Versioned<DeviceRegistration>>> List(Guid projectId, DeviceFilter filter, PageRequest page, CancellationToken cancel) =>
        throw new NotSupportedException();

    /// <summary>A string of its own, as one read from a database is.</summary>
    private static string Fresh(string text) => new(text.AsSpan());
}

/// <summary>No sites, assets or profiles.</summary>
internal sealed class NoResources : IResourceStore
{
    public Task<StoredResource?> Find(Guid projectId, string kind, string id, CancellationToken cancel) => Task.FromResult<StoredResource?>(null);

    public Task<bool> Write(
        Guid projectId, string kind, string id, string? body, long expectedVersion, LogEntry? line, CancellationToken cancel) =>
        throw new NotSupportedException();

    public Task<long> Count(Guid projectId, string kind, CancellationToken cancel) => Task.FromResult(0L);

    public Task<Page<StoredResource>> List(Guid projectId, string kind, PageRequest page, CancellationToken cancel) => throw new NotSupportedException();
}
