using System.Globalization;
using System.Text.Json;
using EsoCore.Grains.Rules.Conditions;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>A window as rules see it.</summary>
/// <param name="LengthS">What it was measured over, in seconds; null where the device did not say.</param>
internal readonly record struct WindowSample(long TsUs, string Metric, string Asset, string Meta, string Stats, double? LengthS = null);

/// <summary>
/// Rules over the statistics of windows, as the device computed them. Only windows above their source's mark are followed: a source has one
/// of its own, because a device sends one asset's or one sensor's windows after another's, and long windows later than short ones. What is
/// held goes on whatever their length: people may change it.
/// </summary>
internal static class WindowRules
{
    /// <param name="windows">In order of time.</param>
    internal static void Evaluate(RuleRun run, IEnumerable<WindowSample> windows, AssetTypes types)
    {
        var sources = windows.Where(window => window.Stats.Length > 0 && !run.Rules.OfWindow(window.Metric).IsEmpty)
            .GroupBy(window => (window.Metric, window.Asset, Sensor: SensorOf(window)));
        foreach (var source in sources)
        {
            var (metric, asset, sensor) = source.Key;
            var name = $"{metric}:{asset}:{sensor}";
            var fresh = Fresh(run, source, name);
            if (fresh.Count == 0 || run.Mutes.Any(mute => mute.IsMuted && (mute.Sensor == metric || mute.Sensor == sensor)))
                continue;
            foreach (var rule in run.Rules.OfWindow(metric))
            {
                try
                {
                    if (rule.Concerns(asset, types) && ((LimitCondition)rule.Condition).Limits.Resolve(run.Rated) is { } limits)
                        Evaluate(run, rule, limits, fresh, $"w:{name}", asset);
                    else
                        run.EndUnconcerned(rule, $"w:{name}");
                }
                catch (Exception error)
                {
                    run.PassOver(rule.Id, error);
                }
            }
        }
    }

    /// <summary>Windows above the mark of their length, in order of time, and marks them.</summary>
    private static List<WindowSample> Fresh(RuleRun run, IEnumerable<WindowSample> windows, string name)
    {
        var fresh = new List<WindowSample>();
        foreach (var length in windows.GroupBy(window => window.LengthS))
        {
            var source = string.Create(CultureInfo.InvariantCulture, $"{name}:{length.Key}");
            var mark = MarkOf(run.Windows, source);
            List<WindowSample> above = [.. length.Where(window => window.TsUs > mark)];
            if (above.Count == 0)
                continue;
            run.Windows = Marked(run.Windows, source, above[^1].TsUs);
            fresh.AddRange(above);
        }

        fresh.Sort((a, b) => a.TsUs.CompareTo(b.TsUs));
        return fresh;
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
