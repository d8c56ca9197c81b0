using System.Globalization;
using System.Text.Json;
using EsoCore.Grains.Rules.Conditions;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>A window as rules see it.</summary>
/// <param name="LengthS">What it was measured over, in seconds; null where the device did not say.</param>
internal readonly record struct WindowSample(long TsUs, string Metric, string Asset, string Meta, string Stats, double? LengthS = null);

/// <summary>
/// Rules over the statistics of windows, as the device computed them. Only windows above their source's mark are followed: a source has one
/// of its own, because a device sends one asset's or one sensor's windows after another's, and long windows later than short ones.
/// </summary>
internal static class WindowRules
{
    /// <param name="windows">In order of time.</param>
    internal static void Evaluate(RuleRun run, IEnumerable<WindowSample> windows, AssetTypes types)
    {
        var sources = windows.Where(window => window.Stats.Length > 0 && !run.Rules.OfWindow(window.Metric).IsEmpty)
            .GroupBy(window => (window.Metric, window.Asset, Sensor: SensorOf(window), window.LengthS));
        foreach (var source in sources)
        {
            var (metric, asset, sensor, length) = source.Key;
            var plain = $"{metric}:{asset}:{sensor}";
            var name = string.Create(CultureInfo.InvariantCulture, $"{plain}:{length}");
            var mark = MarkOf(run.Windows, name);
            List<WindowSample> fresh = [.. source.Where(window => window.TsUs > mark)];
            if (fresh.Count == 0)
                continue;
            run.Windows = Marked(run.Windows, name, fresh[^1].TsUs);
            if (run.Mutes.Any(mute => mute.IsMuted && (mute.Sensor == metric || mute.Sensor == sensor)))
                continue;
            foreach (var rule in run.Rules.OfWindow(metric))
            {
                if (!rule.Concerns(asset, types) || ((LimitCondition)rule.Condition).Limits.Resolve(run.Rated) is not { } limits)
                    continue;

                // What an earlier program holds, which did not tell lengths apart, ends under the name that it began under.
                var held = run.Find(rule.Id, $"w:{plain}") is not null;
                Evaluate(run, rule, limits, fresh, $"w:{(held ? plain : name)}", asset);
            }
        }
    }

    private static long MarkOf(ImmutableArray<WindowMark> marks, string source) =>
        (marks.FirstOrDefault(mark => mark.Source == source) ?? marks.FirstOrDefault(mark => mark.Source.Length == 0))?.MarkUs
            ?? long.MinValue;

    private static ImmutableArray<WindowMark> Marked(ImmutableArray<WindowMark> marks, string source, long markUs)
    {
        marks = marks.RemoveAll(mark => mark.Source == source).Add(new WindowMark(source, markUs));
        if (marks.Count(mark => mark.Source.Length > 0) <= RuleLimits.MaxWindowMarks)
            return marks;
        var oldest = marks.Where(mark => mark.Source.Length > 0).MinBy(mark => mark.MarkUs)!;
        var shared = Math.Max(oldest.MarkUs, marks.FirstOrDefault(mark => mark.Source.Length == 0)?.MarkUs ?? long.MinValue);
        return marks.RemoveAll(mark => mark == oldest || mark.Source.Length == 0).Add(new WindowMark("", shared));
    }

    private static void Evaluate(
        RuleRun run, CompiledRule rule, ResolvedLimits limits, IEnumerable<WindowSample> windows, string key, string asset)
    {
        var condition = (WindowStatisticCondition)rule.Condition;
        var tracker = new LevelTracker(run, rule, limits, new Watched(key, "", asset));
        foreach (var window in windows)
        {
            if (Read(window.Stats, condition) is { } value)
                tracker.Add(window.TsUs, value);
        }

        tracker.End();
    }

    private static string SensorOf(WindowSample window) => EventMatcher.MetaText(window.Meta, "sensor_id");

    private static double? Read(string stats, WindowStatisticCondition condition)
    {
        using var document = JsonDocument.Parse(stats);
        var root = document.RootElement;
        if (condition.Band is { } band)
        {
            return root.TryGetProperty("bandpower", out var bands) && bands.ValueKind == JsonValueKind.Object
                && bands.TryGetProperty(band, out var power) && power.ValueKind == JsonValueKind.Number ? power.GetDouble() : null;
        }

        // Devices call the average mean as well.
        return root.TryGetProperty(condition.Stat, out var value) || (condition.Stat == "avg" && root.TryGetProperty("mean", out value))
            ? value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null : null;
    }
}
