using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text;
using EsoCore.Wire;

namespace EsoCore.Grains.Telemetry;

/// <summary>
/// One text for equal JSON values: keys in ordinal order, numbers by their double value, no white space. Two records whose <c>meta</c>
/// differ only in spelling are then the same series. Depth is bounded by the reader of the body (<see cref="TelemetryOptions.MaxDepth"/>).
/// </summary>
internal static class CanonicalJson
{
    private static readonly JsonDocumentOptions Parse = new() { MaxDepth = TelemetryOptions.MaxDepth };

    /// <summary>The canonical text of one JSON object, or the code why there is none. An empty object gives the empty text.</summary>
    internal static bool TryObject(ReadOnlyMemory<byte> utf8, out string text, out string? code)
    {
        text = "";
        using var document = JsonDocument.Parse(utf8, Parse);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            code = RecordCodes.BadMeta;
            return false;
        }

        var builder = new StringBuilder(utf8.Length);
        code = Append(builder, document.RootElement);
        if (code is null && builder.Length > TelemetryOptions.MaxMetaLength)
            code = RecordCodes.TooLong;
        if (code is null && builder.Length > 2)
            text = builder.ToString();
        return code is null;
    }

    private static string? Append(StringBuilder builder, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                return AppendObject(builder, element);
            case JsonValueKind.Array:
                return AppendArray(builder, element);
            case JsonValueKind.String:
                return TryGetString(element, out var text) ? AppendString(builder, text) : RecordCodes.BadString;
            case JsonValueKind.Number:
                return AppendNumber(builder, element);
            default:
                builder.Append(element.GetRawText());
                return null;
        }
    }

    private static string? AppendObject(StringBuilder builder, JsonElement element)
    {
        var properties = new List<(string Name, JsonElement Value)>();
        foreach (var property in element.EnumerateObject())
        {
            if (!TryGetName(property, out var name))
                return RecordCodes.BadString;
            properties.Add((name, property.Value));
        }

        properties.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        builder.Append('{');
        for (var i = 0; i < properties.Count; i++)
        {
            if (i > 0 && properties[i].Name == properties[i - 1].Name)
                return RecordCodes.DuplicateProperty;
            if (i > 0)
                builder.Append(',');
            AppendString(builder, properties[i].Name);
            builder.Append(':');
            if (Append(builder, properties[i].Value) is { } code)
                return code;
        }

        builder.Append('}');
        return null;
    }

    private static string? AppendArray(StringBuilder builder, JsonElement element)
    {
        builder.Append('[');
        var first = true;
        foreach (var item in element.EnumerateArray())
        {
            if (!first)
                builder.Append(',');
            first = false;
            if (Append(builder, item) is { } code)
                return code;
        }

        builder.Append(']');
        return null;
    }

    private static string? AppendString(StringBuilder builder, string text)
    {
        builder.Append('"').Append(JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)).Append('"');
        return null;
    }

    private static string? AppendNumber(StringBuilder builder, JsonElement element)
    {
        if (!JsonNumbers.TryParse(Encoding.ASCII.GetBytes(element.GetRawText()), out var value))
            return RecordCodes.BadNumber;
        // Adding zero turns -0 into 0, which is the same number.
        builder.Append((value + 0.0).ToString("R", CultureInfo.InvariantCulture));
        return null;
    }

    private static bool TryGetName(JsonProperty property, out string name)
    {
        try
        {
            name = property.Name;
            return !name.Contains('\0');
        }
        catch (InvalidOperationException)
        {
            // That is how the framework says that an escaped surrogate has no partner.
            name = "";
            return false;
        }
    }

    private static bool TryGetString(JsonElement element, out string text)
    {
        try
        {
            text = element.GetString()!;
            return !text.Contains('\0');
        }
        catch (InvalidOperationException)
        {
            text = "";
            return false;
        }
    }
}
