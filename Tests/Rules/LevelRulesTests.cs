using EsoCore.Grains.Rules;
using EsoCore.Grains.Rules.Evaluation;
using Xunit;
using static EsoCore.Tests.Rules.RuleSeeds;

namespace EsoCore.Tests.Rules;

/// <summary>Rules over metrics: thresholds, rates, statistics.</summary>
public sealed class LevelRulesTests
{
    [Fact]
    public void Threshold_PassedAndCleared_TellsOneEpisodeWithItsWorstValue()
    {
        var rule = Rule("""{"type":"threshold","metric":"temp","above":80,"clear_above":75}""");

        var (told, memory) = Show(RuleMemory.Empty, rule, Points((0, 70), (10, 81), (20, 90), (30, 78), (40, 85)));

        var begun = Assert.Single(told).Episode;
        Assert.Equal((At(10), null, true, 81.0, 80.0), (Us(begun.Start), (object?)begun.End, begun.Lasts, begun.Value, begun.Limit));
        Assert.Equal("high", begun.Severity);
        Assert.Contains("temp was 81 °C, above the limit of 80 °C", begun.Text);
        Assert.Single(memory.Levels);

        // 78 lies between the limit and the clear level: it stays what it was. 75 clears it.
        (told, memory) = Show(memory, rule, Points((50, 78), (60, 75), (70, 79)), At(40));
        var ended = Assert.Single(told).Episode;
        Assert.Equal((begun.EpisodeId, At(60), 90.0, 3), (ended.EpisodeId, Us(ended.End!.Value), ended.Value, ended.Count));
        Assert.Same(RuleMemory.Empty, memory);
    }

    [Fact]
    public void Threshold_ForDuration_TellsOnlyWhatLasted()
    {
        var rule = Rule("""{"type":"threshold","metric":"temp","above":80,"for_s":60}""");

        var (told, memory) = Show(RuleMemory.Empty, rule, Points((0, 85), (50, 85), (55, 70), (100, 81)));
        Assert.Empty(told);

        // The wait goes on in the next batch, from where it began.
        (told, memory) = Show(memory, rule, Points((159, 82)), At(100));
        Assert.Empty(told);
        (told, _) = Show(memory, rule, Points((160, 82)), At(159));
        Assert.Equal(At(100), Us(Assert.Single(told).Episode.Start));
    }

    [Fact]
    public void Threshold_OutsideARange_IsOutOnBothSides()
    {
        var rule = Rule("""{"type":"threshold","metric":"temp","above":80,"below":10}""");
        var (told, _) = Show(RuleMemory.Empty, rule, Points((0, 5), (10, 50), (20, 90)));
        Assert.Equal([(5.0, 10.0), (90, 80)], told.Select(t => (t.Episode.Value!.Value, t.Episode.Limit!.Value)));
        Assert.Contains("below the limit of 10", told[0].Episode.Text);
    }

    [Fact]
    public void Threshold_FlutteringWithinABatch_TellsTheNewestEpisodesAndCountsTheOthers()
    {
        var rule = Rule("""{"type":"threshold","metric":"temp","above":80}""");
        var points = Points([.. Enumerable.Range(0, 1_001).Select(i => ((double)i, i % 2 == 0 ? 90.0 : 70.0))]);
        var (told, memory) = Show(RuleMemory.Empty, rule, points);
        Assert.Equal(RuleLimits.MaxEndedEpisodes + 1, told.Count);
        Assert.Equal(501, told.Sum(t => t.Episode.Count));
        Assert.Equal((At(1_000), null), (Us(told[^1].Episode.Start), (object?)told[^1].Episode.End));
        Assert.Single(memory.Levels);
    }

    [Fact]
    public void WindowStatistic_OfValuesWhoseSumRunsOver_KeepsNothingThatIsNotFinite()
    {
        var rule = Rule("""{"type":"window_statistic","metric":"temp","stat":"std","period_s":600,"above":80}""");
        var points = Points([.. Enumerable.Range(0, 40).Select(i => (i * 60.0, i % 2 == 0 ? 1e308 : -1e308))]);
        var (told, memory) = Show(RuleMemory.Empty, rule, points);
        Assert.All(told, t => Assert.True(t.Episode.Value is null || double.IsFinite(t.Episode.Value.Value)));
        Assert.All(memory.Periods, p => Assert.All(p.Buckets, b => Assert.True(double.IsFinite(b))));
        Assert.All(memory.Levels, l => Assert.True(l.Worst is null || double.IsFinite(l.Worst.Value)));

        // What runs over is forgotten, and the rule works again.
        var usual = Points([.. Enumerable.Range(40, 40).Select(i => (i * 60.0, i % 2 == 0 ? 500.0 : -500.0))]);
        Assert.Single(Show(memory with { Levels = [] }, rule, usual, At(39 * 60)).Told);
    }

