using System.Text.Json;
using System.Text.Json.Serialization;

namespace EsoCore;

/// <summary>
/// One JSON value kept as its text (UTF-16, canonical where a grain made it), so that user-shaped data crosses the rooms
/// without being parsed and rebuilt. The default value stands for <c>null</c>.
/// </summary>
[GenerateSerializer, Immutable, Alias("json-text")]
[JsonConverter(typeof(JsonTextConverter))]
public readonly record struct JsonText([property: Id(0)] string? Value)
{
    /// <summary>The empty object.</summary>
    public static JsonText EmptyObject { get; } = new("{}");

    /// <inheritdoc/>
    public override string ToString() => Value ?? "null";
}

/// <summary>Writes the text as it is, and keeps the text of whatever value stands where one is read.</summary>
public sealed class JsonTextConverter : JsonConverter<JsonText>
{
    /// <inheritdoc/>
    public override JsonText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return new JsonText(document.RootElement.GetRawText());
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, JsonText value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.ToString(), skipInputValidation: true);
}
