namespace EsoCore.Grains.Config;

/// <summary>
/// Bounds on settings. A device reads its whole configuration from one answer of at most 2,048 bytes, and the sizes below keep it within.
/// </summary>
internal static class ConfigLimits
{
    /// <summary>Bytes of a profile as JSON.</summary>
    public const int MaxProfileBytes = 1_280;

    /// <summary>Bytes of a device's own settings as JSON: with a full profile under them and the rest of the answer, below 2,048.</summary>
    public const int MaxOverridesBytes = 512;

    /// <summary>Keys of one object of settings.</summary>
    public const int MaxKeys = 64;

    /// <summary>
    /// Bytes that a sampling rate counts for at least when settings are measured: scaled down, a rate may be longer than it was set, and
    /// the longest number of 3 digits is one like 1.23E-100.
    /// </summary>
    public const int MinRateBytes = 9;

    /// <summary>Samples per second.</summary>
    public const double MaxSamplingRateHz = 100_000;

    /// <summary>Seconds of a window.</summary>
    public const double MaxWindowS = 3_600;

    /// <summary>NTP servers.</summary>
    public const int MaxNtpServers = 8;

    /// <summary>Endpoints.</summary>
    public const int MaxEndpoints = 16;

    /// <summary>Characters of an endpoint's URL.</summary>
    public const int MaxUrl = 1_024;

    /// <summary>Seconds between uploads.</summary>
    public const int MaxUploadIntervalS = 86_400;

    /// <summary>Levels of nesting of a threshold or further setting.</summary>
    public const int MaxDepth = 8;
}
