using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using EsoCore.Incidents;
using EsoCore.Tickets;

namespace EsoCore.Grains.Incidents;

/// <summary>How incidents, tickets and lines of the trail are written into their rows: snake_case, words for enums, nulls left out.</summary>
internal static class WorkJson
{
    /// <summary>The one set of options.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>A document's text.</summary>
    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);

    /// <summary>A document from its text.</summary>
    /// <exception cref="InvalidDataException">The row is damaged.</exception>
    public static T Read<T>(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options) ?? throw new InvalidDataException($"A stored {typeof(T).Name} is null.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"A stored {typeof(T).Name} cannot be read.", error);
        }
    }

    /// <summary>The word of a status.</summary>
    public static string WordOf(IncidentStatus status) => JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString());

    /// <summary>The word of a status.</summary>
    public static string WordOf(TicketStatus status) => JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString());
}
