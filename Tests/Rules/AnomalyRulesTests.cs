using EsoCore.Grains.Rules;
using EsoCore.Grains.Rules.Evaluation;
using EsoCore.Grains.Storage;
using EsoCore.Grains.Telemetry;
using Xunit;
using static EsoCore.Tests.Rules.RuleSeeds;

namespace EsoCore.Tests.Rules;

/// <summary>Rules over what is unusual, and what detectors keep.</summary>
public sealed class AnomalyRulesTests
{
    private static readonly SeriesKey Series = new("temp", "°C", "R1", "");

    [Fact]
    public void Metric_UnusualValue_IsToldInWordsAndNumbers()
    {
        var rule = Rule("""{"type":"anomaly","of":"metric","metrics":["temp"]}""");
        var random = new Random(7);
        var usual = Enumerable.Range(0, 1_000).Select(i => (60.0 * i, 20 + random.NextDouble())).ToArray();
        var run = Run(RuleMemory.Empty, Start, null, rule);
        var learnt = Show(run, DetectorSet.Empty, Points(usual), long.MinValue);
        Assert.InRange(run.Told.Count, 0, 1); // The first deviations of a young series may be told once.

        // What was learnt lives on in what was saved.
        learnt = DetectorSet.Read(learnt.Write(), "7", 0);
        run = Run(RuleMemory.Empty, Start, null, rule);
        Show(run, learnt, Points([.. usual[^1..], (60_000, 60)]), At(usual[^1].Item1));
        var told = Assert.Single(run.Told).Episode;
        Assert.StartsWith("temp ", told.Text);
        Assert.Contains("at R1: 60 °C, usually 1", told.Text);
        Assert.Equal((false, 60.0, "anomaly:temp"), (told.Lasts, told.Value, told.Cause));
    }

    [Fact]
    public void Forecast_OfASteadyRise_SaysInHowManyDays()
    {
        var rule = Rule("""{"type":"anomaly","of":"forecast","metric":"temp","above":{"rated":"temp_c"},"within_s":864000}""");
        var (memory, detectors, mark) = (RuleMemory.Empty, DetectorSet.Empty, long.MinValue);
        var texts = new List<(double Day, string Text)>();
        for (var hour = 0; hour < 24 * 14; hour++)
        {
            var run = Run(memory, Start.AddHours(hour), Rated("temp_c", 16), rule);
            detectors = Show(run, detectors, Points((3_600.0 * hour, hour / 24.0)), mark);
            (memory, mark) = (run.After, At(3_600.0 * hour));
            texts.AddRange(run.Told.Select(t => (hour / 24.0, t.Episode.Text)));
        }

        // Ten days ahead of the limit of 16 is day 6; it is told once, and stays.
        var (day, text) = Assert.Single(texts);
        Assert.InRange(day, 5.5, 7);
        Assert.Matches("^temp at R1 rises by 1 °C a day and passes 16 °C in about (9|10) days\\.$", text);
        Assert.Single(memory.Levels);
    }

    [Fact]
    public void Forecast_LimitNotKnown_FollowsNothing()
    {
        var rule = Rule("""{"type":"anomaly","of":"forecast","metric":"temp","above":{"rated":"temp_c"}}""");
        var run = Run(RuleMemory.Empty, Start, null, rule);
        Assert.Same(DetectorSet.Empty, Show(run, DetectorSet.Empty, Points((0, 1)), long.MinValue));
        Assert.False(run.Rules.Watches("temp", run.Rated));
    }

    [Fact]
    public void Detectors_BeyondTheLimit_MakeRoomForThoseFedLast()
    {
        var set = DetectorSet.Empty;
        for (var i = 0; i < 40; i++)
            set = set.With($"a:s{i}", [1], i);
        Assert.Equal(RuleLimits.MaxDetectors, set.Detectors.Count);
        Assert.All(set.Detectors.Values, detector => Assert.True(detector.FedUs >= 40 - RuleLimits.MaxDetectors));
    }

    [Fact]
    public void Detectors_SavedByAnotherVersion_BeginAnew()
    {
        var rule = Rule("""{"type":"anomaly","of":"metric"}""");
        var run = Run(RuleMemory.Empty, Start, null, rule);
        var odd = DetectorSet.Empty.With("a:s1", [9, 9], 0);
        Assert.True(Show(run, odd, Points((0, 1)), long.MinValue).Find("a:s1")!.Length > 100);
    }

    private static DetectorSet Show(RuleRun run, DetectorSet detectors, PointEntry[] points, long markUs) =>
        AnomalyRules.Points(run, detectors, Series, 1, points, markUs, AssetTypes.None);
}
