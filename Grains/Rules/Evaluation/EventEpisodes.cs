using System.Globalization;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Grains.Storage;
using EsoCore.Wire;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>An episode of an event rule, as the events known make it.</summary>
/// <param name="Key">What the episode's id follows from: the event that began it; of those that count events, the stretch of time.</param>
/// <param name="Start">The event that began it.</param>
/// <param name="EndUs">When an event ended it, or null.</param>
/// <param name="Count">How many events made it.</param>
/// <param name="Severity">The highest of them.</param>
internal sealed record EventEpisode(
    string Key, NewEvent Start, long? EndUs, int Count, Severity Severity, double? Value, double? Limit);

/// <summary>
/// The episodes that a set of events makes: a function of the set, so that events uploaded late and in any order give the same episodes in
/// the end. What changed by a batch is found by computing them without and with it.
/// </summary>
internal static class EventEpisodes
{
    /// <summary>The episodes, by their keys.</summary>
    internal static Dictionary<string, EventEpisode> Of(CompiledRule rule, EventSurroundings surroundings, IEnumerable<NewEvent> events)
    {
        var condition = (EventCondition)rule.Condition;
        var judged = events.Select(item => new Judged(
            item, condition.IsRestored && condition.RestoredBy.Contains(item.EventType), EventMatcher.Judge(rule, item, surroundings),
            EventMatcher.GroupOf(rule, item))).Where(item => item.Ends || item.Match.Holds).ToList();
        // Of one time, what begins comes before what ends it, as everywhere else.
        judged.Sort((a, b) => (a.Event.Key.TsUs, a.Ends, a.Event.Key.Hash).CompareTo((b.Event.Key.TsUs, b.Ends, b.Event.Key.Hash)));
        var found = new Dictionary<string, EventEpisode>(StringComparer.Ordinal);
        if (condition.Count > 1)
            Counted(condition, judged, found);
        else if (condition.IsRestored)
            Restored(judged, found);
        else
            Single(judged, found);
        return found;
    }

    private static string KeyOf(NewEvent start) => start.Id.ToString("D");

    private static void Single(List<Judged> judged, Dictionary<string, EventEpisode> found)
    {
        foreach (var (item, _, match, _) in judged)
            found[KeyOf(item)] = new EventEpisode(KeyOf(item), item, item.Key.TsUs, 1, SeverityOf(item), match.Value, match.Limit);
    }

    /// <summary>From the first event after a restoring one to the next restoring one.</summary>
    private static void Restored(List<Judged> judged, Dictionary<string, EventEpisode> found)
    {
        var open = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (item, ends, match, group) in judged)
        {
            if (ends)
                End(item, group, open, found);
            else if (open.TryGetValue(group, out var id))
                found[id] = Grown(found[id], item);
            else
            {
                var key = open[group] = KeyOf(item);
                found[key] = new EventEpisode(key, item, null, 1, SeverityOf(item), match.Value, match.Limit);
            }
        }
    }

    /// <summary>A restoring event that does not say of what ends all.</summary>
    private static void End(NewEvent item, string group, Dictionary<string, string> open, Dictionary<string, EventEpisode> found)
    {
        if (group.AsSpan().Trim('\n').IsEmpty)
        {
            foreach (var id in open.Values)
                found[id] = found[id] with { EndUs = item.Key.TsUs };
            open.Clear();
        }
        else if (open.Remove(group, out var id))
            found[id] = found[id] with { EndUs = item.Key.TsUs };
    }

    /// <summary>
    /// One episode for each stretch of the window's width, aligned to the epoch, in which enough events came within the window's width: its
    /// bounds do not depend on what came before, so that only events nearby must be known. It is known by its stretch, not by the event
    /// that made enough of them: that one is another while some are missing, or are more than can be read.
    /// </summary>
    private static void Counted(EventCondition condition, List<Judged> judged, Dictionary<string, EventEpisode> found)
    {
        var width = (long)condition.Within.TotalMicroseconds;
        foreach (var group in judged.GroupBy(item => item.Group, StringComparer.Ordinal))
        {
            var items = group.ToList();
            var started = (Stretch: long.MinValue, Key: "");
            for (var i = condition.Count - 1; i < items.Count; i++)
            {
                var item = items[i].Event;
                var stretch = (long)Math.Floor(item.Key.TsUs / (double)width);
                if (stretch == started.Stretch)
                    found[started.Key] = Grown(found[started.Key], item) with { Value = found[started.Key].Count + 1 };
                else if (item.Key.TsUs - items[i - condition.Count + 1].Event.Key.TsUs < width)
                {
                    started = (stretch, string.Create(CultureInfo.InvariantCulture, $"n:{stretch * width}:{group.Key}"));
                    found[started.Key] = Begun(started.Key, condition, items, i, width);
                }
            }
        }
    }

    private static EventEpisode Begun(string key, EventCondition condition, List<Judged> items, int at, long width)
    {
        var start = items[at].Event;
        var (count, severity) = (0, Severity.Info);
        for (var i = at; i >= 0 && start.Key.TsUs - items[i].Event.Key.TsUs < width; i--)
            (count, severity) = (count + 1, (Severity)Math.Max((int)severity, (int)SeverityOf(items[i].Event)));
        return new EventEpisode(key, start, start.Key.TsUs, count, severity, count, condition.Count);
    }

    private static EventEpisode Grown(EventEpisode episode, NewEvent item) => episode with
    {
        Count = episode.Count + 1,
        Severity = (Severity)Math.Max((int)episode.Severity, (int)SeverityOf(item)),
    };

    private static Severity SeverityOf(NewEvent item) => Severities.TryParse(item.Severity, out var severity) ? severity : Severity.Medium;

    private readonly record struct Judged(NewEvent Event, bool Ends, EventMatcher.Match Match, string Group);
}
