using EsoCore.Telemetry;
using EsoCore.Tests.Support;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static EsoCore.Tests.Devices.Records;

namespace EsoCore.Tests.Devices;

/// <summary>
/// However a set of records is split into batches, reordered, repeated, cut off and re-sent, what is stored is that set, and the counts
/// add up.
/// </summary>
public class ExactlyOnceTests : IAsyncLifetime
{
    private static readonly Gen<Rec> AnyRecord =
        from kind in Gen.Choose(0, 7)
        from series in Gen.Choose(0, 3)
        from second in Gen.Frequency((6, Gen.Choose(0, 40)), (1, Gen.Choose(86_380, 86_420)), (1, Gen.Choose(-200_000, 0)))
        from value in Gen.Choose(0, 3)
        select new Rec(kind, series, second, value);

    private static readonly Gen<Send> AnySend =
        from picks in Gen.ListOf(Gen.Choose(0, 1_000))
        from fault in Gen.Frequency((6, Gen.Constant(Fault.None)), (1, Gen.Constant(Fault.NeverArrived)), (2, Gen.Constant(Fault.AnswerLost)),
            (1, Gen.Constant(Fault.CutBeforeCommit)), (1, Gen.Constant(Fault.CutAfterCommit)), (1, Gen.Constant(Fault.Restart)), (2, Gen.Constant(Fault.Merge)))
        select new Send([.. picks], fault);

    private static readonly Gen<Plan> AnyPlan =
        from records in Gen.NonEmptyListOf(AnyRecord)
        from sends in Gen.ListOf(AnySend)
        select new Plan([.. records], [.. sends]);

    private DeviceHarness _harness = null!;

    private enum Fault
    {
        None,
        NeverArrived,
        AnswerLost,
        CutBeforeCommit,
        CutAfterCommit,
        Restart,
        Merge,
    }

    public async Task InitializeAsync() => _harness = await DeviceHarness.Start();

    public async Task DisposeAsync() => await _harness.DisposeAsync();

    [Fact]
    public void Upload_AnySplitOrderRepeatAndFault_StoresTheSetOnce()
    {
        var n = 0;
        Prop.ForAll(AnyPlan.ToArbitrary(), plan => Check(plan, ++n).GetAwaiter().GetResult())
            .Check(Seeded.Cases(60));
    }

    private async Task Check(Plan plan, int number)
    {
        var device = await _harness.AddDevice(serial: $"P-{number}-{Guid.NewGuid():N}");
        long accepted = 0, duplicates = 0, sent = 0, batches = 0;
        foreach (var send in plan.Sends.Append(new Send([.. Enumerable.Range(0, plan.Records.Length)], Fault.None)))
        {
            var records = send.Picks.Select(p => plan.Records[p % plan.Records.Length]).ToArray();
            var batch = _harness.Batch(Guid.NewGuid(), [.. records.Select(r => r.Json)]);
            if (await Deliver(device, batch, send.Fault) is not { } counts)
                continue;
            (accepted, duplicates) = (accepted + counts.Accepted, duplicates + counts.Duplicates);
            Assert.Equal(0, counts.Rejected);
            sent += records.Length;
            batches++;
        }

        await Agree(device, plan);
        var counters = (await _harness.Twin(device)).Counters;
        Assert.Equal((batches, accepted, duplicates), (counters.Batches, counters.Accepted, counters.Duplicates));
        Assert.Equal(plan.Records.Select(r => r.Json).Distinct().Count(), accepted);
        Assert.Equal(sent, accepted + duplicates);
    }

    /// <summary>Sends until it is acknowledged; the counts of the one time it was taken, null when it never arrived.</summary>
    private async Task<BatchCounts?> Deliver(Guid device, BatchUpload batch, Fault fault)
    {
        var faults = _harness.Storage.Faults;
        switch (fault)
        {
            case Fault.NeverArrived:
                return null;
            case Fault.CutBeforeCommit:
                faults.BeforeCommit = _ => throw new InvalidOperationException("cut");
                break;
            case Fault.CutAfterCommit:
                faults.AfterCommit = _ => throw new InvalidOperationException("cut");
                break;
            case Fault.Restart:
                await _harness.Restart();
                break;
            case Fault.Merge:
                await _harness.Storage.StepUpkeep();
                break;
        }

        if (fault is Fault.CutBeforeCommit or Fault.CutAfterCommit)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => _harness.Device(device).Upload(batch));
            (faults.BeforeCommit, faults.AfterCommit) = (null, null);
        }

        var answer = await _harness.Device(device).Upload(batch);
        if (fault == Fault.AnswerLost)
            Assert.Equal(answer.Body.ToArray(), (await _harness.Device(device).Upload(batch)).Body.ToArray());
        return fault == Fault.CutAfterCommit ? CountsOf(answer) : answer.Counts;
    }

    private static BatchCounts CountsOf(UploadAnswer answer)
    {
        using var json = System.Text.Json.JsonDocument.Parse(answer.Body);
        int Count(string name) => json.RootElement.GetProperty(name).GetInt32();
        return new BatchCounts(Count("accepted"), Count("duplicates"), Count("rejected"), 0);
    }

    private async Task Agree(Guid device, Plan plan)
    {
        var points = await _harness.Points(device);
        var expected = plan.Records.Where(r => r.IsPoint).Select(r => (r.Series, r.Second, r.Value)).Distinct().Order();
        Assert.Equal(
            expected, points.Select(p => (p.Metric[1] - '0', (int)(p.Ts - Start).TotalSeconds, (int)p.Value)).Order());
        Assert.Equal(plan.Records.Where(r => r.IsEvent).Select(r => r.Json).Distinct().Count(), (await _harness.Events(device)).Count);
        foreach (var series in (await _harness.Twin(device)).Series)
        {
            var own = points.Where(p => p.Metric == series.Metric).ToList();
            Assert.Equal(own.Count, series.Points);
            Assert.Equal(own.Max(p => p.Ts), series.LastTs);
            Assert.Contains(own, p => p.Ts == series.LastTs && p.Value == series.LastValue);
        }
    }

    private sealed record Rec(int Kind, int Series, int Second, int Value)
    {
        internal bool IsEvent => Kind == 6;

        internal bool IsPoint => Kind < 6;

        internal string Json => Kind switch
        {
            6 => Event("sensor_fault", Second, meta: $$"""{"n":{{Value}}}"""),
            7 => Window($"w{Series}", Second, Value),
            _ => Point($"s{Series}", Second, Value),
        };
    }

    private sealed record Send(int[] Picks, Fault Fault);

    private sealed record Plan(Rec[] Records, Send[] Sends);
}
