using System.Collections.Immutable;
using EsoCore.Firmware;
using EsoCore.Grains.Storage;
using EsoCore.History;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.Contract;

public abstract class HistoryContract : StorageContract
{
    private const long Hour = 3_600_000_000;

    private static PointQuery Query(
        TestDevice device, string? metric = null, DateTimeOffset? from = null, DateTimeOffset? to = null, string? asset = null) =>
        new(device.Scope, device.Id, null, metric, asset, from, to);

    private static DateTimeOffset At(long us) => DateTimeOffset.UnixEpoch.AddMicroseconds(us);

    [Fact]
    public async Task ReadPoints_OfAMetric_GivesThoseInTheSpanByTime()
    {
        var device = await Store.AddDevice();
        await device.Write(Store, device.Commit(Block((1, StartUs, 1), (1, StartUs + 10, 2), (1, StartUs + 20, 3), (2, StartUs + 5, 9))) with
        {
            NewSeries = [Series(1, "temp", "°C", "A1", "{\"s\":1}"), Series(2, "rpm", "")],
        });

        var page = await Store.History.ReadPoints(Query(device, "temp", At(StartUs), At(StartUs + 20)), new(), None);
        var rpm = await Store.History.ReadPoints(Query(device, "rpm"), new(), None);
        var asset = await Store.History.ReadPoints(Query(device, asset: "A1"), new(), None);

        Assert.Equal(
            [
                new(At(StartUs), device.Id, "temp", 1, "°C", "A1", new("{\"s\":1}")),
                new(At(StartUs + 10), device.Id, "temp", 2, "°C", "A1", new("{\"s\":1}")),
            ],
            page.Items.ToArray());
        Assert.Null(page.Next);
        Assert.Equal([new(At(StartUs + 5), device.Id, "rpm", 9, null, null, JsonText.EmptyObject)], rpm.Items.ToArray());
        Assert.Equal(3, asset.Items.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(100)]
    public async Task ReadPoints_ManyAtOneTime_PagesGiveEachOnceInOrder(int limit)
    {
        var project = await Store.AddProject();
        var devices = new List<TestDevice>();
        for (int d = 0; d < 3; d++)
            devices.Add(await Store.AddDevice(project));
        var expected = new List<(long, Guid, int, double)>();
        foreach (var device in devices)
        {
            var points = new List<(int, long, double)>();
            for (int i = 0; i < 4; i++)
            {
                foreach (int series in new[] { 1, 2 })
                {
                    foreach (double value in new[] { -1.5, 0, 7 })
                        points.Add((series, StartUs + (i / 2), value + (10 * (i % 2))));
                }
            }

            expected.AddRange(points.Select(p => (p.Item2, device.Id, p.Item1, p.Item3)));
            await device.Write(Store, device.Commit(Block([.. points.Take(11)])) with { NewSeries = [Series(1, "a"), Series(2, "b")] });
            if (device == devices[1])
                await Store.Settle();
            await device.Write(Store, Block([.. points.Skip(11)]));
        }

        var seen = new List<PointRow>();
        string? after = null;
        do
        {
            var page = await Store.History.ReadPoints(new(new(project), null, null, null, null, null, null), new(limit, after), None);
            Assert.InRange(page.Items.Length, 1, limit);
            seen.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);

        expected.Sort();
        Assert.Equal(
            expected.Select(e => (At(e.Item1), e.Item2, e.Item3 == 1 ? "a" : "b", e.Item4)), seen.Select(p => (p.Ts, p.DeviceId, p.Metric, p.Value)));
    }

    [Fact]
    public async Task ReadPoints_MalformedToken_IsAFormatError()
    {
        var device = await Store.AddDevice();
        foreach (string token in new[] { "", "x", "%%%", "AAAA", new string('A', 60), new string('A', 5_000), "é" })
        {
            await Assert.ThrowsAsync<FormatException>(() => Store.History.ReadPoints(Query(device), new(10, token), None));
            await Assert.ThrowsAsync<FormatException>(() => Store.History.ReadBatches(device.Scope, device.Id, new(10, token), None));
        }
    }

    [Fact]
    public async Task Reads_OfAnotherProject_FindNothing()
    {
        var device = await Store.AddDevice();
        await device.Write(Store, device.Commit(Block((1, StartUs, 1))) with
        {
            NewSeries = [Series(1)],
            Batch = Ledger(Store.Now),
            Events = [Event(StartUs, "power_outage", 1)],
            Windows = [Window(StartUs, "vib", 1)],
            Rejected = [new(Guid.NewGuid(), 0, "bad", "said", "{}", Store.Now)],
            Firmware = new(device.Id, Start, "1.0", "api"),
        });
        var stranger = new Scope(await Store.AddProject());

        var points = new PointQuery(stranger, device.Id, null, null, null, null, null);
        Assert.Empty((await Store.History.ReadPoints(points, new(), None)).Items);
        Assert.Empty((await Store.History.ReadPoints(points with { DeviceId = null }, new(), None)).Items);
        Assert.Empty(await Store.History.ReadBuckets(new(points, TimeSpan.FromHours(1)), None));
        Assert.Empty((await Store.History.ReadWindows(new(stranger, device.Id, null, null, null, null), new(), None)).Items);
        Assert.Empty((await Store.History.ReadEvents(new(stranger, device.Id, null, null, null, null, null, null, null), new(), None)).Items);
        Assert.Empty((await Store.History.ReadBatches(stranger, device.Id, new(), None)).Items);
        Assert.Empty((await Store.History.ReadRejected(stranger, device.Id, new(), None)).Items);
        Assert.Empty((await Store.History.ReadFirmwareVersions(stranger, device.Id, new(), None)).Items);
        Assert.False(await Store.History.DeviceExists(stranger, device.Id, None));
        Assert.True(await Store.History.DeviceExists(device.Scope, device.Id, None));
        Assert.Single((await Store.History.ReadPoints(points with { Scope = device.Scope }, new(), None)).Items);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(3_600)]
    [InlineData(86_400)]
    [InlineData(604_800)]
    public async Task ReadBuckets_OfBlocksAndChunks_EqualsTheSumOverPoints(int seconds)
    {
        var random = new Random(seconds);
        var device = await Store.AddDevice();
        await device.Write(Store, device.Commit() with { NewSeries = [Series(1, "m"), Series(2, "m", asset: "A"), Series(3, "other")] });
        var all = new List<(int Series, long TsUs, double Value)>();
        for (int block = 0; block < 40; block++)
        {
            long day = StartUs + (random.Next(3) * 24 * Hour);
            long start = random.Next(22) * Hour;
            (int, long, double)[] points =
            [
                .. Enumerable.Range(0, 300)
                    .Select(i => (1 + (i % 3), day + start + random.NextInt64(2 * Hour), Math.Round(random.NextDouble() * 50, 2))),
            ];
            all.AddRange(points);
            await device.Write(Store, Block(points));
            if (block == 30)
                await Store.Settle();
        }

        long width = seconds * 1_000_000L;
        var (from, to) = (StartUs + Hour, StartUs + (51 * Hour) + 1);
        var expected = all.Where(p => p.Series != 3 && p.TsUs >= from && p.TsUs < to).GroupBy(p => p.TsUs / width).OrderBy(g => g.Key).ToList();

        if (expected.Count > BucketQuery.MaxBuckets)
        {
            await Assert.ThrowsAsync<ArgumentException>(
                () => Store.History.ReadBuckets(new(Query(device, "m", At(from), At(to)), TimeSpan.FromSeconds(seconds)), None));
            return;
        }

        var buckets = await Store.History.ReadBuckets(new(Query(device, "m", At(from), At(to)), TimeSpan.FromSeconds(seconds)), None);

        Assert.Equal(expected.Select(g => At(g.Key * width)), buckets.Select(b => b.Ts));
        foreach (var (want, got) in expected.Zip(buckets))
        {
            Assert.Equal((want.Min(p => p.Value), want.Max(p => p.Value), want.Count()), (got.Min, got.Max, got.Count));
            Assert.Equal(want.Sum(p => p.Value), got.Sum, 1e-6);
        }
    }

    [Fact]
    public async Task ReadBuckets_MoreThanTheLimit_IsRefused()
    {
        var device = await Store.AddDevice();
        await device.Write(Store, device.Commit() with { NewSeries = [Series(1)] });
        for (int part = 0; part < 3; part++)
            await device.Write(Store, Block([.. Enumerable.Range(0, 4_096).Select(i => (1, StartUs + (((4_096L * part) + i) * 1_000_000), 1.0))]));

        var query = new BucketQuery(Query(device), TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.History.ReadBuckets(query, None));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.History.ReadBuckets(query with { Width = TimeSpan.FromMilliseconds(1_500) }, None));
    }

