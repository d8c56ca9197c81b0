namespace EsoCore.Config;

/// <summary>
/// Settings for devices, whole or in part: what is null (or a key that is absent) is not set here. A device runs the built-in
/// defaults, overlaid with its model's profile, overlaid with its own settings.
/// </summary>
/// <param name="SamplingRates">Samples per second by metric, 0 (off) to 100,000.</param>
/// <param name="WindowSizes">Seconds by metric, above 0, at most 3,600.</param>
/// <param name="Thresholds">Any JSON value by name: rated values and limits that devices and rules use.</param>
/// <param name="NtpServers">Host names, at most 8.</param>
/// <param name="Endpoints">URLs by name, at most 16.</param>
/// <param name="UploadIntervalS">Seconds between uploads, 1 to 86,400; decides when silence means offline.</param>
/// <param name="Extra">Further settings, passed to the device as they are.</param>
/// <param name="SamplingScale">
/// How much of the sampling is kept, 0.01 to 1. Of the installation's, the model's and the device's the lowest counts; in the configuration
/// in force the rates are already scaled by it.
/// </param>
[GenerateSerializer, Immutable, Alias("config-settings")]
public sealed record ConfigSettings(
    ImmutableSortedDictionary<string, double>? SamplingRates = null,
    ImmutableSortedDictionary<string, double>? WindowSizes = null,
    ImmutableSortedDictionary<string, JsonText>? Thresholds = null,
    ImmutableArray<string>? NtpServers = null,
    ImmutableSortedDictionary<string, string>? Endpoints = null,
    int? UploadIntervalS = null,
    ImmutableSortedDictionary<string, JsonText>? Extra = null,
    double? SamplingScale = null)
{
    /// <summary>Nothing set.</summary>
    public static ConfigSettings Empty { get; } = new();
}

/// <summary>The configuration in force for one device.</summary>
/// <param name="ConfigVersion">Grows with every change that can reach the device.</param>
[GenerateSerializer, Immutable, Alias("device-config")]
public sealed record DeviceConfig(long ConfigVersion, ConfigSettings Settings);

/// <summary>The settings of one device model in one project. Key: <c>project/model</c>.</summary>
public interface IConfigProfileGrain : IGrainWithStringKey
{
    /// <summary>The profile, or null when the model has none. <see cref="Versioned{T}.Version"/> never goes back, not even by a deletion.</summary>
    [AlwaysInterleave]
    Task<Versioned<ConfigSettings>?> Get();

    /// <summary>
    /// What applies to the model's devices: the profile, empty settings after a deletion (with the version that the deletion made) and
    /// while what is stored cannot be read (with its version), or null when the model never had a profile.
    /// </summary>
    [AlwaysInterleave]
    Task<Versioned<ConfigSettings>?> GetInForce();

    /// <summary>Creates or replaces the profile.</summary>
    Task<EditResult<ConfigSettings>> Put(ConfigSettings settings, long? expectedVersion);

    /// <summary>Empties the profile: its devices fall back to the defaults.</summary>
    Task<EditResult<ConfigSettings>> Delete(long? expectedVersion);
}
