namespace EsoCore.Grains.Rules.Conditions;

/// <summary>What the platform itself knows of a device.</summary>
/// <param name="For">How long it must hold before an incident opens; zero: at once.</param>
/// <param name="Records">sync_backlog: records above which, or null.</param>
/// <param name="Bytes">sync_backlog: bytes above which, or null.</param>
/// <param name="Age">sync_backlog: age of the oldest record above which, or null.</param>
/// <param name="UsedPercent">low_disk: share of the card in use above which, or null.</param>
/// <param name="HealthBelow">low_disk: health in percent below which, or null.</param>
/// <param name="Of">firmware_mismatch: whether it looks at configuration, firmware, or both.</param>
internal sealed record DeviceStateCondition(
    DeviceStateKind State,
    TimeSpan For,
    long? Records,
    long? Bytes,
    TimeSpan? Age,
    double? UsedPercent,
    double? HealthBelow,
    MismatchOf Of) : Condition;

/// <summary>States of a device.</summary>
internal enum DeviceStateKind
{
    /// <summary>Not heard within its upload interval plus grace.</summary>
    Offline,

    /// <summary>More waits on its card than should.</summary>
    SyncBacklog,

    /// <summary>Its card is nearly full, or worn.</summary>
    LowDisk,

    /// <summary>It runs another configuration or firmware than it should.</summary>
    FirmwareMismatch,

    /// <summary>It could not apply its configuration.</summary>
    ConfigError,
}

/// <summary>What may differ.</summary>
[Flags]
internal enum MismatchOf
{
    /// <summary>The configuration's version.</summary>
    Config = 1,

    /// <summary>The firmware's version, where the configuration names one (<c>firmware_version</c>).</summary>
    Firmware = 2,
}