    [Fact]
    public void Threshold_PointsAtOrBelowTheMarkOrDropped_AreNotSeen()
    {
        var rule = Rule("""{"type":"threshold","metric":"temp","above":80}""");
        var points = Points((0, 90), (10, 91), (20, 92));
        points[2].Dropped = true;
        Assert.Empty(Show(RuleMemory.Empty, rule, points, At(10)).Told);
    }

    [Fact]
    public void Threshold_OfARatedValue_ConcernsOnlyDevicesThatHaveIt()
    {
        var rule = Rule("""{"type":"threshold","metric":"temp","above":{"rated":"temp_c","percent":80}}""");
        Assert.Empty(Show(RuleMemory.Empty, rule, Points((0, 1e9))).Told);
        Assert.Empty(Show(RuleMemory.Empty, rule, Points((0, 80)), rated: Rated("temp_c", 100)).Told);
        Assert.Equal(80, Assert.Single(Show(RuleMemory.Empty, rule, Points((0, 80.1)), rated: Rated("temp_c", 100)).Told).Episode.Limit);
    }

    [Fact]
    public void Threshold_SensorMuted_IsPassedOver()
    {
        var rule = Rule("""{"type":"threshold","metric":"temp","above":80}""");
        var muted = RuleMemory.Empty with { Mutes = [new MutedSensor("T-1", At(0), long.MinValue)] };
        Assert.Empty(Show(muted, rule, Points((0, 90)), meta: """{"sensor_id":"T-1"}""").Told);
        Assert.Single(Show(muted, rule, Points((0, 90)), meta: """{"sensor_id":"T-2"}""").Told);
        var enabled = muted with { Mutes = SensorMutes.Enable(muted.Mutes, "sensor_fault", At(50)) };
        Assert.Single(Show(enabled, rule, Points((0, 90)), meta: """{"sensor_id":"T-1"}""").Told);
    }

    [Fact]
    public void Enable_ReachesTheFaultsOfTheRuleUpToTheTime()
    {
        MutedSensor Mute(string sensor, int faultSecond, string rule) => new(sensor, At(faultSecond), long.MinValue, rule);
        var mutes = SensorMutes.Enable([Mute("A", 0, "r"), Mute("B", 10, "r"), Mute("C", 60, "r"), Mute("A", 0, "other")], "r", At(50));
        Assert.Equal([false, false, true, true], mutes.Select(mute => mute.IsMuted));
    }

    [Fact]
    public void RateOfChange_RisesFasterThanTheLimit_IsTold()
    {
        var rule = Rule("""{"type":"rate_of_change","metric":"temp","per":"minute","period_s":600,"above":1}""");

        var slow = Enumerable.Range(0, 20).Select(i => (i * 60.0, i * 0.9)).ToArray();
        Assert.Empty(Show(RuleMemory.Empty, rule, Points(slow)).Told);

        var fast = Enumerable.Range(0, 20).Select(i => (i * 60.0, i * 1.2)).ToArray();
        var (told, memory) = Show(RuleMemory.Empty, rule, Points(fast[..3]));
        Assert.Empty(told); // Two minutes say nothing of ten.
        (told, _) = Show(memory, rule, Points(fast[3..]), At(120));
        var episode = Assert.Single(told).Episode;
        Assert.Equal(1.2, episode.Value!.Value, 6);
        Assert.Contains("changed by 1.2 °C per minute", episode.Text);
    }

