using System.Collections.Immutable;
using System.Text;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Storage;
using EsoCore.Projects;

namespace EsoCore.Tests.Storage.Contract;

/// <summary>Makes the things that tests store.</summary>
internal static class StoreSeeds
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly long StartUs = Start.ToUnixTimeMilliseconds() * 1_000;

    public static CancellationToken None => CancellationToken.None;

    public static NewKey Key(Guid projectId, Guid? deviceId = null) =>
        new(Guid.NewGuid(), projectId, deviceId, new byte[32], deviceId is null ? default : new byte[] { 1, 2, 3 }, Start);

    public static async Task<Guid> AddProject(this IStorageUnderTest store, int? retentionDays = null)
    {
        var id = Guid.NewGuid();
        await store.Projects.CreateProject(new Project(id, "Test", Start, retentionDays), Key(id), None);
        return id;
    }

    public static DeviceRegistration Registration(Guid projectId, string? serial = null, string? siteId = null, Guid? id = null) =>
        new(
            id ?? Guid.NewGuid(), projectId, serial ?? Guid.NewGuid().ToString(), "M1", siteId, ImmutableSortedDictionary<string, string>.Empty,
            DeviceStatus.Active, "stable", false, ConfigSettings.Empty, Start);

    public static async Task<TestDevice> AddDevice(this IStorageUnderTest store, Guid? projectId = null, string? siteId = null)
    {
        var registration = Registration(projectId ?? await store.AddProject(), siteId: siteId);
        Xunit.Assert.True(await store.Devices.Create(registration, Key(registration.ProjectId, registration.DeviceId), None));
        var stored = await store.Devices.Load(registration.DeviceId, None);
        return new TestDevice(registration, stored!.DeviceNo);
    }

    public static PointBlock Block(params (int Series, long TsUs, double Value)[] points) => Block(0, points);

    public static PointBlock Block(long correctionUs, params (int Series, long TsUs, double Value)[] points)
    {
        var runs = points.GroupBy(p => p.Series).ToList();
        var ordered = runs.SelectMany(r => r.OrderBy(p => p.TsUs)).ToList();
        return new(
            runs.Select(r => r.Key).ToArray(), runs.Select(r => r.Count()).ToArray(), ordered.Select(p => p.TsUs).ToArray(),
            ordered.Select(p => p.Value).ToArray(), correctionUs);
    }

    public static StoredSeries Series(int no, string metric = "temp", string unit = "°C", string asset = "", string meta = "") =>
        new(no, new SeriesKey(metric, unit, asset, meta));

    public static LedgerEntry Ledger(DateTimeOffset receivedAt, Guid? id = null, string hash = "ab", string answer = "{}") =>
        new(
            id ?? Guid.NewGuid(), string.Concat(Enumerable.Repeat(hash, 32)), 3, 2, 1, Encoding.UTF8.GetBytes(answer), receivedAt);

    public static NewEvent Event(long tsUs, string type, UInt128 hash, string severity = "high", string? asset = null) =>
        new(Guid.NewGuid(), new BodyKey(tsUs, hash), type, "power", severity, "said", 12.5, asset, "{\"a\":1}");

    public static NewWindow Window(long tsUs, string metric, UInt128 hash, byte[]? raw = null) =>
        new(
            new BodyKey(tsUs, hash), metric, 4, "{\"rms\":0.8}", 8_000, null, "", raw is null ? null : 2_000, raw is null ? null : "i16le", 0.001,
            raw ?? []);

    public static async Task<List<(int Series, long TsUs, double Value)>> ReadAll(
        this IDeviceStore devices, long deviceNo, long from = long.MinValue / 2, long to = long.MaxValue / 2)
    {
        var all = new List<(int, long, double)>();
        await foreach (var part in devices.ReadOverlap(deviceNo, from, to, None))
        {
            for (int i = 0; i < part.TsUs.Length; i++)
                all.Add((part.SeriesNo, part.TsUs.Span[i], part.Values.Span[i]));
        }

        all.Sort();
        return all;
    }
}

/// <summary>A registered device and the twin version that stands.</summary>
internal sealed class TestDevice(DeviceRegistration registration, long no)
{
    public Guid Id => registration.DeviceId;

    public Guid ProjectId => registration.ProjectId;

    public Scope Scope => new(registration.ProjectId);

    public DeviceRegistration Registration => registration;

    public long No => no;

    public long Version { get; set; }

    public DeviceCommit Commit(params PointBlock[] blocks) => new()
    {
        DeviceId = Id,
        DeviceNo = No,
        ExpectedVersion = Version,
        Twin = Encoding.UTF8.GetBytes($"{{\"v\":{Version + 1}}}"),
        Points = [.. blocks],
    };

    /// <summary>Commits and expects it to win.</summary>
    public async Task Write(IStorageUnderTest store, DeviceCommit commit)
    {
        var result = await store.Devices.Commit(commit with { ExpectedVersion = Version }, CancellationToken.None);
        Xunit.Assert.Equal(CommitOutcome.Committed, result.Outcome);
        Version++;
    }

    public Task Write(IStorageUnderTest store, params PointBlock[] blocks) => Write(store, Commit(blocks));
}
