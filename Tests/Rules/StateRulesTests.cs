using EsoCore.Devices;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Rules.Evaluation;
using EsoCore.Grains.Storage;
using EsoCore.Incidents;
using Xunit;
using static EsoCore.Tests.Rules.RuleSeeds;

namespace EsoCore.Tests.Rules;

/// <summary>What the built-in rules make of a device that lags behind, or runs something else than it should.</summary>
public sealed class StateRulesTests
{
    private static readonly DeviceFacts Right = new(true, 0, null, null, null, 7, 7, "1.5.0", "1.5.0");

    private RuleMemory _memory = RuleMemory.Empty;

    [Fact]
    public void Backlog_OlderThanADayForAnHour_IsToldOnceAndEndsWhenItIsSent()
    {
        var rule = BuiltIn("sync_backlog");
        var oldest = Start.AddHours(-24.5);
        Assert.Empty(Show(rule, 0, Waiting(oldest)));
        Assert.Empty(Show(rule, 59, Waiting(oldest)));
        var begun = Assert.Single(Show(rule, 61, Waiting(oldest)));
        Assert.Equal((Start, null, "sync_backlog", "medium", 86_400.0),
            (begun.Start, (object?)begun.End, begun.Cause, begun.Severity, begun.Limit));
        Assert.Equal((24.5 * 3_600) + (61 * 60), begun.Value);
        Assert.Empty(Show(rule, 90, Waiting(oldest)));

        // What is younger than a day may wait: the device is catching up.
        var ended = Assert.Single(Show(rule, 120, Waiting(Start.AddHours(-1))));
        Assert.Equal((begun.EpisodeId, Start.AddMinutes(120)), (ended.EpisodeId, ended.End!.Value));
        Assert.Same(RuleMemory.Empty, _memory);
    }

    [Fact]
    public void Backlog_SentWithinTheHour_IsToldToNobodyAndIsWaitedForAnew()
    {
        var rule = BuiltIn("sync_backlog");
        Assert.Empty(Show(rule, 0, Waiting(Start.AddHours(-25))));
        Assert.Empty(Show(rule, 30, Right with { Backlog = new Backlog(0, 0, null) }));
        Assert.Same(RuleMemory.Empty, _memory);
        Assert.Empty(Show(rule, 40, Waiting(Start.AddHours(-25))));
        Assert.Empty(Show(rule, 99, Waiting(Start.AddHours(-25))));
        Assert.Equal(Start.AddMinutes(40), Assert.Single(Show(rule, 100, Waiting(Start.AddHours(-25)))).Start);
    }

    [Theory]
    [InlineData("""{"type":"device_state","state":"sync_backlog","records":100}""", 101L, null, true)]
    [InlineData("""{"type":"device_state","state":"sync_backlog","records":100}""", 100L, 1_000L, false)]
    [InlineData("""{"type":"device_state","state":"sync_backlog","bytes":500}""", 1L, 501L, true)]
    [InlineData("""{"type":"device_state","state":"sync_backlog","bytes":500}""", 1_000L, 500L, false)]
    [InlineData("""{"type":"device_state","state":"sync_backlog","records":100,"bytes":500}""", 1L, 501L, true)]
    [InlineData("""{"type":"device_state","state":"sync_backlog","records":100,"bytes":500,"age_s":86400}""", null, null, false)]
    public void Backlog_BeyondAnyOfItsLimits_IsTold(string condition, long? records, long? bytes, bool isTold)
    {
        var told = Show(Rule(condition), 0, Right with { Backlog = new Backlog(records, bytes, null) });
        Assert.Equal(isTold, told.Count == 1);
    }

    [Fact]
    public void Mismatch_OfConfigurationForADay_IsToldAndEndsWithTheRightOne()
    {
        var rule = BuiltIn("firmware_mismatch");
        var wrong = Right with { ReportedConfig = 6 };
        Assert.Empty(Show(rule, 0, wrong));
        Assert.Empty(Show(rule, (24 * 60) - 1, wrong));
        var begun = Assert.Single(Show(rule, 24 * 60, wrong));
        Assert.Equal((Start, "firmware_mismatch", "low", 6.0, 7.0, "The device runs configuration 6 instead of 7."),
            (begun.Start, begun.Cause, begun.Severity, begun.Value!.Value, begun.Limit!.Value, begun.Text));
        Assert.Empty(Show(rule, 25 * 60, wrong));
        var ended = Assert.Single(Show(rule, 26 * 60, Right));
        Assert.Equal((begun.EpisodeId, Start.AddHours(26)), (ended.EpisodeId, ended.End!.Value));
        Assert.Same(RuleMemory.Empty, _memory);
    }

    [Fact]
    public void Mismatch_PutRightWithinTheDay_IsToldToNobody()
    {
        var rule = BuiltIn("firmware_mismatch");
        Assert.Empty(Show(rule, 0, Right with { ReportedFirmware = "1.4.2" }));
        Assert.Empty(Show(rule, 60, Right));
        Assert.Same(RuleMemory.Empty, _memory);
        Assert.Empty(Show(rule, 25 * 60, Right with { ReportedFirmware = "1.4.2" }));
    }

    [Theory]
    [InlineData("both", 6, "1.5.0", "1.5.0", true)]
    [InlineData("both", 7, "1.5.0", "1.4.2", true)]
    [InlineData("both", 7, null, "1.4.2", false)]
    [InlineData("both", 7, "1.5.0", null, false)]
    [InlineData("both", -1, "1.5.0", "1.5.0", false)]
    [InlineData("config", 7, "1.5.0", "1.4.2", false)]
    [InlineData("config", 6, "1.5.0", "1.5.0", true)]
    [InlineData("firmware", 6, "1.5.0", "1.5.0", false)]
    [InlineData("firmware", 6, "1.5.0", "1.4.2", true)]
    public void Mismatch_OfWhatIsLookedAtAndKnown_IsTold(string of, int config, string? desired, string? runs, bool isTold)
    {
        var rule = Rule($$"""{"type":"device_state","state":"firmware_mismatch","of":"{{of}}"}""");
        var told = Show(rule, 0, Right with { ReportedConfig = config, DesiredFirmware = desired, ReportedFirmware = runs });
        Assert.Equal(isTold, told.Count == 1);
    }

    private static CompiledRule BuiltIn(string id) => new(id, 1, DefaultRules.All[id]);

    private static DeviceFacts Waiting(DateTimeOffset oldest) => Right with { Backlog = new Backlog(1, 100, oldest) };

    /// <summary>Lets a rule look at the device, some minutes after the start; what it tells.</summary>
    private List<RuleEpisode> Show(CompiledRule rule, double minute, DeviceFacts facts)
    {
        var run = Run(_memory, Start.AddMinutes(minute), null, rule);
        StateRules.Evaluate(run, facts);
        _memory = run.After;
        return [.. run.Told.Select(told => told.Episode)];
    }
}
