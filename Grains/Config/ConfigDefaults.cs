using EsoCore.Config;

namespace EsoCore.Grains.Config;

/// <summary>What a device runs when neither its model nor itself has settings.</summary>
internal static class ConfigDefaults
{
    /// <summary>Seconds between uploads.</summary>
    public const int UploadIntervalS = 300;

    /// <summary>The built-in settings: every part is there, and all but the upload interval are empty.</summary>
    public static ConfigSettings Settings { get; } = new(
        ImmutableSortedDictionary<string, double>.Empty,
        ImmutableSortedDictionary<string, double>.Empty,
        ImmutableSortedDictionary<string, JsonText>.Empty,
        ImmutableArray<string>.Empty,
        ImmutableSortedDictionary<string, string>.Empty,
        UploadIntervalS,
        ImmutableSortedDictionary<string, JsonText>.Empty);
}
