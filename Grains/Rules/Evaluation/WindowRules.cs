using System.Text.Json;
using EsoCore.Grains.Rules.Conditions;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>A window as rules see it.</summary>
internal readonly record struct WindowSample(long TsUs, string Metric, string Asset, string Meta, string Stats);

/// <summary>
/// Rules over the statistics of windows, as the device computed them. Only windows above the twin's mark are shown to them.
/// </summary>
internal static class WindowRules
{
    /// <param name="windows">In order of time.</param>
    internal static void Evaluate(RuleRun run, IEnumerable<WindowSample> windows, AssetTypes types)
    {
        var sources = windows.Where(window => window.Stats.Length > 0)
            .GroupBy(window => (window.Metric, window.Asset, Sensor: SensorOf(window)));
        foreach (var source in sources)
        {
            if (run.Mutes.Any(mute => mute.IsMuted && (mute.Sensor == source.Key.Metric || mute.Sensor == source.Key.Sensor)))
                continue;
            foreach (var rule in run.Rules.OfWindow(source.Key.Metric))
            {
                if (rule.Concerns(source.Key.Asset, types) && ((LimitCondition)rule.Condition).Limits.Resolve(run.Rated) is { } limits)
                    Evaluate(run, rule, limits, source, $"w:{source.Key.Metric}:{source.Key.Asset}:{source.Key.Sensor}", source.Key.Asset);
            }
        }
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
