using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using EsoCore.Wire;

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
    /// <summary>Characters of the longest time that is looked at.</summary>
    private const int MaxLength = 64;

    private const int DateLength = 10;

    // An offset may lead out of the years that the framework knows.
    private static readonly long Earliest = (DateTimeOffset.MinValue - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
    private static readonly long Latest = (DateTimeOffset.MaxValue - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

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
        if (text is null || text.Length > MaxLength)
            return false;
        Span<byte> utf8 = stackalloc byte[3 * MaxLength];
        utf8 = utf8[..Encoding.UTF8.GetBytes(text, utf8)];
        if (utf8.Length > DateLength && utf8[DateLength] == ' ')
            utf8[DateLength] = (byte)'T'; // RFC 3339 lets people write it so.
        if (!default(Rfc3339).TryParse(utf8, out var us) || us < Earliest || us > Latest)
            return false;
        time = DateTimeOffset.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond);
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
}

internal sealed class TimestampConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Timestamps.TryParse(reader.GetString(), out var time) ? time : throw new JsonException("An RFC 3339 time is expected.");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Timestamps.Format(value));
}
