namespace EsoCore.Devices;

/// <summary>A device's lifecycle.</summary>
public enum DeviceStatus
{
    /// <summary>Made, but not yet linked to a customer: its calls are refused with 403.</summary>
    Unclaimed,

    /// <summary>In service.</summary>
    Active,

    /// <summary>In service, being worked on; uploads are taken.</summary>
    Maintenance,

    /// <summary>Switched off by its owner: its calls are refused with 403.</summary>
    Disabled,
}

/// <summary>What every authenticated device call carries beside its content.</summary>
/// <param name="ReceivedAt">When the front door took the call.</param>
/// <param name="Nonce">The verified nonce that the call was signed with, to be used up by it, or null.</param>
[GenerateSerializer, Immutable, Alias("device-call")]
public sealed record DeviceCall(DateTimeOffset ReceivedAt, string? Nonce = null);

/// <summary>How a device call other than an upload ended.</summary>
public enum DeviceOutcome
{
    /// <summary>It was done.</summary>
    Done,

    /// <summary>No such device is registered.</summary>
    UnknownDevice,

    /// <summary>The device is not claimed, or disabled.</summary>
    NotActive,

    /// <summary>The nonce was used before.</summary>
    NonceUsed,

    /// <summary>The storage is away; nothing was stored.</summary>
    Unavailable,
}

/// <summary>The answer to a device call.</summary>
/// <param name="Value">Set when it was done.</param>
/// <param name="Code">The problem's stable code otherwise.</param>
[GenerateSerializer, Immutable, Alias("device-answer`1")]
public sealed record DeviceAnswer<T>(DeviceOutcome Outcome, T? Value = default, string? Code = null);

/// <summary>What a heartbeat tells. Whatever is null was not told and leaves the twin as it is.</summary>
/// <param name="Call">When it came, and what it was signed with.</param>
/// <param name="FirmwareVersion">The version that runs.</param>
/// <param name="ConfigVersion">The configuration version that is applied.</param>
/// <param name="ConfigError">Why the desired configuration could not be applied.</param>
/// <param name="Status">The device's own word for its state; accepted, and not kept as yet.</param>
/// <param name="UptimeS">Seconds since boot; accepted, and not kept as yet.</param>
/// <param name="Sd">The SD card: an object with any of used_bytes, total_bytes, errors, health_percent.</param>
/// <param name="Backlog">What waits on the card: an object with any of records, bytes, oldest_ts.</param>
[GenerateSerializer, Immutable, Alias("heartbeat-report")]
public sealed record HeartbeatReport(
    DeviceCall Call,
    string? FirmwareVersion,
    long? ConfigVersion,
    string? ConfigError,
    string? Status,
    long? UptimeS,
    SdHealth? Sd,
    Backlog? Backlog);

/// <summary>The state of a device's SD card, as it last told.</summary>
[GenerateSerializer, Immutable, Alias("sd-health")]
public sealed record SdHealth(long? UsedBytes, long? TotalBytes, long? Errors, double? HealthPercent);

/// <summary>What waits on a device's SD card, as it last told.</summary>
[GenerateSerializer, Immutable, Alias("backlog")]
public sealed record Backlog(long? Records, long? Bytes, DateTimeOffset? OldestTs);

/// <summary>What a heartbeat is answered with.</summary>
[GenerateSerializer, Immutable, Alias("heartbeat-answer")]
public sealed record HeartbeatAnswer(DateTimeOffset ServerTime, long ConfigVersion, bool OtaAvailable);
