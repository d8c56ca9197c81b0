using System.Text.Json;
using EsoCore.Config;
using EsoCore.Grains.Projects;
using EsoCore.Projects;

namespace EsoCore.Grains.Config;

/// <summary>Checks settings. Every fault is named, not just the first.</summary>
internal static class ConfigValidator
{
    /// <summary>What the device's answer holds beside further settings; none of those may take such a name.</summary>
    private static readonly ImmutableHashSet<string> ReservedNames =
        [
            "config_version", "sampling_rates", "window_sizes", "thresholds", "ntp_servers", "endpoints", "upload_interval_s",
            "sampling_scale",
        ];

    /// <summary>The faults of a profile; empty when it is good.</summary>
    public static ImmutableArray<FieldError> Validate(ConfigSettings settings)
    {
        var errors = new List<FieldError>();
        Check(errors, settings, "", ConfigLimits.MaxProfileBytes);
        return [.. errors];
    }

    /// <summary>Adds the faults of settings that may take <paramref name="maxBytes"/> as JSON.</summary>
    /// <param name="errors">Where to.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="prefix">What stands before the fields' names: empty, or a path with a dot at its end.</param>
    /// <param name="maxBytes">One of <see cref="ConfigLimits"/>.</param>
    public static void Check(List<FieldError> errors, ConfigSettings settings, string prefix, int maxBytes)
    {
        var before = errors.Count;
        Numbers(errors, prefix + "sampling_rates", settings.SamplingRates,
            hz => hz is >= 0 and <= ConfigLimits.MaxSamplingRateHz, "must be 0 (off) to 100000 samples per second");
        Numbers(errors, prefix + "window_sizes", settings.WindowSizes,
            s => s is > 0 and <= ConfigLimits.MaxWindowS, "must be above 0 and at most 3600 seconds");
        Values(errors, prefix + "thresholds", settings.Thresholds);
        Values(errors, prefix + "extra", settings.Extra);
        foreach (var name in settings.Extra?.Keys.Where(ReservedNames.Contains) ?? [])
            errors.Add(new FieldError($"{prefix}extra.{name}", "has a name that the configuration itself uses"));
        NtpServers(errors, prefix + "ntp_servers", settings.NtpServers);
        Endpoints(errors, prefix + "endpoints", settings.Endpoints);
        if (settings.UploadIntervalS is < 1 or > ConfigLimits.MaxUploadIntervalS)
            errors.Add(new FieldError(prefix + "upload_interval_s", $"must be 1 to {ConfigLimits.MaxUploadIntervalS} seconds"));

        if (settings.SamplingScale is { } scale && !(scale is >= InstallationSettings.MinSamplingScale and <= 1))
            errors.Add(new FieldError(prefix + "sampling_scale", $"must be {InstallationSettings.MinSamplingScale} to 1"));

        // Only settings that are otherwise good can be written out to be measured.
        if (errors.Count == before && Measure(settings) is var bytes && bytes > maxBytes)
            errors.Add(new FieldError(prefix.TrimEnd('.'), $"take {bytes} bytes as JSON; devices have room for {maxBytes}"));
    }

    private static int Measure(ConfigSettings settings)
    {
        var room = settings.SamplingRates?.Values.Sum(
            rate => Math.Max(0, ConfigLimits.MinRateBytes - JsonSerializer.SerializeToUtf8Bytes(rate).Length));
        return JsonSerializer.SerializeToUtf8Bytes(settings, ResourceJson.Options).Length + (room ?? 0);
    }

    private static void Numbers(
        List<FieldError> errors, string field, ImmutableSortedDictionary<string, double>? values, Func<double, bool> isGood, string rule)
    {
        Keys(errors, field, values?.Keys, ConfigLimits.MaxKeys);
        foreach (var (key, value) in values?.Take(ConfigLimits.MaxKeys) ?? [])
        {
            if (!isGood(value))
                errors.Add(new FieldError($"{field}.{key}", rule));
        }
    }

    private static void Values(List<FieldError> errors, string field, ImmutableSortedDictionary<string, JsonText>? values)
    {
        Keys(errors, field, values?.Keys, ConfigLimits.MaxKeys);
        foreach (var (key, value) in values?.Take(ConfigLimits.MaxKeys) ?? [])
        {
            if (!IsJson(value.ToString()))
                errors.Add(new FieldError($"{field}.{key}", $"must be a JSON value of at most {ConfigLimits.MaxDepth} levels"));
        }
    }

    private static void NtpServers(List<FieldError> errors, string field, ImmutableArray<string>? servers)
    {
        if (servers is not { IsDefault: false } list)
            return;
        if (list.Length > ConfigLimits.MaxNtpServers)
            errors.Add(new FieldError(field, $"must hold at most {ConfigLimits.MaxNtpServers} servers"));
        for (var i = 0; i < Math.Min(list.Length, ConfigLimits.MaxNtpServers); i++)
        {
            if (string.IsNullOrEmpty(list[i]) || Uri.CheckHostName(list[i]) == UriHostNameType.Unknown)
                errors.Add(new FieldError($"{field}[{i}]", "must be a host name or an address"));
        }
    }

    private static void Endpoints(List<FieldError> errors, string field, ImmutableSortedDictionary<string, string>? endpoints)
    {
        Keys(errors, field, endpoints?.Keys, ConfigLimits.MaxEndpoints);
        foreach (var (key, url) in endpoints?.Take(ConfigLimits.MaxEndpoints) ?? [])
        {
            // The host is asked for because a bare path is an absolute file URL on Unix.
            if (url is null || url.Length > ConfigLimits.MaxUrl || !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
                errors.Add(new FieldError($"{field}.{key}", $"must be an absolute URL of at most {ConfigLimits.MaxUrl} characters"));
        }
    }

    private static void Keys(List<FieldError> errors, string field, IEnumerable<string>? keys, int max)
    {
        var names = keys?.ToList() ?? [];
        if (names.Count > max)
            errors.Add(new FieldError(field, $"must hold at most {max} entries"));
        foreach (var name in names.Take(max))
            TextRules.Required(errors, $"{field}.{name}", name);
    }

    private static bool IsJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = ConfigLimits.MaxDepth });
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
