using EsoCore.Grains.Rules.Conditions;
using EsoCore.Grains.Storage;
using EsoCore.Incidents;
using EsoCore.Wire;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>Rules over events: tells the episodes that a batch's events made, changed, or made part of another.</summary>
internal static class EventRules
{
    private static readonly TimeSpan WithdrawnHold = TimeSpan.FromSeconds(1);

    /// <summary>By rule, the events that may begin or end its episodes; empty when none concerns any.</summary>
    internal static Dictionary<CompiledRule, List<NewEvent>> Concerned(DeviceRules rules, ImmutableArray<NewEvent> events)
    {
        var concerned = new Dictionary<CompiledRule, List<NewEvent>>();
        foreach (var item in events)
        {
            foreach (var rule in rules.OfEvent(item.EventType))
            {
                if (!concerned.TryGetValue(rule, out var list))
                    concerned[rule] = list = [];
                list.Add(item);
            }
        }

        return concerned;
    }

    /// <summary>Evaluates one rule.</summary>
    /// <param name="events">The batch's events that concern it, accepted just now.</param>
    /// <param name="stored">Those stored around them before.</param>
    internal static void Evaluate(
        RuleRun run, CompiledRule rule, List<NewEvent> events, ImmutableArray<NewEvent> stored, EventSurroundings surroundings)
    {
        var condition = (EventCondition)rule.Condition;
        var before = stored.IsEmpty ? [] : EventEpisodes.Of(rule, surroundings, stored);
        var after = EventEpisodes.Of(rule, surroundings, stored.Concat(events).DistinctBy(item => item.Id));
        if (!condition.NeedsStored && after.Count > RuleLimits.MaxEpisodesABatch)
            after = Cut(after);
        var changed = after.Where(pair => !before.TryGetValue(pair.Key, out var known) || !Same(known, pair.Value))
            .Select(pair => (Episode: pair.Value, IsOwed: pair.Value.EndUs is null || IsOpen(pair.Key)));
        foreach (var (episode, isOwed) in Newest(changed))
            Tell(run, rule, episode, isOwed);

        // What no longer begins an episode is withdrawn: it is part of another by now.
        var withdrawn = before.Where(pair => !after.ContainsKey(pair.Key)).Select(pair =>
            (Episode: pair.Value with { EndUs = pair.Value.Start.Key.TsUs, Count = 0 }, IsOwed: IsOpen(pair.Key)));
        foreach (var (episode, isOwed) in Newest(withdrawn))
            Tell(run, rule, episode, isOwed);

        if (rule.MutesSensors)
            run.Mutes = SensorMutes.After(run.Mutes, rule, events, after.Values);

        bool IsOpen(string key) => before.TryGetValue(key, out var known) && known.EndUs is null;
    }

    /// <summary>In order of time; what is owed goes before what is newer.</summary>
    private static IEnumerable<(EventEpisode Episode, bool IsOwed)> Newest(IEnumerable<(EventEpisode Episode, bool IsOwed)> episodes) =>
        episodes.OrderBy(item => item.IsOwed).ThenBy(item => item.Episode.Start.Key.TsUs).TakeLast(RuleLimits.MaxChangedEpisodes)
            .OrderBy(item => item.Episode.Start.Key.TsUs);

    /// <summary>The first ones on their own, all further ones as one.</summary>
    private static Dictionary<string, EventEpisode> Cut(Dictionary<string, EventEpisode> episodes)
    {
        var ordered = episodes.Values.OrderBy(e => e.Start.Key.TsUs).ThenBy(e => e.Start.Key.Hash).ToList();
        var cut = ordered.Take(RuleLimits.MaxEpisodesABatch).ToDictionary(e => e.Key, StringComparer.Ordinal);
        var rest = ordered[RuleLimits.MaxEpisodesABatch];
        cut[rest.Key] = rest with { Count = ordered.Count - RuleLimits.MaxEpisodesABatch };
        return cut;
    }

    private static bool Same(EventEpisode a, EventEpisode b) =>
        a.Start.Id == b.Start.Id && a.EndUs == b.EndUs && a.Count == b.Count && a.Severity == b.Severity && a.Value == b.Value;

    /// <summary>What is withdrawn must not look as if it had held.</summary>
    private static TimeSpan HoldFor(EventCondition condition, EventEpisode episode)
    {
        var lasting = condition.IsRestored ? condition.Lasting : TimeSpan.Zero;
        return episode.Count == 0 && lasting < WithdrawnHold ? WithdrawnHold : lasting;
    }

    private static void Tell(RuleRun run, CompiledRule rule, EventEpisode episode, bool isOwed)
    {
        var condition = (EventCondition)rule.Condition;
        var start = episode.Start;
        run.Tell(rule, start.AssetId, new RuleEpisode(
            run.Device.EpisodeId(rule.Id, episode.Key, 0),
            rule.Version,
            Micros.ToTime(start.Key.TsUs),
            episode.EndUs is { } end ? Micros.ToTime(end) : null,
            condition.IsRestored,
            HoldFor(condition, episode),
            rule.Definition.Severity ?? Severities.NameOf(episode.Severity),
            start.EventType,
            start.Id,
            episode.Count,
            episode.Value,
            episode.Limit,
            EpisodeTexts.Of(rule, episode),
            run.Device.Source(start.AssetId),
            start.Meta.Length <= RuleLimits.MaxEpisodeMeta ? start.Meta : ""), isOwed);
    }
}
