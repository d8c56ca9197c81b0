using System.Collections.Immutable;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Grains.Rules.Evaluation;
using EsoCore.Grains.Telemetry;
using EsoCore.Grains.Storage;
using Xunit;
using static EsoCore.Tests.Rules.RuleSeeds;

namespace EsoCore.Tests.Rules;

/// <summary>A rule that cannot be evaluated stops nothing but itself, and one whose limit is gone leaves nothing open.</summary>
public sealed class PoisonedRuleTests
{
    private readonly List<string> _faulty = [];

    [Fact]
    public void Points_OfARuleThatFails_AreShownToTheOthersOfTheMetric()
    {
        var bad = Rule("""{"type":"threshold","metric":"temp","above":80}""", "bad");
        var good = Rule("""{"type":"threshold","metric":"temp","above":80}""", "good");
        var run = Watched(Held(bad, "s1"), bad, good);

        PointRules.Evaluate(run, [bad, good], new SeriesKey("temp", "°C", "", ""), 1, Points((0, 70), (1, 90)), long.MinValue, AssetTypes.None);

        Assert.Equal(["bad"], _faulty);
        Assert.Equal("good", Assert.Single(run.Told).RuleId);
    }

    [Fact]
    public void Windows_ThatCannotBeRead_CostTheirOwnMetricOnly()
    {
        var bad = Rule("""{"type":"window_statistic","metric":"damaged","stat":"rms","above":1}""", "bad");
        var good = Rule("""{"type":"window_statistic","metric":"vibration","stat":"rms","above":1}""", "good");
        var run = Watched(RuleMemory.Empty, bad, good);

        WindowRules.Evaluate(
            run, [new WindowSample(At(0), "damaged", "", "", "{"), new WindowSample(At(0), "vibration", "", "", """{"rms":2}""")],
            AssetTypes.None);

        Assert.Equal(["bad"], _faulty);
        Assert.Equal("good", Assert.Single(run.Told).RuleId);
    }

    [Fact]
    public void States_OfARuleThatFails_AreJudgedByTheOthers()
    {
        var bad = Rule("""{"type":"device_state","state":"low_disk","used_percent":90}""", "bad");
        var good = Rule("""{"type":"device_state","state":"offline"}""", "good");
        var run = Watched(Held(bad, "state"), bad, good);

        StateRules.Evaluate(run, new DeviceFacts(false, At(0), null, null, null, 1, 1, null, null));

        Assert.Equal(["bad"], _faulty);
        Assert.Equal("good", Assert.Single(run.Told).RuleId);
    }

    [Fact]
    public void Threshold_WhoseRatedValueIsTakenAway_EndsWhatItHeld()
    {
        var rule = Rule("""{"type":"threshold","metric":"temp","above":{"rated":"temp_max"}}""");
        var (told, memory) = Show(RuleMemory.Empty, rule, Points((0, 90)), rated: Rated("temp_max", 80));
        Assert.Null(Assert.Single(told).Episode.End);

        (told, memory) = Show(memory, rule, Points((1, 91)), At(0), rated: null);

        Assert.NotNull(Assert.Single(told).Episode.End);
        Assert.Same(RuleMemory.Empty, memory);
    }

    /// <summary>A memory that no times can be made of.</summary>
    private static RuleMemory Held(CompiledRule rule, string key) => RuleMemory.Empty with
    {
        Levels = [new LevelState(
            rule.Id, key, rule.Print, long.MinValue, Told: true, 90, 1, At(0), $"device:{DeviceId:D}", "metric:temp", "high",
            HoldUs: long.MaxValue)],
    };

    private RuleRun Watched(RuleMemory memory, params ImmutableArray<CompiledRule> rules) => new(
        new RuleDevice(ProjectId, DeviceId, "S-1", "DOOR", "1.0", "HALL"), new DeviceRules(rules), memory, RatedValues.None, Us(Start))
    {
        OnFault = (rule, _) => _faulty.Add(rule),
    };
}
