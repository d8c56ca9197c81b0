using System.Text.Json;
using EsoCore.Wire;

namespace EsoCore.Api;

/// <summary>Query parameters of the lists of incidents and tickets.</summary>
internal static class IncidentQueries
{
    /// <summary>Words of an enum, with commas between them; empty when absent.</summary>
    public static ImmutableArray<T> Words<T>(this QueryReader query, string name)
        where T : struct, Enum
    {
        if (query.Text(name, 128) is not { } text)
            return [];
        var words = ImmutableArray.CreateBuilder<T>();
        foreach (var word in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (TryWord<T>(word, out var value))
                words.Add(value);
            else
                query.Fault(name, $"must be of: {string.Join(", ", Enum.GetNames<T>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName))}");
        }

        return [.. words.Distinct()];
    }

    /// <summary>A member of an enum by its word on the wire.</summary>
    public static bool TryWord<T>(string word, out T value)
        where T : struct, Enum
    {
        foreach (var candidate in Enum.GetValues<T>())
        {
            if (JsonNamingPolicy.SnakeCaseLower.ConvertName(candidate.ToString()) == word)
            {
                value = candidate;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>A severity.</summary>
    public static string? Severity(this QueryReader query, string name)
    {
        if (query.Text(name, 16) is not { } text)
            return null;
        if (Severities.TryParse(text, out var severity))
            return Severities.NameOf(severity);
        query.Fault(name, "must be info, low, medium, high or critical");
        return null;
    }
}
