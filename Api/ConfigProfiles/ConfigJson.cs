using System.Buffers;
using System.Text.Json;
using EsoCore.Config;

namespace EsoCore.Api;

/// <summary>Settings as JSON: the known ones by name, all others beside them as they are.</summary>
internal static class ConfigJson
{
    private const string SamplingRates = "sampling_rates";
    private const string WindowSizes = "window_sizes";
    private const string Thresholds = "thresholds";
    private const string NtpServers = "ntp_servers";
    private const string Endpoints = "endpoints";
    private const string UploadIntervalS = "upload_interval_s";
    private const string SamplingScale = "sampling_scale";
    private const string ConfigVersion = "config_version";

    private const string Model = "model";
    private const string Version = "version";

    // The last three are what we add to our own answers: a document read may be edited and sent back.
    private static readonly ImmutableHashSet<string> Known =
        [SamplingRates, WindowSizes, Thresholds, NtpServers, Endpoints, UploadIntervalS, SamplingScale, ConfigVersion, Model, Version];

    /// <summary>What a device gets: empty objects and lists where nothing is set.</summary>
    public static byte[] ToDevice(DeviceConfig config)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = ApiJson.Options.Encoder });
        var settings = config.Settings;
        json.WriteStartObject();
        json.WriteNumber(ConfigVersion, config.ConfigVersion);
        WriteMap(json, SamplingRates, settings.SamplingRates, json.WriteNumberValue);
        WriteMap(json, WindowSizes, settings.WindowSizes, json.WriteNumberValue);
        WriteMap(json, Thresholds, settings.Thresholds, value => json.WriteRawValue(value.ToString(), skipInputValidation: true));
        json.WriteStartArray(NtpServers);
        foreach (var server in settings.NtpServers ?? [])
            json.WriteStringValue(server);
        json.WriteEndArray();
        WriteMap(json, Endpoints, settings.Endpoints, json.WriteStringValue);
        if (settings.UploadIntervalS is { } interval)
            json.WriteNumber(UploadIntervalS, interval);
        if (settings.SamplingScale is { } scale)
            json.WriteNumber(SamplingScale, scale);
        WriteExtra(json, settings);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>What people set: only what is set. A profile names its model and version too.</summary>
    public static JsonText ToText(ConfigSettings settings, string? model = null, long version = 0)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = ApiJson.Options.Encoder });
        json.WriteStartObject();
        if (model is not null)
        {
            json.WriteString(Model, model);
            json.WriteNumber(Version, version);
        }

        if (settings.SamplingRates is not null)
            WriteMap(json, SamplingRates, settings.SamplingRates, json.WriteNumberValue);
        if (settings.WindowSizes is not null)
            WriteMap(json, WindowSizes, settings.WindowSizes, json.WriteNumberValue);
        if (settings.Thresholds is not null)
            WriteMap(json, Thresholds, settings.Thresholds, value => json.WriteRawValue(value.ToString(), skipInputValidation: true));
        if (settings.NtpServers is { } servers)
        {
            json.WritePropertyName(NtpServers);
            JsonSerializer.Serialize(json, servers, ApiJson.Options);
        }

        if (settings.Endpoints is not null)
            WriteMap(json, Endpoints, settings.Endpoints, json.WriteStringValue);
        if (settings.UploadIntervalS is { } interval)
            json.WriteNumber(UploadIntervalS, interval);
        if (settings.SamplingScale is { } scale)
            json.WriteNumber(SamplingScale, scale);
        WriteExtra(json, settings);
        json.WriteEndObject();
        json.Flush();
        return new JsonText(System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    /// <summary>Reads settings; faults stay in the form. What they may hold is the profile's grain to say.</summary>
    public static ConfigSettings Read(JsonForm form) => new(
        form.NumberMap(SamplingRates),
        form.NumberMap(WindowSizes),
        form.Map<object>(Thresholds, value => new JsonText(value.GetRawText()), "")?.ToImmutableSortedDictionary(p => p.Key, p => (JsonText)p.Value, StringComparer.Ordinal),
        form.TextList(NtpServers, maxItems: 64, maxLength: 256),
        form.TextMap(Endpoints, maxLength: 1_024),
        (int?)form.Whole(UploadIntervalS, 1, 86_400),
        ReadExtra(form),
        form.Number(SamplingScale));

    private static ImmutableSortedDictionary<string, JsonText>? ReadExtra(JsonForm form)
    {
        var extra = form.Names.Where(name => !Known.Contains(name) && form.Has(name))
            .ToImmutableSortedDictionary(name => name, name => new JsonText(form.Raw(name)!.Value.GetRawText()), StringComparer.Ordinal);
        return extra.IsEmpty ? null : extra;
    }

    private static void WriteMap<T>(Utf8JsonWriter json, string name, ImmutableSortedDictionary<string, T>? map, Action<T> write)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in map ?? ImmutableSortedDictionary<string, T>.Empty)
        {
            json.WritePropertyName(key);
            write(value);
        }

        json.WriteEndObject();
    }

    private static void WriteExtra(Utf8JsonWriter json, ConfigSettings settings)
    {
        foreach (var (key, value) in settings.Extra ?? ImmutableSortedDictionary<string, JsonText>.Empty)
        {
            if (Known.Contains(key))
                continue; // Twice the same name would make the answer ambiguous.
            json.WritePropertyName(key);
            json.WriteRawValue(value.ToString(), skipInputValidation: true);
        }
    }
}