    [Theory]
    [InlineData("max", 40.0)]
    [InlineData("avg", 25.0)]
    [InlineData("std", 11.180339887)]
    [InlineData("rms", 27.386127875)]
    public void WindowStatistic_OverAPeriod_IsThatOfItsPoints(string stat, double expected)
    {
        var buckets = new PeriodBuckets(TimeSpan.FromMinutes(60));
        foreach (var (minute, value) in new[] { (0, 10.0), (10, 20.0), (20, 30.0), (30, 40.0) })
            buckets.Add(At(60 * minute), value);
        Assert.Equal(expected, buckets.Statistic(stat), 6);
        Assert.Equal(expected, new PeriodBuckets(TimeSpan.FromMinutes(60), buckets.Save()).Statistic(stat), 6);
    }

    [Fact]
    public void PeriodBuckets_LongerThanThePeriod_ForgetWhatIsOlder()
    {
        var buckets = new PeriodBuckets(TimeSpan.FromMinutes(60));
        for (var minute = 0; minute < 600; minute++)
            buckets.Add(At(60 * minute), minute);
        Assert.True(buckets.Statistic("min") >= 540);
        Assert.InRange(buckets.Save().Length, 10, 10 * PeriodBuckets.Parts);
    }

    [Fact]
    public void WindowStatistic_OfWindows_ReadsBandPowerAndFollowsItsSource()
    {
        var rule = Rule("""{"type":"window_statistic","metric":"vibration","stat":"bandpower","band":"10-100","above":0.5}""");
        var run = Run(RuleMemory.Empty, Start, null, rule);
        WindowRules.Evaluate(
            run,
            [
                new WindowSample(At(0), "vibration", "R1", "", """{"bandpower":{"10-100":0.4}}"""),
                new WindowSample(At(4), "vibration", "R1", "", """{"bandpower":{"10-100":0.6}}"""),
                new WindowSample(At(4), "vibration", "R2", "", """{"rms":9}"""),
                new WindowSample(At(8), "vibration", "R1", "", """{"bandpower":{"10-100":0.1}}"""),
            ],
            AssetTypes.None);
        Assert.Equal(At(8), Us(Assert.Single(run.Told).Episode.End!.Value));
        Assert.Contains("10-100 Hz band power was 0.6 at R1", run.Told[0].Episode.Text);
    }

    [Fact]
    public void EndWithoutRule_RuleGone_EndsItsEpisode()
    {
        var rule = Rule("""{"type":"threshold","metric":"temp","above":80}""");
        var (told, memory) = Show(RuleMemory.Empty, rule, Points((0, 90)));

        var run = Run(memory, Start.AddMinutes(5), null);
        run.EndWithoutRule();

        var ended = Assert.Single(run.Told);
        Assert.Equal((told[0].Episode.EpisodeId, "rule", told[0].Subject), (ended.Episode.EpisodeId, ended.RuleId, ended.Subject));
        Assert.Equal(Start.AddMinutes(5), ended.Episode.End);
        Assert.Same(RuleMemory.Empty, run.After);
    }

    [Fact]
    public void EndWithoutRule_RuleWatchesSomethingElse_EndsItsEpisodeAndBeginsAnew()
    {
        var (told, memory) = Show(RuleMemory.Empty, Rule("""{"type":"threshold","metric":"temp","above":80}"""), Points((0, 90)));
        var edited = Rule("""{"type":"threshold","metric":"temp","above":100}""");
        var run = Run(memory, Start.AddMinutes(5), null, edited);
        run.EndWithoutRule();
        Assert.Equal(told[0].Episode.EpisodeId, Assert.Single(run.Told).Episode.EpisodeId);

        // Another name or severity is no other condition.
        run = Run(memory, Start.AddMinutes(
            5), null, Rule("""{"type":"threshold","metric":"temp","above":80}""", change: r => r with { Name = "Hot" }));
        run.EndWithoutRule();
        Assert.Empty(run.Told);
    }

    [Fact]
    public void Levels_BeyondTheLimit_AreNeitherHeldNorTold()
    {
        var rule = Rule("""{"type":"threshold","metric":"temp","above":80}""");
        var full = RuleMemory.Empty with
        {
            Levels = [.. Enumerable.Range(0, RuleLimits.MaxLevels)
                .Select(i => new LevelState("rule", $"x{i}", rule.Print, 0, true, 1, 1, 0))],
        };
        var (told, memory) = Show(full, rule, Points((0, 90)));
        Assert.Empty(told);
        Assert.Equal(RuleLimits.MaxLevels, memory.Levels.Length);
    }
}
