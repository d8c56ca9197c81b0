namespace EsoCore.Firmware;

/// <summary>One entry of a device's firmware history.</summary>
/// <param name="Source">Who told: <c>api</c>, <c>heartbeat</c> or <c>ota</c>.</param>
[GenerateSerializer, Immutable, Alias("firmware-version")]
public sealed record FirmwareVersion(Guid DeviceId, DateTimeOffset Timestamp, string Version, string Source);

/// <summary>The steps of an update that a device reports.</summary>
public enum OtaStatus
{
    /// <summary>The image is being fetched.</summary>
    Downloading,

    /// <summary>The image is on the card and its hash holds.</summary>
    Downloaded,

    /// <summary>The image is being written to the free slot.</summary>
    Installing,

    /// <summary>The device restarts into the new slot.</summary>
    Rebooting,

    /// <summary>The new version runs.</summary>
    Completed,

    /// <summary>The update ended without success.</summary>
    Failed,

    /// <summary>The device went back to the version before.</summary>
    Rollback,
}

/// <summary>One step of an update, as reported.</summary>
[GenerateSerializer, Immutable, Alias("ota-report")]
public sealed record OtaReport(Devices.DeviceCall Call, OtaStatus Status, string? Version, string? Error, string? Slot);

/// <summary>What a device should install, or null members when it is up to date.</summary>
[GenerateSerializer, Immutable, Alias("ota-answer")]
public sealed record OtaAnswer(string? CurrentVersion, OtaOffer? Offer);

/// <summary>A firmware image on offer.</summary>
[GenerateSerializer, Immutable, Alias("ota-offer")]
public sealed record OtaOffer(
    string Version, string Hash, long Size, string Signature, string DownloadUrl, string? ReleaseNotes, bool Mandatory);
