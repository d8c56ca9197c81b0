using EsoCore.Grains.Rules;
using EsoCore.Grains.Rules.Conditions;
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
        learnt = DetectorSet.Read(learnt.Write(), "7");
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
    public void MetricRule_BuiltIn_AsksForWhatAMonthHasOneFalseAlarmAt()
    {
        var rule = new CompiledRule("metric_anomaly", 1, DefaultRules.All["metric_anomaly"]);
        Assert.Equal(0.9, Assert.IsType<MetricAnomalyCondition>(rule.Condition).MinLikelihood);
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
    public void Detectors_MoreSeriesThanPlaces_TheFirstKeepTheirsAndLearn()
    {
        var rule = Rule("""{"type":"anomaly","of":"metric"}""");
        var set = DetectorSet.Empty;
        for (var round = 0; round < 10; round++)
            set = ShowAll(set, round);
        var alone = DetectorSet.Empty;
        for (var round = 0; round < 10; round++)
            alone = ShowOne(alone, round, 1);
        Assert.Equal(alone.Find("a:s1"), set.Find("a:s1"));
        Assert.Equal(
            Enumerable.Range(1, RuleLimits.MaxDetectors).Select(no => $"a:s{no}").Order(), set.Detectors.Keys.Order());
        Assert.True(set.IsShort);
        Assert.False(alone.IsShort);
        Assert.True(set.HasPlaceFor("e:sensor_fault", 0));

        // What is fed no longer gives its place to what is, in time.
        var later = (int)RuleLimits.DetectorIdle.TotalMinutes + 10;
        Assert.Null(ShowOne(set, later - 20, 17).Find("a:s17"));
        Assert.NotNull(ShowOne(set, later, 17).Find("a:s17"));
        Assert.Equal(RuleLimits.MaxDetectors, ShowOne(set, later, 17).Detectors.Count);

        DetectorSet ShowAll(DetectorSet before, int minute) =>
            Enumerable.Range(1, RuleLimits.MaxDetectors + 4).Aggregate(before, (learnt, no) => ShowOne(learnt, minute, no));

        DetectorSet ShowOne(DetectorSet before, int minute, int no) => AnomalyRules.Points(
            Run(RuleMemory.Empty, Start.AddMinutes(minute), null, rule), before, Series with { Meta = $"{no}" }, no,
            Points((60.0 * minute, minute)), long.MinValue, AssetTypes.None);
    }

    [Fact]
    public void Events_ThatDouble_AreToldAnewAndTheEndKeepsTheirNumber()
    {
        var rule = Rule("""{"type":"anomaly","of":"events","types":["sensor_fault"],"min_count":5}""");
        var past = new Dictionary<string, EventPast> { ["sensor_fault"] = new(Us(Start.AddDays(-20)), []) };
        var (memory, detectors) = (RuleMemory.Empty, DetectorSet.Empty);
        var texts = new List<string>();
        for (var minute = 0; minute < 14; minute++)
            Take(minute, [Event("sensor_fault", 60 * minute)]);
        Take(60 * 30, []);

        // Told when it becomes unusual and when it has doubled, as one episode, and what it was when it is over.
        Assert.Equal(["5 sensor faults in 24 h, usually 0.", "10 sensor faults in 24 h, usually 0."], texts[..2]);
        Assert.Matches("^10 sensor faults in 24 h, usually 0(-1)?; now 0\\.$", Assert.Single(texts[2..]));

        void Take(double minute, NewEvent[] events)
        {
            var run = Run(memory, Start.AddMinutes(minute), null, rule);
            detectors = AnomalyRules.Events(run, detectors, [.. events], long.MinValue, past);
            memory = run.After;
            texts.AddRange(run.Told.Select(told => told.Episode.Text));
        }
    }

    [Fact]
    public void Unknown_RateWithoutAPlace_IsNotAskedFor_AndWhatIsHeldOfItEnds()
    {
        var rule = Rule("""{"type":"anomaly","of":"events","types":["sensor_fault"],"min_count":5}""");
        var past = new Dictionary<string, EventPast> { ["sensor_fault"] = new(Us(Start.AddDays(-20)), []) };
        var faults = Enumerable.Range(0, 6).Select(i => Event("sensor_fault", i)).ToArray();
        var run = Run(RuleMemory.Empty, Start, null, rule);
        Assert.Equal("sensor_fault", Assert.Single(AnomalyRules.Unknown(run, DetectorSet.Empty, [.. faults])));
        AnomalyRules.Events(run, DetectorSet.Empty, [.. faults], long.MinValue, past);
        Assert.Single(run.After.Levels);

        var full = Enumerable.Range(0, RuleLimits.MaxDetectors).Aggregate(
            DetectorSet.Empty, (set, no) => set.With($"{DetectorSet.RatePrefix}other_{no}", [], Us(Start)));
        run = Run(run.After, Start.AddMinutes(1), null, rule);
        Assert.Empty(AnomalyRules.Unknown(run, full, [.. faults]));
        Assert.Empty(AnomalyRules.Unknown(run, full, []));
        AnomalyRules.Events(run, full, [], long.MinValue, new Dictionary<string, EventPast>());
        Assert.Contains("watched no longer", Assert.Single(run.Told).Episode.Text);
        Assert.Empty(run.After.Levels);

        // A place that nothing feeds any longer can be had.
        run = Run(RuleMemory.Empty, Start + RuleLimits.DetectorIdle, null, rule);
        Assert.Equal("sensor_fault", Assert.Single(AnomalyRules.Unknown(run, full, [.. faults])));
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
