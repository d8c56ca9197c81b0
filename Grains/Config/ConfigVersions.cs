using EsoCore.Config;
using EsoCore.Projects;

namespace EsoCore.Grains.Config;

/// <summary>
/// The version of a device's configuration: that of its model's profile, plus that of the installation's settings, plus the device's own
/// offset. Each part moves when that is edited which it belongs to; so editing a profile of a million devices writes one row, and no
/// device's version ever goes back.
/// </summary>
internal static class ConfigVersions
{
    /// <summary>The version in force. A model that never had a profile counts as version 0.</summary>
    public static long InForce(Versioned<ConfigSettings>? profile, Versioned<InstallationSettings> installation, long offset) =>
        InForce(profile, offset) + installation.Version;

    /// <summary>The offset after a device's own settings changed: the version in force goes up by one.</summary>
    public static long AfterOverrides(long offset) => offset + 1;

    /// <summary>
    /// The offset after a device took another model: at least one more than before in sum, however young the new profile is. The offset
    /// itself does not go down either, so that a profile version read from a stale cache cannot undo the promise.
    /// </summary>
    public static long AfterModel(Versioned<ConfigSettings>? before, long offset, Versioned<ConfigSettings>? after) =>
        Math.Max(offset, InForce(before, offset) + 1 - (after?.Version ?? 0));

    private static long InForce(Versioned<ConfigSettings>? profile, long offset) => (profile?.Version ?? 0) + offset;
}
