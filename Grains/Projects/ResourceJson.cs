using System.Text.Json;
using System.Text.Json.Serialization;

namespace EsoCore.Grains.Projects;

/// <summary>How definitions are written into their rows: snake_case, nulls left out, unknown fields passed over.</summary>
internal static class ResourceJson
{
    /// <summary>The one set of options.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };
}
