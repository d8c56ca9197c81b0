using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Firmware;
using EsoCore.Grains.Config;
using EsoCore.Grains.Storage;
using EsoCore.Grains.Telemetry;
using EsoCore.History;
using EsoCore.Telemetry;
using EsoCore.Wire;

namespace EsoCore.Grains.Devices;

/// <content>Heartbeat, configuration and firmware: the device's calls beside its uploads.</content>
internal sealed partial class DeviceGrain
{
    /// <inheritdoc/>
    public Task<DeviceAnswer<HeartbeatAnswer>> Heartbeat(HeartbeatReport report) => Answer(
        report.Call,
        (state, twin) =>
        {
            var firmware = Firmware(state, report.FirmwareVersion, report.Call.ReceivedAt, "heartbeat");
            twin = twin with
            {
                FirmwareVersion = report.FirmwareVersion ?? twin.FirmwareVersion,
                ReportedConfigVersion = Version(report.ConfigVersion) ?? twin.ReportedConfigVersion,
                ConfigVersionByHeartbeat = twin.ConfigVersionByHeartbeat || report.ConfigVersion is not null,
                Rare = twin.Rare with
                {
                    // A version reported without an error says that the error is over.
                    ConfigError = report.ConfigError ?? (report.ConfigVersion is null ? twin.Rare.ConfigError : null),
                    Sd = report.Sd ?? twin.Rare.Sd,
                    Backlog = report.Backlog ?? twin.Rare.Backlog,
                },
            };
            return (twin, NewCommit(state) with { Firmware = firmware });
        },
        async state => new HeartbeatAnswer(services.Time.GetUtcNow(), (await Config(state)).ConfigVersion, OtaAvailable: false));

    /// <inheritdoc/>
    public Task<DeviceAnswer<DeviceConfig>> GetConfig(long? heldVersion, DeviceCall call) => Answer(
        call,
        (state, twin) => (
            twin.ConfigVersionByHeartbeat ? twin : twin with { ReportedConfigVersion = Version(heldVersion) ?? twin.ReportedConfigVersion },
            NewCommit(state)),
        async state => await Config(state));

    /// <inheritdoc/>
    public Task<DeviceAnswer<OtaAnswer>> CheckOta(string? runningVersion, DeviceCall call) => Answer(
        call,
        (state, twin) => (twin, NewCommit(state)),
        // The catalogue is empty as yet: every device is up to date.
        state => Task.FromResult(new OtaAnswer(runningVersion ?? state.Twin.FirmwareVersion, null)));

    /// <inheritdoc/>
    public Task<DeviceAnswer<bool>> ReportOta(OtaReport report) => Answer(
        report.Call,
        (state, twin) =>
        {
            var runs = report.Status == OtaStatus.Completed ? report.Version : null;
            var item = OtaEvents.Make(DeviceId, report);
            twin = twin with
            {
                FirmwareVersion = runs ?? twin.FirmwareVersion,
                EventMarkUs = Math.Max(twin.EventMarkUs, item.Key.TsUs),
            };
            var firmware = Firmware(state, runs, report.Call.ReceivedAt, "ota");
            return (twin, NewCommit(state) with { Firmware = firmware, Events = [item] });
        },
        _ => Task.FromResult(true));

    /// <inheritdoc/>
    public async Task<DeviceAnswer<FirmwareVersion>> RecordFirmwareVersion(string version, DateTimeOffset at)
    {
        var told = new FirmwareVersion(DeviceId, at, version, "api");
        return await Answer(
            new DeviceCall(at),
            (state, twin) => (twin with { FirmwareVersion = version }, NewCommit(state) with { Firmware = told }),
            _ => Task.FromResult(told));
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<FileCursor>> GetCursors() => Task.FromResult<ImmutableArray<FileCursor>>(
        [.. (Known?.Twin ?? Twin.New).Cursors.Reverse().Select(c => new FileCursor(c.File, c.Offset))]);

    /// <summary>A version as a device tells it; one that cannot be ours counts as none told.</summary>
    private static int? Version(long? told) => told is >= 0 and <= int.MaxValue ? (int)told : null;

    private FirmwareVersion? Firmware(DeviceState state, string? version, DateTimeOffset at, string source) =>
        version is null || version == state.Twin.FirmwareVersion ? null
            : new FirmwareVersion(DeviceId, at, version, source);

    /// <summary>
    /// One call of the device: refused unless it may call and its nonce is fresh; commits when the change says something new (that it was
    /// heard is kept in memory and written with the next commit, or now if others take it for silent or it was last written long ago).
    /// </summary>
    private async Task<DeviceAnswer<T>> Answer<T>(
        DeviceCall call, Func<DeviceState, Twin, (Twin Twin, DeviceCommit Commit)> change, Func<DeviceState, Task<T>> answer)
    {
        DeviceAnswer<T>? refused = new(DeviceOutcome.UnknownDevice, Code: ProblemCodes.Unauthorized);
        try
        {
            await Step(async (state, writer) =>
            {
                refused = Admit<T>(state, call);
                if (refused is not null)
                    return null;
                var (twin, commit) = change(state, state.Twin);
                twin = UseNonce(twin, call);
                twin = await Tell(state, twin, online: true, call.ReceivedAt, writer);
                twin = await AfterStep(state, twin, commit.Events, online: true, call.ReceivedAt, writer);
                var nowUs = Micros.Of(call.ReceivedAt);
                if (twin == state.Twin && commit.Firmware is null && commit.Events.IsEmpty && !await IsWorthWriting(state, nowUs))
                    return null;
                twin = twin with { FirstSeenUs = twin.FirstSeenUs == Twin.Never ? nowUs : twin.FirstSeenUs, LastSeenUs = Math.Max(twin.LastSeenUs, nowUs) };
                return new StepPlan(twin, commit, state);
            });
            return refused is null && _state is { } now
                ? new DeviceAnswer<T>(DeviceOutcome.Done, await answer(now))
                : refused ?? new DeviceAnswer<T>(DeviceOutcome.Unavailable, Code: ProblemCodes.Unavailable);
        }
        catch (StorageUnavailableException)
        {
            return new DeviceAnswer<T>(DeviceOutcome.Unavailable, Code: ProblemCodes.Unavailable);
        }
    }

    /// <summary>Why the device may not call; null when it may, and has been heard.</summary>
    private DeviceAnswer<T>? Admit<T>(DeviceState state, DeviceCall call)
    {
        if (!state.MayCall)
            return new DeviceAnswer<T>(DeviceOutcome.NotActive, Code: NotActiveCode(state));
        if (call.Nonce is { } nonce && UsedNonces.Use(state.Twin.Rare.Nonces, nonce, Micros.Of(call.ReceivedAt)) is null)
            return new DeviceAnswer<T>(DeviceOutcome.NonceUsed, Code: ProblemCodes.BadNonce);
        _lastSeenUs = Math.Max(_lastSeenUs, Micros.Of(call.ReceivedAt));
        return null;
    }

    private static string NotActiveCode(DeviceState state) =>
        state.Traits.Status == DeviceStatus.Unclaimed ? ProblemCodes.DeviceNotClaimed : ProblemCodes.DeviceDisabled;
}
