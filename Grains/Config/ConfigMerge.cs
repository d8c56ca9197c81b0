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
                Over(below.Extra, above.Extra));

    private static ImmutableSortedDictionary<string, T>? Over<T>(
        ImmutableSortedDictionary<string, T>? below, ImmutableSortedDictionary<string, T>? above) =>
        above is null ? below : below is null ? above : below.SetItems(above);
}
