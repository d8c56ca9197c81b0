using System.Text.Json;
using System.Text.Json.Serialization;

namespace EsoCore.Device;

/// <summary>The answer to a handshake.</summary>
/// <param name="Nonce">Good once, for this device, for 5 minutes.</param>
/// <param name="ServerTime">The server's clock.</param>
/// <param name="Version">The protocol's version.</param>
/// <param name="Cursors">The record offset the server has of each file; null unless the handshake was authenticated.</param>
public sealed record Handshake(string Nonce, DateTimeOffset ServerTime, string? Version, Dictionary<string, long>? Cursors);

/// <summary>The device's configuration.</summary>
/// <param name="Version">config_version.</param>
/// <param name="Document">The whole document, for settings this library does not know.</param>
public sealed record DeviceConfig(long Version, JsonElement Document)
{
    /// <summary>How often to upload; null when the configuration does not say.</summary>
    public TimeSpan? UploadInterval =>
        Document.TryGetProperty("upload_interval_s", out var seconds) && seconds.ValueKind == JsonValueKind.Number && seconds.GetDouble() is > 0 and < 1e7 and var value
            ? TimeSpan.FromSeconds(value)
            : null;

    /// <summary>How much of its sampling the device is to keep, 0.01 to 1; 1 when the configuration does not say.</summary>
    public double SamplingScale =>
        Document.TryGetProperty("sampling_scale", out var scale) && scale.ValueKind == JsonValueKind.Number
            ? Math.Clamp(scale.GetDouble(), 0.01, 1)
            : 1;
}

/// <summary>What a device tells about itself; parts that are null are not sent.</summary>
public sealed record Heartbeat
{
    /// <summary>A word for the device's condition, such as <c>ok</c>.</summary>
    public string? Status { get; init; }

    /// <summary>The firmware that runs.</summary>
    public string? FirmwareVersion { get; init; }

    /// <summary>Seconds since boot.</summary>
    [JsonPropertyName("uptime_s")]
    public long? UptimeSeconds { get; init; }

    /// <summary>The configuration in force.</summary>
    public long? ConfigVersion { get; init; }

    /// <summary>Why the newest configuration is not in force.</summary>
    public string? ConfigError { get; init; }

    /// <summary>The card.</summary>
    public HeartbeatCard? Sd { get; init; }

    /// <summary>What waits for upload.</summary>
    public HeartbeatBacklog? Backlog { get; init; }
}

/// <summary>The card's condition in a heartbeat.</summary>
public sealed record HeartbeatCard(long UsedBytes, long TotalBytes, long Errors, int HealthPercent);

/// <summary>What waits for upload, in a heartbeat.</summary>
public sealed record HeartbeatBacklog(long Records, long Bytes, string? OldestTs);

/// <summary>The answer to a heartbeat.</summary>
public sealed record HeartbeatAnswer(DateTimeOffset ServerTime, long ConfigVersion, bool OtaAvailable);

/// <summary>A firmware the server offers.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Hash">Hex SHA-256 of the image.</param>
/// <param name="Size">The image's bytes.</param>
/// <param name="Signature">The vendor's signature of the image, if any.</param>
/// <param name="DownloadUrl">Where the image is.</param>
/// <param name="ReleaseNotes">For people.</param>
/// <param name="Mandatory">Whether it may not be put off.</param>
public sealed record FirmwareOffer(string Version, string Hash, long Size, string? Signature, Uri DownloadUrl, string? ReleaseNotes, bool Mandatory);

/// <summary>How far an update is.</summary>
/// <param name="Status">downloading, downloaded, installing, rebooting, completed, failed or rollback.</param>
/// <param name="Version">The version it is about.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="Slot">The slot it is about, A or B.</param>
public sealed record FirmwareReport(string Status, string? Version = null, string? Error = null, string? Slot = null);

internal sealed record HandshakeRequest(string DeviceId, string Timestamp);

internal sealed record BatchAnswer(int Accepted, int Duplicates, int Rejected, string? NextHint, long? ConfigVersion, List<RecordError>? Errors);

internal sealed record ProblemAnswer(string? Code, string? Detail, string? Title, string? NextHint);

internal sealed record OtaCheckAnswer(
    bool Available, string? Version, string? Hash, long Size, string? Signature, Uri? DownloadUrl, string? ReleaseNotes, bool Mandatory);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CardState))]
[JsonSerializable(typeof(PendingHead))]
[JsonSerializable(typeof(Handshake))]
[JsonSerializable(typeof(HandshakeRequest))]
[JsonSerializable(typeof(BatchAnswer))]
[JsonSerializable(typeof(ProblemAnswer))]
[JsonSerializable(typeof(Heartbeat))]
[JsonSerializable(typeof(HeartbeatAnswer))]
[JsonSerializable(typeof(OtaCheckAnswer))]
[JsonSerializable(typeof(FirmwareReport))]
[JsonSerializable(typeof(OtaSlots))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class DeviceJson : JsonSerializerContext;
