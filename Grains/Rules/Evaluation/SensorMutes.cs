using EsoCore.Grains.Rules.Conditions;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>
/// Sensors that metric rules pass over: those of whose fault a rule with the action <c>disable_sensor_alerts</c> has told, until the fault
/// is over or people enable their alerts again. Follows from the episodes, so that it does not depend on the order of uploads.
/// </summary>
internal static class SensorMutes
{
    /// <summary>The field of meta that names a sensor, in events as in series.</summary>
    private const string Field = "sensor_id";

    /// <summary>Whether a series is measured by a sensor that is muted; a fault may also name the metric itself.</summary>
    internal static bool IsMuted(ImmutableArray<MutedSensor> mutes, SeriesKey key)
    {
        if (mutes.IsEmpty)
            return false;
        var sensor = EventMatcher.MetaText(key.Meta, Field);
        return mutes.Any(mute => mute.IsMuted && (mute.Sensor == key.Metric || mute.Sensor == sensor));
    }

    /// <summary>The mutes after events of a rule that mutes sensors.</summary>
    /// <param name="touched">The batch's events that begin or end its episodes.</param>
    /// <param name="episodes">Its episodes as they stand by now.</param>
    internal static ImmutableArray<MutedSensor> After(
        ImmutableArray<MutedSensor> mutes, CompiledRule rule, IEnumerable<NewEvent> touched, IReadOnlyCollection<EventEpisode> episodes)
    {
        var condition = (EventCondition)rule.Condition;
        var ends = condition.IsRestored;
        var names = touched.Select(item => (Name: SensorOf(item), Event: item)).ToList();
        // A restoring event that does not say of which sensor ends the faults of all before it.
        var allUs = !ends ? long.MinValue : names.Where(n => n.Name.Length == 0 && condition.RestoredBy.Contains(n.Event.EventType))
            .Select(n => n.Event.Key.TsUs).DefaultIfEmpty(long.MinValue).Max();
        var ended = mutes.Where(mute => IsOf(mute, rule) && mute.FaultUs <= allUs).Select(mute => mute.Sensor);
        foreach (var sensor in names.Select(n => n.Name).Where(name => name.Length > 0).Concat(ended).Distinct().ToList())
        {
            var faultUs = episodes.Where(e => (!ends || e.EndUs is null) && SensorOf(e.Start) == sensor).Select(e => e.Start.Key.TsUs)
                .DefaultIfEmpty(long.MinValue).Max();
            var known = mutes.FirstOrDefault(mute => mute.Sensor == sensor && IsOf(mute, rule));
            // A fault without an end of its own stands until people end it, whatever comes later from before it.
            if (known is not null && !ends)
                faultUs = Math.Max(faultUs, known.FaultUs);
            var after = new MutedSensor(sensor, faultUs, known?.EnabledUs ?? long.MinValue, rule.Id);
            mutes = known is not null ? mutes.Replace(known, after)
                : faultUs == long.MinValue ? mutes
                : (mutes.Length < RuleLimits.MaxMutes ? mutes : mutes.RemoveAt(0)).Add(after);
        }

        return mutes;
    }

    /// <summary>The mutes after people dealt with the faults of a rule: those that began later, or of other rules, still count.</summary>
    /// <param name="upToUs">The faults that began up to then count no longer.</param>
    internal static ImmutableArray<MutedSensor> Enable(ImmutableArray<MutedSensor> mutes, string ruleId, long upToUs)
    {
        foreach (var known in mutes.Where(mute => mute.EnabledUs < upToUs && (mute.Rule is null || mute.Rule == ruleId)))
            mutes = mutes.Replace(known, known with { EnabledUs = upToUs });
        return mutes;
    }

    /// <summary>The mutes without those of rules that concern the device no longer, or no longer mute.</summary>
    internal static ImmutableArray<MutedSensor> OfRules(ImmutableArray<MutedSensor> mutes, DeviceRules rules) => mutes.RemoveAll(
        mute => mute.Rule is null ? !rules.All.Any(rule => rule.MutesSensors)
            : !rules.ById.TryGetValue(mute.Rule, out var rule) || !rule.MutesSensors);

    private static bool IsOf(MutedSensor mute, CompiledRule rule) => mute.Rule is null || mute.Rule == rule.Id;

    private static string SensorOf(NewEvent item) =>
        EventMatcher.MetaText(item.Meta, Field) is { Length: > 0 } sensor ? sensor : EventMatcher.MetaText(item.Meta, "metric");
}
