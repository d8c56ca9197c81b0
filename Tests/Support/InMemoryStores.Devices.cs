using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using EsoCore.Devices;
using EsoCore.Events;
using EsoCore.Firmware;
using EsoCore.Grains.Storage;
using EsoCore.Projects;

namespace EsoCore.Tests.Support;

internal sealed partial class InMemoryStores
{
    private const int MaxRejected = 1_000;

    private readonly Dictionary<Guid, DeviceRow> _devices = [];
    private long _deviceNo;

    /// <summary>What is stored of a device, for a test to look at. Null: it is not registered.</summary>
    public DeviceRow? Device(Guid deviceId)
    {
        lock (_gate)
            return _devices.GetValueOrDefault(deviceId);
    }

    public Task<StoredDevice?> Load(Guid deviceId, CancellationToken cancel) => Do(nameof(Load), () =>
    {
        if (!_devices.TryGetValue(deviceId, out var device))
            return null;
        return new StoredDevice(
            device.DeviceNo, device.Registration, device.RegistrationVersion, device.ConfigOffset, device.TwinVersion, device.Twin,
            [.. device.Series.Values], RetentionFloorUs(device.Registration.ProjectId), device.Presence);
    });

    public Task<bool> Create(DeviceRegistration device, NewKey key, CancellationToken cancel) => Do(nameof(Create), () =>
    {
        if (IsSerialTaken(device))
            return false;
        _devices.Add(device.DeviceId, new DeviceRow { DeviceNo = ++_deviceNo, Registration = device });
        _keys.Add(key.KeyId, key);
        return true;
    });

    public Task<CommitResult> Commit(DeviceCommit commit, CancellationToken cancel) => Do(nameof(Commit), () =>
    {
        var device = _devices[commit.DeviceId];
        if (commit.Batch is { } batch && device.Ledger.TryGetValue(batch.BatchId, out var known))
            return new CommitResult(CommitOutcome.Replay, known);
        if (device.TwinVersion != commit.ExpectedVersion || device.DeviceNo != commit.DeviceNo)
            return new CommitResult(CommitOutcome.Stale);
        if (commit.Registration is { } written && IsSerialTaken(written.Registration))
            return new CommitResult(CommitOutcome.SerialTaken);
        Apply(device, commit);
        AddToOutbox(device.DeviceNo, commit.Outbox);
        return new CommitResult(CommitOutcome.Committed);
    });

    public Task<ImmutableArray<StoredSeries>> FindSeries(long deviceNo, IReadOnlyCollection<SeriesKey> keys, CancellationToken cancel) =>
        Do(nameof(FindSeries), () => keys.Select(k => ByNo(deviceNo).Series.GetValueOrDefault(k)).OfType<StoredSeries>().ToImmutableArray());

    public async IAsyncEnumerable<SeriesPoints> ReadOverlap(
        long deviceNo, long fromUs, long toUs, [EnumeratorCancellation] CancellationToken cancel)
    {
        var points = await Do(nameof(ReadOverlap), () => ByNo(deviceNo).Points.Where(p => p.TsUs >= fromUs && p.TsUs <= toUs).ToList());
        foreach (var series in points.GroupBy(p => p.SeriesNo))
            yield return new SeriesPoints(series.Key, series.Select(p => p.TsUs).ToArray(), series.Select(p => p.Value).ToArray());
    }

    public Task<ImmutableHashSet<BodyKey>> FindBodies(long deviceNo, BodyKind kind, IReadOnlyCollection<BodyKey> keys, CancellationToken cancel) =>
        Do(nameof(FindBodies), () =>
        {
            var device = ByNo(deviceNo);
            var stored = kind == BodyKind.Event ? device.Events.Select(e => e.Key) : device.Windows.Select(w => w.Key);
            return stored.Intersect(keys).ToImmutableHashSet();
        });

    public Task<ImmutableArray<NewEvent>> ReadEvents(
        long deviceNo, ImmutableArray<string> types, long fromUs, long toUs, int limit, bool newestFirst, CancellationToken cancel) =>
        Do(nameof(ReadEvents), () =>
        {
            var found = ByNo(deviceNo)
                .Events.Where(e => (types.IsDefaultOrEmpty || types.Contains(e.EventType)) && e.Key.TsUs >= fromUs && e.Key.TsUs <= toUs)
                .OrderBy(e => e.Key.TsUs).ThenBy(e => e.Key.Hash).ToList();
            if (newestFirst)
                found.Reverse();
            return found.Take(limit).ToImmutableArray();
        });

    public Task<ImmutableArray<DeviceFirmware>> ReadFirmware(Guid projectId, Guid after, int limit, CancellationToken cancel) =>
        Do(nameof(ReadFirmware), () => _devices.Values
            .Where(d => d.Registration.ProjectId == projectId && d.Registration.DeviceId.CompareTo(after) > 0
                && d.Registration.Status is DeviceStatus.Active or DeviceStatus.Maintenance)
            .OrderBy(d => d.Registration.DeviceId).Take(limit).Select(d => new DeviceFirmware(
                d.Registration.DeviceId, d.Registration.Model, d.Firmware.OrderBy(f => f.Timestamp).LastOrDefault()?.Version))
            .ToImmutableArray());

