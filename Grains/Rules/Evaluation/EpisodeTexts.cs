using System.Globalization;
using EsoCore.Grains.Rules.Conditions;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>Sentences for people, with numbers and units.</summary>
internal static class EpisodeTexts
{
    internal static string Number(double value) =>
        Math.Abs(value) is >= 1e-3 and < 1e6 or 0 ? value.ToString("0.###", CultureInfo.InvariantCulture)
            : value.ToString("G4", CultureInfo.InvariantCulture);

    internal static string Time(TimeSpan time) => time switch
    {
        { TotalDays: >= 2 } => $"{Number(Math.Round(time.TotalDays, 1))} days",
        { TotalHours: >= 2 } => $"{Number(Math.Round(time.TotalHours, 1))} h",
        { TotalMinutes: >= 2 } => $"{Number(Math.Round(time.TotalMinutes, 1))} min",
        _ => $"{Number(Math.Round(time.TotalSeconds, 1))} s",
    };

    internal static string Of(LimitCondition condition, double value, ResolvedLimits limits, string unit, string asset, TimeSpan lasted)
    {
        var what = condition switch
        {
            RateOfChangeCondition rate =>
                $"{condition.Metric} changed by {Number(value)}{Unit(unit)} per {(rate.Per.TotalMinutes > 1 ? "hour" : "minute")}",
            WindowStatisticCondition { Band: { } band } => $"{condition.Metric} {band} Hz band power was {Number(value)}",
            WindowStatisticCondition statistic => $"{condition.Metric} {statistic.Stat} was {Number(value)}{Unit(unit)}",
            _ => $"{condition.Metric} was {Number(value)}{Unit(unit)}",
        };
        var side = value < limits.Below ? "below" : "above";
        return $"{what}{At(asset)}, {side} the limit of {Number(limits.LimitOf(value))}{Unit(unit)}{For(lasted)}.";
    }

    internal static string Of(CompiledRule rule, EventEpisode episode)
    {
        var condition = (EventCondition)rule.Condition;
        var start = episode.Start;
        var name = start.EventType.Replace('_', ' ');
        var numbers = episode is { Value: { } value, Limit: { } limit } && condition.Count == 1
            ? $" ({Number(value)}, limit {Number(limit)})" : "";
        if (condition.Count > 1)
            return $"{episode.Count} times {name} within {Time(condition.Within)}{At(start.AssetId)}; the limit is {condition.Count}.";
        var told = string.IsNullOrEmpty(start.Description) ? ""
            : $": {Texts.Cut(start.Description.TrimEnd('.'), RuleLimits.MaxToldDescription)}";
        var often = episode.Count > 1 ? $", {episode.Count} times" : "";
        var lasted = !condition.IsRestored ? ""
            : episode.EndUs is { } end ? $"; it lasted {Time(TimeSpan.FromMicroseconds(end - start.Key.TsUs))}" : "; it has not ended yet";
        return $"{Capital(name)}{At(start.AssetId)}{numbers}{told}{often}{lasted}.";
    }

    internal static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];

    private static string Unit(string unit) => unit.Length == 0 ? "" : $" {unit}";

    private static string At(string? asset) => string.IsNullOrEmpty(asset) ? "" : $" at {asset}";

    private static string For(TimeSpan lasted) => lasted > TimeSpan.Zero ? $" for {Time(lasted)}" : "";
}
