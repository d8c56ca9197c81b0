using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Rules;

/// <summary>
/// The rules that concern devices of the same traits (model, site, tags), sorted by what sets them off. One is shared by all of them, and
/// matched to each set of series once.
/// </summary>
internal sealed class DeviceRules
{
    private static readonly ImmutableArray<CompiledRule> NoRules = [];

    private readonly FrozenDictionary<string, ImmutableArray<CompiledRule>> _byType;
    private readonly ImmutableArray<CompiledRule> _byOther;
    private readonly FrozenDictionary<string, ImmutableArray<CompiledRule>> _points;
    private readonly FrozenDictionary<string, ImmutableArray<CompiledRule>> _windows;
    private readonly ConditionalWeakTable<SeriesSet, ImmutableArray<CompiledRule>[]> _matched = [];

    internal DeviceRules(ImmutableArray<CompiledRule> rules)
    {
        All = rules;
        ById = rules.ToFrozenDictionary(rule => rule.Id, StringComparer.Ordinal);
        var events = rules.Where(rule => rule.Condition is EventCondition).ToList();
        _byType = Index(events, rule => ((EventCondition)rule.Condition).Types.Concat(Restoring((EventCondition)rule.Condition)));
        _byOther = [.. events.Where(rule => rule.Condition is EventCondition { Types.IsEmpty: true })];
        _points = Index(
            rules.Where(rule => rule.Condition is LimitCondition and not WindowStatisticCondition { Period: null }),
            rule => [((LimitCondition)rule.Condition).Metric]);
        _windows = Index(
            rules.Where(rule => rule.Condition is WindowStatisticCondition { Period: null }),
            rule => [((LimitCondition)rule.Condition).Metric]);
        States = [.. rules.Where(rule => rule.Condition is DeviceStateCondition && !rule.NeedsAsset)];
        Missing = [.. rules.Where(rule => rule.Condition is MissingDataCondition)];
        Anomalies = [.. rules.Where(rule => rule.Condition is AnomalyCondition)];
        WatchedEvents = Anomalies.Select(rule => rule.Condition).OfType<EventAnomalyCondition>().SelectMany(c => c.Types)
            .ToFrozenSet(StringComparer.Ordinal);
        MissingOfAssetTypes = [.. Missing.Where(rule => rule.NeedsAssetTypes)];
        NeedsAssetTypes = rules.Any(rule => rule.NeedsAssetTypes);
        NeedsHours = rules.Any(rule => rule.Condition is EventCondition { OutsideOperatingHours: true });
    }

    internal static DeviceRules None { get; } = new([]);

    internal ImmutableArray<CompiledRule> All { get; }

    internal FrozenDictionary<string, CompiledRule> ById { get; }

    internal ImmutableArray<CompiledRule> States { get; }

    internal ImmutableArray<CompiledRule> Missing { get; }

    /// <summary>Those of <see cref="Missing"/> that the types of a device's assets must be known for, whatever a batch names.</summary>
    internal ImmutableArray<CompiledRule> MissingOfAssetTypes { get; }

    internal ImmutableArray<CompiledRule> Anomalies { get; }

    /// <summary>Events whose rate a detector follows.</summary>
    internal FrozenSet<string> WatchedEvents { get; }

    internal bool NeedsAssetTypes { get; }

    internal bool NeedsHours { get; }

    internal bool HasPoints => _points.Count > 0;

    internal bool HasWindows => _windows.Count > 0;

    /// <summary>The event rules that an event may begin or end.</summary>
    internal IEnumerable<CompiledRule> OfEvent(string type) =>
        _byType.TryGetValue(type, out var rules) ? _byOther.IsEmpty ? rules : rules.Concat(_byOther).Distinct() : _byOther;

    /// <summary>Whether a detector follows values of a metric.</summary>
    internal bool Watches(string metric, RatedValues rated)
    {
        foreach (var rule in Anomalies)
        {
            if ((rule.Condition is MetricAnomalyCondition values && (values.Metrics.IsEmpty || values.Metrics.Contains(metric))) ||
                (rule.Condition is ForecastCondition forecast && forecast.Metric == metric && forecast.Limit.Resolve(rated) is not null))
                return true;
        }

        return false;
    }

    /// <summary>The rules over windows of a metric.</summary>
    internal ImmutableArray<CompiledRule> OfWindow(string metric) => _windows.GetValueOrDefault(metric, NoRules);

    /// <summary>The rules over points of a series.</summary>
    internal ImmutableArray<CompiledRule> OfSeries(SeriesKey key) => _points.GetValueOrDefault(key.Metric, NoRules);

    /// <summary>For each series of a set, the rules over its points.</summary>
    internal ImmutableArray<CompiledRule>[] OfSet(SeriesSet set) =>
        _matched.GetValue(set, found => [.. found.Items.Select(item => OfSeries(item.Key))]);

    private static IEnumerable<string> Restoring(EventCondition condition) => condition.IsRestored ? condition.RestoredBy : [];

    private static FrozenDictionary<string, ImmutableArray<CompiledRule>> Index(
        IEnumerable<CompiledRule> rules, Func<CompiledRule, IEnumerable<string>> names) =>
        rules.SelectMany(rule => names(rule).Distinct().Select(name => (name, rule))).GroupBy(pair => pair.name, pair => pair.rule)
            .ToFrozenDictionary(group => group.Key, group => group.ToImmutableArray(), StringComparer.Ordinal);
}