    [Fact]
    public async Task ReadEvents_ByPages_NewestFirstWithFilters()
    {
        var project = await Store.AddProject();
        var devices = new[] { await Store.AddDevice(project, "HALL"), await Store.AddDevice(project) };
        var all = new List<(long Ts, Guid Device)>();
        foreach (var device in devices)
        {
            for (int i = 0; i < 5; i++)
            {
                NewEvent[] events = [Event(StartUs + (i / 2), i % 2 == 0 ? "x" : "y", (UInt128)i + 1, i == 0 ? "low" : "high", i == 3 ? "A" : null)];
                all.AddRange(events.Select(e => (e.Key.TsUs, device.Id)));
                await device.Write(Store, device.Commit() with { Events = [.. events] });
            }
        }

        var query = new EventQuery(new(project), null, null, null, null, null, null, null, null);
        for (int limit = 1; limit <= 11; limit++)
        {
            var seen = new List<EventRow>();
            string? after = null;
            do
            {
                var page = await Store.History.ReadEvents(query, new(limit, after), None);
                seen.AddRange(page.Items);
                after = page.Next;
            }
            while (after is not null);
            Assert.Equal(10, seen.DistinctBy(e => e.Id).Count());
            Assert.Equal(all.Select(e => e.Ts).OrderDescending().Select(At), seen.Select(e => e.Ts));
        }

        Assert.Equal(5, (await Store.History.ReadEvents(query with { SiteId = "HALL" }, new(), None)).Items.Length);
        Assert.Equal(4, (await Store.History.ReadEvents(query with { Type = "y" }, new(), None)).Items.Length);
        Assert.Equal(2, (await Store.History.ReadEvents(query with { Severity = "low" }, new(), None)).Items.Length);
        Assert.Equal(2, (await Store.History.ReadEvents(query with { AssetId = "A", Category = "power" }, new(), None)).Items.Length);
        Assert.Empty((await Store.History.ReadEvents(query with { Category = "safety" }, new(), None)).Items);
        Assert.Equal(4, (await Store.History.ReadEvents(query with { From = At(StartUs + 1), To = At(StartUs + 2) }, new(), None)).Items.Length);
        var one = (await Store.History.ReadEvents(query with { DeviceId = devices[0].Id, Type = "x", Severity = "low" }, new(), None)).Items.Single();
        Assert.Equal(("x", "power", "low", "said"), (one.EventType, one.Category, one.Severity, one.Description));
        Assert.Equal((12.5, null, "{\"a\":1}"), (one.DurationMs, one.AssetId, one.Meta.Value));
    }

