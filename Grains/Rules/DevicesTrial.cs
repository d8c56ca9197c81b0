using EsoCore.Grains.Incidents;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Rules;

namespace EsoCore.Grains.Rules;

/// <summary>What a rule over several devices makes of its devices' past episodes: those alone are not what it tells of.</summary>
internal static class DevicesTrial
{
    /// <summary>One for each time in which enough devices of a subject were concerned, by the sorting that incidents go by.</summary>
    internal static IEnumerable<TrialEpisode> Of(
        RuleDefinition rule, DevicesCondition condition, IEnumerable<TrialEpisode> episodes, DateTimeOffset now)
    {
        var timing = new RuleTiming(rule.ReopenWithin, rule.ResolveAfter, condition.Count, condition.Within);
        foreach (var of in episodes.GroupBy(episode => episode.Subject))
        {
            List<HeldEpisode> held =
            [
                .. of.Select(found => found.Episode).Select(e => new HeldEpisode(
                    e.EpisodeId, e.Source.DeviceId, e.Start, e.End, e.Lasts, e.HoldFor, e.Severity, e)),
            ];
            foreach (var cluster in EpisodeClusters.Of(held, [], timing, now))
            {
                var first = held[cluster.Members[0]].Told!;
                yield return new TrialEpisode(of.Key, first with
                {
                    Start = cluster.Start,
                    End = cluster.End,
                    Count = cluster.Count,
                    Text = $"{cluster.Devices} devices: {first.Text}",
                });
            }
        }
    }
}
