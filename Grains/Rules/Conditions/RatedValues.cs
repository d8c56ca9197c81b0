using System.Text.Json;
using EsoCore.Config;

namespace EsoCore.Grains.Rules.Conditions;

/// <summary>
/// The rated values of one device: <c>thresholds</c> of its own settings, and under them of its model's profile. A value is a number, or an
/// object with a number <c>rated</c>.
/// </summary>
internal sealed class RatedValues(ConfigSettings? profile, ConfigSettings? own)
{
    internal static RatedValues None { get; } = new(null, null);

    /// <summary>The number of that name, or null.</summary>
    internal double? Find(string name) =>
        own?.Thresholds is { } over && over.TryGetValue(name, out var text) ? Read(text)
        : profile?.Thresholds is { } under && under.TryGetValue(name, out text) ? Read(text)
        : null;

    /// <summary>A damaged value is none: the rules that ask for it then do not concern the device.</summary>
    private static double? Read(JsonText text)
    {
        try
        {
            return ReadNumber(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static double? ReadNumber(JsonText text)
    {
        var json = new Utf8JsonReader(System.Text.Encoding.UTF8.GetBytes(text.ToString()));
        if (!json.Read())
            return null;
        if (json.TokenType == JsonTokenType.Number)
            return json.GetDouble();
        if (json.TokenType != JsonTokenType.StartObject)
            return null;
        using var document = JsonDocument.Parse(text.ToString());
        return document.RootElement.TryGetProperty("rated", out var rated) && rated.ValueKind == JsonValueKind.Number ? rated.GetDouble()
            : null;
    }
}
