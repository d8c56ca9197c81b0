using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace EsoCore.Api;

/// <summary>The one place that says what JSON looks like on the wire: snake_case members, dictionary keys as they are, RFC 3339 times.</summary>
internal static class ApiJson
{
    /// <summary>Nesting that a small body (anything but a batch) may have.</summary>
    public const int MaxDepth = 32;

    public static JsonSerializerOptions Options { get; } = Make();

    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DictionaryKeyPolicy = null; // Keys are users' words: metrics, tags, files.
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping; // Answers are never put into HTML, and "°C" stays short.
        options.NumberHandling = JsonNumberHandling.Strict;
        options.MaxDepth = 64;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        options.Converters.Add(new TimestampConverter());
    }

    private static JsonSerializerOptions Make()
    {
        var options = new JsonSerializerOptions { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };
        Configure(options);
        options.MakeReadOnly();
        return options;
    }
}

/// <summary>UTC times: milliseconds always, microseconds when there are any.</summary>
internal static class Timestamps
{
    private static readonly string[] NumericOffsets = ["+", "-"];

    public static string Format(DateTimeOffset time)
    {
        var utc = time.UtcDateTime;
        var format = utc.Ticks % TimeSpan.TicksPerMillisecond == 0 ? "yyyy-MM-ddTHH:mm:ss.fffZ" : "yyyy-MM-ddTHH:mm:ss.ffffffZ";
        return utc.ToString(format, CultureInfo.InvariantCulture);
    }

    /// <summary>Reads RFC 3339 with an offset or Z; digits beyond microseconds are cut off. A time without an offset is none.</summary>
    public static bool TryParse(string? text, out DateTimeOffset time)
    {
        time = default;
        if (text is null || text.Length is < 20 or > 40 || text[4] != '-' || text[10] is not ('T' or 't' or ' ') || !HasOffset(text))
            return false;
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var read))
            return false;
        time = new DateTimeOffset(read.Ticks - read.Ticks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
        return true;
    }

    /// <summary>Reads RFC 3339 or Unix milliseconds, the two forms of X-Timestamp.</summary>
    public static bool TryParseDeviceClock(string? text, out DateTimeOffset time)
    {
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var unixMs))
            return TryParse(text, out time);
        time = default;
        if (unixMs > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
            return false;
        time = DateTimeOffset.FromUnixTimeMilliseconds(unixMs);
        return true;
    }

    private static bool HasOffset(string text) =>
        text[^1] is 'Z' or 'z' || NumericOffsets.Any(sign => text.IndexOf(sign, 19, StringComparison.Ordinal) >= 0);
}

internal sealed class TimestampConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Timestamps.TryParse(reader.GetString(), out var time) ? time : throw new JsonException("An RFC 3339 time is expected.");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Timestamps.Format(value));
}
