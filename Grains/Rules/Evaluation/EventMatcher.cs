using System.Text.Json;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Grains.Storage;
using EsoCore.Wire;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>What an event rule is judged by beside the event.</summary>
/// <param name="Rated">The device's rated values.</param>
/// <param name="Hours">Its site's operating hours.</param>
/// <param name="Types">Types of the assets that the events name.</param>
internal sealed record EventSurroundings(RatedValues Rated, OperatingHours Hours, AssetTypes Types);

/// <summary>Whether one event is what a rule asks for. Depends on nothing but the event and its surroundings.</summary>
internal static class EventMatcher
{
    /// <summary>The number that passed a limit, and the limit, where a predicate compared one.</summary>
    internal readonly record struct Match(bool Holds, double? Value, double? Limit);

    internal static Match Judge(CompiledRule rule, NewEvent item, EventSurroundings surroundings)
    {
        var condition = (EventCondition)rule.Condition;
        if (!IsOfKind(condition, item) || !rule.Concerns(item.AssetId ?? "", surroundings.Types))
            return default;
        if (condition.OutsideOperatingHours && surroundings.Hours.IsOpen(Micros.ToTime(item.Key.TsUs)))
            return default;
        var match = new Match(true, null, null);
        if (condition.Where.IsEmpty)
            return match;
        // Most devices have no such rated value: nothing needs to be read to know that.
        foreach (var predicate in condition.Where)
        {
            if (!predicate.IfUnknown && (predicate.Types.IsEmpty || predicate.Types.Contains(item.EventType))
                && !IsKnown(predicate, surroundings.Rated))
                return default;
        }

        using var document = item.Meta.Length > 0 ? JsonDocument.Parse(item.Meta) : null;
        foreach (var predicate in condition.Where)
        {
            if (!predicate.Types.IsEmpty && !predicate.Types.Contains(item.EventType))
                continue;
            var judged = Judge(predicate, document?.RootElement, surroundings.Rated);
            if (!judged.Holds)
                return default;
            match = judged.Value is null ? match : judged;
        }

        return match;
    }

    /// <summary>The text that events which belong together have alike; empty where the rule asks for none or the event has none.</summary>
    internal static string GroupOf(CompiledRule rule, NewEvent item)
    {
        var condition = (EventCondition)rule.Condition;
        var asset = rule.Definition.Subject == EsoCore.Rules.SubjectKind.Asset ? item.AssetId ?? "" : "";
        return condition.Same is null ? asset : $"{asset}\n{MetaText(item.Meta, condition.Same)}";
    }

    /// <summary>A field of meta as text; empty when it is not there.</summary>
    internal static string MetaText(string meta, string field)
    {
        if (meta.Length == 0)
            return "";
        using var document = JsonDocument.Parse(meta);
        return document.RootElement.TryGetProperty(field, out var value) ? TextOf(value) : "";
    }

    private static bool IsOfKind(EventCondition condition, NewEvent item) =>
        (condition.Types.IsEmpty || condition.Types.Contains(item.EventType)) &&
        (condition.Categories.IsEmpty || (item.Category is { } category && condition.Categories.Contains(category))) &&
        (condition.MinSeverity is not { } least || (Severities.TryParse(item.Severity, out var severity) && severity >= least));

    private static bool IsKnown(MetaPredicate predicate, RatedValues rated) =>
        (predicate.Above is null || predicate.Above.Resolve(rated) is not null) && (
            predicate.Below is null || predicate.Below.Resolve(rated) is not null);

    private static Match Judge(MetaPredicate predicate, JsonElement? meta, RatedValues rated)
    {
        var unknown = new Match(predicate.IfUnknown, null, null);
        if (meta is not { } root || !root.TryGetProperty(predicate.Field, out var value))
            return unknown;
        if (!predicate.OneOf.IsEmpty && !predicate.OneOf.Contains(TextOf(value)))
            return default;
        if (predicate.Above is null && predicate.Below is null)
            return new Match(true, null, null);
        if (value.ValueKind != JsonValueKind.Number)
            return unknown;
        var (number, above, below) = (value.GetDouble(), predicate.Above?.Resolve(rated), predicate.Below?.Resolve(rated));
        if ((predicate.Above is not null && above is null) || (predicate.Below is not null && below is null))
            return unknown;
        return new Match((above is null || number > above) && (below is null || number < below), number, above ?? below);
    }

    private static string TextOf(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