    [Fact]
    public async Task ReadEvents_RestoringEventsComeInAnyOrder_ResolvedByTheEarliestAtOrAfter()
    {
        var device = await Store.AddDevice();
        Task Add(long us, string type, UInt128 hash) =>
            device.Write(Store, device.Commit() with { Events = [Event(StartUs + us, type, hash)] });
        await Add(90, "power_restored", 1);
        await Add(10, "power_outage", 2);
        await Add(5, "power_restored", 3);
        await Add(60, "power_restored", 4);
        await Add(95, "power_outage", 5);
        await Add(20, "tamper_detected", 6);

        var rows = (await Store.History.ReadEvents(new(device.Scope, device.Id, null, null, null, null, null, null, null), new(), None)).Items;

        Assert.Equal(
            [null, null, null, null, At(StartUs + 60), null], rows.Select(r => r.ResolvedAt));
        Assert.Equal(
            ["power_outage", "power_restored", "power_restored", "tamper_detected", "power_outage", "power_restored"],
            rows.Select(r => r.EventType));
    }

    [Fact]
    public async Task ReadWindows_ByPages_GivesStatsAndRaw()
    {
        var device = await Store.AddDevice();
        await device.Write(Store, device.Commit() with
        {
            Windows =
            [
                Window(StartUs, "vib", 2, [1, 2, 3, 4]), Window(StartUs, "vib", 1), Window(StartUs + 1, "sound", 1),
                Window(StartUs + 9, "vib", 1),
            ],
        });

        var query = new WindowQuery(device.Scope, device.Id, null, null, At(StartUs), At(StartUs + 9));
        var first = await Store.History.ReadWindows(query, new(2), None);
        var second = await Store.History.ReadWindows(query, new(2, first.Next), None);

        Assert.Equal(["vib", "vib", "sound"], first.Items.Concat(second.Items).Select(w => w.Metric));
        Assert.Null(second.Next);
        Assert.Null(first.Items[0].Raw);
        Assert.Equal(("{\"rms\":0.8}", 8_000, 4.0), (first.Items[0].Stats.Value, first.Items[0].Samples, first.Items[0].WindowS));
        var raw = first.Items[1].Raw!;
        Assert.Equal((2_000, "i16le", 0.001), (raw.RateHz, raw.Encoding, raw.Scale));
        Assert.Equal([1, 2, 3, 4], raw.Data.ToArray());
        Assert.Single((await Store.History.ReadWindows(query with { Metric = "sound" }, new(), None)).Items);
    }

