using System.Collections.Immutable;
using System.Text;
using EsoCore.Config;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Grains.Rules.Evaluation;
using EsoCore.Grains.Storage;
using EsoCore.Grains.Telemetry;
using EsoCore.Incidents;
using EsoCore.Rules;

namespace EsoCore.Tests.Rules;

/// <summary>Rules, runs and records for tests of evaluators.</summary>
internal static class RuleSeeds
{
    internal static readonly DateTimeOffset Start = new(2026, 3, 2, 10, 0, 0, TimeSpan.Zero);
    internal static readonly Guid DeviceId = Guid.Parse("0190b5c2-0000-7000-8000-000000000001");
    internal static readonly Guid ProjectId = Guid.Parse("0190b5c2-0000-7000-8000-000000000002");

    internal static RuleDefinition Definition(string condition) => new(
        "Test", null, true, RuleScope.All, SubjectKind.Device, new JsonText(condition), "high", TimeSpan.FromHours(1), null, []);

    internal static CompiledRule Rule(string condition, string id = "rule", Func<RuleDefinition, RuleDefinition>? change = null)
    {
        var definition = Definition(condition);
        definition = change is null ? definition : change(definition);
        Assert_Good(definition);
        return new CompiledRule(id, 3, definition);
    }

    private static void Assert_Good(RuleDefinition definition) => Xunit.Assert.Empty(RuleValidator.Validate("rule", definition));

    internal static RuleRun Run(RuleMemory memory, DateTimeOffset now, RatedValues? rated, params ImmutableArray<CompiledRule> rules) =>
        new(
        new RuleDevice(ProjectId, DeviceId, "S-1", "DOOR", "1.0", "HALL"), new DeviceRules(rules), memory, rated ?? RatedValues.None,
        Us(now));

    internal static RatedValues Rated(string name, double value) => new(
        ConfigSettings.Empty with { Thresholds = ImmutableSortedDictionary<string, JsonText>.Empty.Add(name, new JsonText($"{value}")) },
        null);

    internal static long Us(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    internal static long At(double second) => Us(Start.AddSeconds(second));

    internal static PointEntry[] Points(params (double Second, double Value)[] points) =>
        [.. points.Select((p, i) => new PointEntry(At(p.Second), p.Value, i))];

    /// <summary>Shows one series' points to rules; what they told, and their memory afterwards.</summary>
    internal static (IReadOnlyList<ToldEpisode> Told, RuleMemory Memory) Show(
        RuleMemory memory, CompiledRule rule, PointEntry[] points, long markUs = long.MinValue, RatedValues? rated = null, string meta = "",
        string asset = "")
    {
        var run = Run(memory, Start, rated, rule);
        PointRules.Evaluate(run, [rule], new SeriesKey("temp", "°C", asset, meta), 1, points, markUs, AssetTypes.None);
        return (run.Told, run.After);
    }

    internal static NewEvent Event(
        string type, double second, string meta = "", string severity = "high", string? asset = null, string? category = null)
    {
        var hash = new UInt128(0, (ulong)HashOf($"{type}/{second}/{meta}/{asset}"));
        return new NewEvent(
            new Guid(BitConverter.GetBytes(At(second)).Concat(BitConverter.GetBytes((long)(ulong)hash)).ToArray()),
            new BodyKey(At(second), hash), type,
            category, severity, null, null, asset, meta);
    }

    internal static EventSurroundings Surroundings(OperatingHours? hours = null, RatedValues? rated = null) =>
        new(rated ?? RatedValues.None, hours ?? OperatingHours.Always, AssetTypes.None);

    /// <summary>The episodes told of a batch's events, given what was stored before.</summary>
    internal static List<RuleEpisode> Tell(
        CompiledRule rule, NewEvent[] events, NewEvent[]? stored = null, EventSurroundings? surroundings = null)
    {
        var run = Run(RuleMemory.Empty, Start, null, rule);
        EventRules.Evaluate(run, rule, [.. events], [.. stored ?? []], surroundings ?? Surroundings());
        return [.. run.Told.Select(told => told.Episode)];
    }

    private static uint HashOf(string text)
    {
        var hash = 2166136261;
        foreach (var b in Encoding.UTF8.GetBytes(text))
            hash = (hash ^ b) * 16777619;
        return hash;
    }
}
