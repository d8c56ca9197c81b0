using System.Globalization;
using EsoCore.Config;

namespace EsoCore.Grains.Config;

/// <summary>Lays settings over settings.</summary>
internal static class ConfigMerge
{
    /// <summary>
    /// The settings in force: the defaults, over them the profile, over that the device's own. Objects are merged key by key; the list of
    /// NTP servers and the upload interval are replaced as a whole. Nothing in the result is null when nothing in the defaults is.
    /// </summary>
    public static ConfigSettings Overlay(ConfigSettings defaults, ConfigSettings? profile, ConfigSettings? overrides) =>
        Over(Over(defaults, profile), overrides);

    /// <summary>
    /// Settings in force with their sampling turned down to the lowest of their own scale and the installation's. Rates are rounded to
    /// 3 significant digits, which keeps the device's answer within its size; a rate that is not 0 stays above 0.
    /// </summary>
    public static ConfigSettings Scale(ConfigSettings merged, double installationScale)
    {
        var scale = Math.Min(merged.SamplingScale ?? 1, installationScale);
        return scale >= 1
            ? merged with { SamplingScale = null }
            : merged with
            {
                SamplingScale = scale,
                SamplingRates = merged.SamplingRates?.ToImmutableSortedDictionary(rate => rate.Key, rate => Scaled(rate.Value, scale)),
            };
    }

    private static double Scaled(double rate, double scale)
    {
        var rounded = double.Parse((rate * scale).ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return rate > 0 ? Math.Max(rounded, double.Epsilon) : rounded;
    }

    private static double? Lowest(double? below, double? above) => above is { } a && !(below <= a) ? a : below;

    private static ConfigSettings Over(ConfigSettings below, ConfigSettings? above) =>
        above is null
            ? below
            : new ConfigSettings(
                Over(below.SamplingRates, above.SamplingRates),
                Over(below.WindowSizes, above.WindowSizes),
                Over(below.Thresholds, above.Thresholds),
                above.NtpServers is { IsDefault: false } servers ? servers : below.NtpServers,
                Over(below.Endpoints, above.Endpoints),
                above.UploadIntervalS ?? below.UploadIntervalS,
                Over(below.Extra, above.Extra),
                Lowest(below.SamplingScale, above.SamplingScale));

    private static ImmutableSortedDictionary<string, T>? Over<T>(
        ImmutableSortedDictionary<string, T>? below, ImmutableSortedDictionary<string, T>? above) =>
        above is null ? below : below is null ? above : below.SetItems(above);
}