    [Fact]
    public async Task ReadBatches_ByPages_NewestFirst()
    {
        var device = await Store.AddDevice();
        var entries = Enumerable.Range(0, 5).Select(i => Ledger(Start.AddSeconds(i / 2))).ToList();
        foreach (var entry in entries)
            await device.Write(Store, device.Commit() with { Batch = entry });

        var seen = new List<BatchRow>();
        string? after = null;
        do
        {
            var page = await Store.History.ReadBatches(device.Scope, device.Id, new(2, after), None);
            seen.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);

        Assert.Equal(entries.Select(e => e.BatchId).Order(), seen.Select(b => b.BatchId).Order());
        Assert.Equal(entries.Select(e => e.ReceivedAt).OrderDescending(), seen.Select(b => b.ReceivedAt));
        Assert.Equal((3, 2, 1, entries[0].BodyHash), (seen[0].Accepted, seen[0].Duplicates, seen[0].Rejected, seen[0].BodyHash));
    }

    [Fact]
    public async Task ReadRejected_KeepsTheNewestThousandForThirtyDays()
    {
        var device = await Store.AddDevice();
        for (int batch = 0; batch < 12; batch++)
        {
            var id = Guid.NewGuid();
            var records = Enumerable.Range(0, 100)
                .Select(i => new RejectedRecord(id, i, "bad_value", "why", $"{{\"i\":{(batch * 100) + i}}}", Store.Now));
            await device.Write(Store, device.Commit() with { Rejected = [.. records] });
        }

        var all = new List<RejectedRow>();
        string? after = null;
        do
        {
            var page = await Store.History.ReadRejected(device.Scope, device.Id, new(300, after), None);
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);

        Assert.Equal(Enumerable.Range(200, 1_000).Reverse().Select(i => $"{{\"i\":{i}}}"), all.Select(r => r.Record));
        Store.Advance(TimeSpan.FromDays(31));
        Assert.Empty((await Store.History.ReadRejected(device.Scope, device.Id, new(), None)).Items);
    }

    [Fact]
    public async Task ReadFirmwareVersions_ByPages_NewestFirst()
    {
        var device = await Store.AddDevice();
        foreach (int i in new[] { 2, 0, 1, 1 })
            await device.Write(Store, device.Commit() with { Firmware = new FirmwareVersion(device.Id, Start.AddSeconds(i), $"1.{i}", "api") });

        var first = await Store.History.ReadFirmwareVersions(device.Scope, device.Id, new(3), None);
        var second = await Store.History.ReadFirmwareVersions(device.Scope, device.Id, new(3, first.Next), None);

        Assert.Equal(["1.2", "1.1", "1.1", "1.0"], first.Items.Concat(second.Items).Select(f => f.Version));
        Assert.Equal(new FirmwareVersion(device.Id, Start.AddSeconds(2), "1.2", "api"), first.Items[0]);
        Assert.Null(second.Next);
    }
}
