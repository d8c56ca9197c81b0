using EsoCore.Config;
using EsoCore.Firmware;
using EsoCore.Telemetry;

namespace EsoCore.Devices;

/// <summary>
/// A device's twin. Key: the device id, a UUID in its 36-character lower-case form. Every call for an id that is not registered
/// answers "unknown" and leaves no activation behind. Reads interleave with a running upload and see the last committed twin.
/// </summary>
public interface IDeviceGrain : IGrainWithStringKey
{
    /// <summary>Takes one batch exactly once; the answer leaves after the commit.</summary>
    [ResponseTimeout("00:00:30")]
    Task<UploadAnswer> Upload(BatchUpload batch);

    /// <summary>Takes a sign of life and what the device says of itself.</summary>
    Task<DeviceAnswer<HeartbeatAnswer>> Heartbeat(HeartbeatReport report);

    /// <summary>The configuration in force for this device; remembers <paramref name="heldVersion"/> as the version the device reported.</summary>
    Task<DeviceAnswer<DeviceConfig>> GetConfig(long? heldVersion, DeviceCall call);

    /// <summary>Which firmware the device should run.</summary>
    Task<DeviceAnswer<OtaAnswer>> CheckOta(string? runningVersion, DeviceCall call);

    /// <summary>Records a step of a firmware update as the event <c>ota_&lt;status&gt;</c>.</summary>
    Task<DeviceAnswer<bool>> ReportOta(OtaReport report);

    /// <summary>Adds a firmware version to the device's history, as told by <c>POST /v1/devices/{id}/firmware_version</c>.</summary>
    Task<DeviceAnswer<FirmwareVersion>> RecordFirmwareVersion(string version, DateTimeOffset at);

    /// <summary>The live twin, or null when the scope has no such device. Never waits for an upload.</summary>
    [AlwaysInterleave]
    Task<TwinView?> GetTwin(Scope scope);

    /// <summary>The upload cursors, the one that moved last first, for an authenticated handshake; empty for an unknown device.</summary>
    [AlwaysInterleave]
    Task<ImmutableArray<FileCursor>> GetCursors();

    /// <summary>What is registered of the device, or null when the scope has no such device.</summary>
    [AlwaysInterleave]
    Task<Versioned<DeviceRegistration>?> GetRegistration(Scope scope);

    /// <summary>Changes the registration.</summary>
    /// <param name="scope">The caller's.</param>
    /// <param name="change">Only the fields that are set are changed.</param>
    /// <param name="expectedVersion">From If-Match, or null to change whatever stands.</param>
    Task<EditResult<DeviceRegistration>> ChangeRegistration(Scope scope, RegistrationChange change, long? expectedVersion);

    /// <summary>
    /// Looks whether time alone has changed something: silence longer than the upload interval plus grace is told, and rules that watch
    /// for missing data are evaluated.
    /// </summary>
    /// <returns>When to look again; null: the device is not online, so there is nothing to watch until it is heard.</returns>
    Task<DateTimeOffset?> CheckLiveness();

    /// <summary>
    /// Lets metric rules look again at what sensors measure that faults told by a rule had muted, because that is dealt with. Faults that
    /// began later still mute them. Nothing happens when the scope has no such device or no sensor is muted by the rule.
    /// </summary>
    /// <param name="scope">The caller's.</param>
    /// <param name="ruleId">The rule that muted them.</param>
    /// <param name="upTo">The faults that began up to then are dealt with.</param>
    Task EnableSensorAlerts(Scope scope, string ruleId, DateTimeOffset upTo);
}
