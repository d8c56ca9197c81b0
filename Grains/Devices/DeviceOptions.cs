using System.ComponentModel.DataAnnotations;

namespace EsoCore.Grains.Devices;

/// <summary>How devices are judged and paced.</summary>
public sealed class DeviceOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "EsoCore:Devices";

    /// <summary>Silence beyond the upload interval before a device counts as offline. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LivenessGrace { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Commits slower than this make the answer ask devices to slow down (<c>next_hint</c>). Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan SlowCommit { get; set; } = TimeSpan.FromMilliseconds(500);
}
