using EsoCore.Grains.Storage;
using EsoCore.Tests.Support;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.Contract;

/// <summary>Background merging must not be seen: whatever it does, and when, what is read is what was written.</summary>
public abstract class MergeContract : StorageContract
{
    private const long Day = PointBlock.DayUs;

    private sealed record Plan(IReadOnlyList<Step> Steps);

    private abstract record Step;

    private sealed record WriteStep(int Day, int Start, int SpacingMs, int Count, int Series, int Correction, int Seed) : Step;

    private sealed record MergeStep(bool All) : Step;

    private static readonly Gen<Step> AnyWrite =
        from day in Gen.Choose(0, 2)
        from start in Gen.Choose(0, 82_000)
        from spacing in Gen.Choose(0, 1_000)
        from count in Gen.Frequency((6, Gen.Choose(1, 40)), (2, Gen.Choose(500, 3_000)), (1, Gen.Constant(4_096)))
        from series in Gen.Choose(1, 5)
        from correction in Gen.Choose(0, 1)
        from seed in Gen.Choose(0, 1_000)
        select (Step)new WriteStep(day, start, spacing, count, series, correction, seed);

    private static readonly Gen<Step> AnyStep =
        Gen.Frequency((3, AnyWrite), (2, Gen.Constant((Step)new MergeStep(false))), (1, Gen.Constant((Step)new MergeStep(true))));

    [Fact]
    public void ReadOverlap_WhateverIsMergedMeanwhile_GivesWhatWasWritten()
    {
        var plans = AnyStep.ListOf().Resize(30).Select(s => new Plan([.. s]));
        Prop.ForAll(plans.ToArbitrary(), plan => Run(plan).GetAwaiter().GetResult()).Check(Seeded.Cases(25));
    }

    [Fact]
    public async Task ReadOverlap_WhileMergingRuns_NeitherHidesNorDoublesPoints()
    {
        var device = await Store.AddDevice();
        await device.Write(Store, device.Commit() with { NewSeries = [Series(1), Series(2)] });
        var expected = new List<(int, long, double)>();
        bool done = false;
        var reader = Task.Run(async () =>
        {
            var seen = new HashSet<int>();
            while (!Volatile.Read(ref done))
            {
                var points = await Store.Devices.ReadAll(device.No);
                Assert.Equal(points.Count, points.Distinct().Count());
                Assert.Equal(0, points.Count % 100);
                Assert.True(points.Count >= seen.DefaultIfEmpty().Max(), "Points were hidden.");
                seen.Add(points.Count);
            }
        });

        for (int i = 0; i < 60; i++)
        {
            (int, long, double)[] points = [.. Enumerable.Range(0, 100).Select(p => (1 + (p % 2), StartUs + (i * 1_000_000L) + p, (double)i))];
            expected.AddRange(points);
            await device.Write(Store, Block(points));
            if (i % 5 == 4)
                await Store.Settle();
        }

        Volatile.Write(ref done, true);
        await reader;
        expected.Sort();
        Assert.Equal(expected, await Store.Devices.ReadAll(device.No));
    }

    [Fact]
    public async Task ReadOverlap_AtTheEdgesOfDays_FindsRowsThatReachIntoTheSpan()
    {
        var device = await Store.AddDevice();
        await device.Write(Store, device.Commit() with { NewSeries = [Series(1)] });
        await device.Write(Store, Block((1, StartUs, 1), (1, StartUs + Day - 1, 2)), Block((1, StartUs + Day, 3)));

        foreach (bool merged in new[] { false, true })
        {
            if (merged)
                await Store.Settle();
            Assert.Equal(3, (await Store.Devices.ReadAll(device.No, StartUs + Day - 1, StartUs + Day)).Count);
            Assert.Contains((1, StartUs + Day - 1, 2.0), await Store.Devices.ReadAll(device.No, StartUs + Day - 1, StartUs + Day - 1));
            Assert.Contains((1, StartUs + Day, 3.0), await Store.Devices.ReadAll(device.No, StartUs + Day, StartUs + Day));
            Assert.Empty(await Store.Devices.ReadAll(device.No, StartUs + Day + 1, StartUs + (9 * Day)));
            Assert.Empty(await Store.Devices.ReadAll(device.No, StartUs - Day, StartUs - 1));
        }
    }

    [Fact]
    public async Task Commit_ABlockOverItsBounds_IsRefused()
    {
        var device = await Store.AddDevice();
        var spans = Block((1, StartUs + Day - 1, 1), (1, StartUs + Day, 1));
        var large = Block([.. Enumerable.Range(0, 4_097).Select(i => (1, StartUs + i, 1.0))]);
        var descending = new PointBlock(new[] { 1 }, new[] { 2 }, new[] { StartUs + 1, StartUs }, new[] { 1.0, 2.0 }, 0);
        var miscounted = new PointBlock(new[] { 1 }, new[] { 1 }, new[] { StartUs, StartUs + 1 }, new[] { 1.0, 2.0 }, 0);

        foreach (var block in new[] { spans, large, descending, miscounted })
            await Assert.ThrowsAsync<ArgumentException>(() => Store.Devices.Commit(device.Commit(block), None));

        Assert.Equal(0, (await Store.Devices.Load(device.Id, None))!.TwinVersion);
    }

    private async Task Run(Plan plan)
    {
        var device = await Store.AddDevice();
        await device.Write(Store, device.Commit() with { NewSeries = [.. Enumerable.Range(1, 5).Select(i => Series(i, $"m{i}"))] });
        var written = new List<(int Series, long TsUs, double Value)>();
        foreach (var step in plan.Steps)
        {
            switch (step)
            {
                case WriteStep w:
                    var points = Points(w);
                    written.AddRange(points);
                    await device.Write(Store, Block(w.Correction * 7L, points));
                    break;
                case MergeStep { All: true }:
                    await Store.Settle();
                    break;
                default:
                    await Store.Step();
                    break;
            }
        }

        written.Sort();
        Assert.Equal(written, await Store.Devices.ReadAll(device.No));
        var history = new List<(string, long, double)>();
        string? after = null;
        do
        {
            var page = await Store.History.ReadPoints(new(device.Scope, device.Id, null, null, null, null, null), new(5_000, after), None);
            history.AddRange(page.Items.Select(p => (p.Metric, (long)(p.Ts - DateTimeOffset.UnixEpoch).TotalMicroseconds, p.Value)));
            after = page.Next;
        }
        while (after is not null);
        history.Sort();
        Assert.Equal(written.Distinct().Select(p => ($"m{p.Series}", p.TsUs, p.Value)).Order(), history.Distinct());
    }

    private static (int, long, double)[] Points(WriteStep w)
    {
        var random = new Random(w.Seed);
        long day = StartUs + (w.Day * Day);
        return
        [
            .. Enumerable.Range(0, w.Count).Select(i => (
                1 + (i % w.Series),
                Math.Min(day + (w.Start * 1_000_000L) + (i * w.SpacingMs * 1_000L), day + Day - 1),
                Math.Round(random.NextDouble() * 100, 1))),
        ];
    }
}