    public Task<Page<Versioned<DeviceRegistration>>> List(Guid projectId, DeviceFilter filter, PageRequest page, CancellationToken cancel) =>
        Do("ListDevices", () => PageOf(
            _devices.Values
                .Where(d => d.Registration.ProjectId == projectId
                    && (filter.SiteId is null || d.Registration.SiteId == filter.SiteId)
                    && (filter.Model is null || d.Registration.Model == filter.Model)
                    && (filter.Status is null || d.Registration.Status == filter.Status))
                .Select(d => new Versioned<DeviceRegistration>(d.Registration.DeviceId.ToString("D"), d.RegistrationVersion, d.Registration)),
            d => d.Id, page));

    public Task<ImmutableArray<DevicePresence>> ReadSitePresence(
        Guid projectId, string siteId, Guid after, int limit, CancellationToken cancel) => Do(
        nameof(ReadSitePresence), () => PresencePage(_ => true, p => p.ProjectId == projectId && p.SiteId == siteId, after, limit));

    public Task<ImmutableArray<DevicePresence>> ReadOnline(int shard, Guid after, int limit, CancellationToken cancel) =>
        Do(nameof(ReadOnline), () => PresencePage(d => d.Shard == shard, p => p.Online, after, limit));

    public Task<ImmutableArray<DevicePresence>> FindPresence(IReadOnlyCollection<Guid> deviceIds, CancellationToken cancel) => Do(
        nameof(FindPresence),
        () => deviceIds.Select(id => _devices.GetValueOrDefault(id)?.Presence).OfType<DevicePresence>().ToImmutableArray());

    private ImmutableArray<DevicePresence> PresencePage(
        Func<DeviceRow, bool> device, Func<DevicePresence, bool> presence, Guid after, int limit) =>
    [
        .. _devices.Values.Where(device).Select(d => d.Presence).OfType<DevicePresence>()
            .Where(p => presence(p) && p.DeviceId.CompareTo(after) > 0).OrderBy(p => p.DeviceId).Take(limit),
    ];

    private static void Apply(DeviceRow device, DeviceCommit commit)
    {
        device.TwinVersion++;
        device.Twin = commit.Twin.ToArray();
        if (commit.Batch is { } batch)
            device.Ledger.Add(batch.BatchId, batch);
        foreach (var series in commit.NewSeries)
            device.Series.Add(series.Key, series);
        foreach (var letGo in commit.LetGo)
        {
            var series = device.Series.Values.Single(s => s.No == letGo.No);
            device.Series[series.Key] = series with { Last = letGo.Stand };
        }

        foreach (var block in commit.Points)
            AddPoints(device, block);
        device.Events.AddRange(commit.Events);
        device.Windows.AddRange(commit.Windows);
        device.Rejected.AddRange(commit.Rejected);
        device.Rejected.RemoveRange(0, Math.Max(0, device.Rejected.Count - MaxRejected));
        if (commit.Firmware is { } firmware)
            device.Firmware.Add(firmware);
        if (commit.Presence is { } presence)
        {
            device.Shard = presence.Shard;
            device.Presence = new DevicePresence(
                commit.DeviceId, presence.ProjectId, presence.SiteId, presence.Online,
                device.Presence is { } before && before.Online == presence.Online ? before.Since : presence.Since, device.TwinVersion);
        }

        if (commit.Registration is not { } written)
            return;
        device.Registration = written.Registration;
        device.RegistrationVersion++;
        device.ConfigOffset = written.NewConfigOffset;
    }

    private static void AddPoints(DeviceRow device, PointBlock block)
    {
        var at = 0;
        for (var run = 0; run < block.SeriesNos.Length; run++)
        {
            for (var i = 0; i < block.Counts.Span[run]; i++, at++)
                device.Points.Add(new StoredPoint(block.SeriesNos.Span[run], block.TsUs.Span[at], block.Values.Span[at]));
        }
    }

    private DeviceRow ByNo(long deviceNo) => _devices.Values.Single(d => d.DeviceNo == deviceNo);

    private bool IsSerialTaken(DeviceRegistration device) => _devices.Values.Any(d =>
        d.Registration.ProjectId == device.ProjectId && d.Registration.Serial == device.Serial && d.Registration.DeviceId != device.DeviceId);

    private long RetentionFloorUs(Guid projectId) =>
        _projects.GetValueOrDefault(projectId)?.Value.RetentionDays is { } days
            ? (time.GetUtcNow().AddDays(-days) - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond
            : long.MinValue;
}

/// <summary>All that is stored of one device.</summary>
internal sealed class DeviceRow
{
    public required long DeviceNo { get; init; }

    public required DeviceRegistration Registration { get; set; }

    public long RegistrationVersion { get; set; } = 1;

    public long ConfigOffset { get; set; }

    public long TwinVersion { get; set; }

    public ReadOnlyMemory<byte> Twin { get; set; }

    public DevicePresence? Presence { get; set; }

    public int Shard { get; set; }

    public Dictionary<SeriesKey, StoredSeries> Series { get; } = [];

    public Dictionary<Guid, LedgerEntry> Ledger { get; } = [];

    public List<StoredPoint> Points { get; } = [];

    public List<NewEvent> Events { get; } = [];

    public List<NewWindow> Windows { get; } = [];

    public List<RejectedRecord> Rejected { get; } = [];

    public List<FirmwareVersion> Firmware { get; } = [];
}

/// <summary>One stored point.</summary>
internal readonly record struct StoredPoint(int SeriesNo, long TsUs, double Value);
