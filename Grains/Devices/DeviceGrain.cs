using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Events;
using EsoCore.Grains.Config;
using EsoCore.Grains.Storage;
using EsoCore.History;

namespace EsoCore.Grains.Devices;

/// <summary>
/// A device's twin. This part holds its memory and the one way to change it, <see cref="Step"/>: compute from the state, commit against
/// its version, swap the new state in. The other parts are the device's calls, uploads, and what people do.
/// </summary>
[GrainType("device")]
internal sealed partial class DeviceGrain(DeviceServices services) : Grain, IDeviceGrain
{
    /// <summary>How often a step is computed again because another activation of this device committed in between.</summary>
    private const int MaxStaleRetries = 3;

    private DeviceState? _state;
    private RecentBatches? _recent;
    private IGrainTimer? _silence;
    private long _lastSeenUs = Twin.Never;
    private bool _mustReload = true;

    private Guid DeviceId => Guid.Parse(this.GetPrimaryKeyString());

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken) => Read();

    /// <summary>What was heard since the last commit is written, so that the next activation does not take the device for silent.</summary>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_mustReload || _state is not { } state || _lastSeenUs <= state.Twin.LastSeenUs)
            return;
        var twin = TwinDocuments.Write(state.Twin with { Version = state.Twin.Version + 1, LastSeenUs = _lastSeenUs });
        await services.Store.Commit(NewCommit(state) with { Twin = twin }, cancellationToken);
    }

    /// <summary>The state as a call sees it. Nothing is kept of an id that nobody registered: this activation ends with the call.</summary>
    private DeviceState? Known
    {
        get
        {
            if (_state is null)
                DeactivateOnIdle();
            return _state;
        }
    }

    /// <summary>The state to compute from, or null when no such device is registered.</summary>
    private async Task<DeviceState?> Load()
    {
        await Read();
        return Known;
    }

    private async Task Read()
    {
        if (!_mustReload)
            return;
        var stored = Guid.TryParseExact(this.GetPrimaryKeyString(), "D", out var id)
            ? await services.Store.Load(id, CancellationToken.None) : null;
        _recent = null;
        _mustReload = stored is null;
        _state = stored is null ? null : DeviceState.Of(stored, services.Shared);
        if (_state is null)
            return;
        _lastSeenUs = Math.Max(_lastSeenUs, _state.Twin.LastSeenUs);
        if (_state.Twin.ToldOnline)
            await WatchSilence();
    }

    /// <summary>What a step writes beside the twin. The transitions are those of <see cref="TransitionWriter"/>.</summary>
    private sealed record StepPlan(Twin Twin, DeviceCommit Commit, DeviceState NextState);

    /// <summary>
    /// Changes the twin: <paramref name="plan"/> computes the change from the state (null: there is nothing to change), and is asked again
    /// with a fresh state when another activation got in between.
    /// </summary>
    /// <returns>How the commit ended, or null when there was nothing to change or no device.</returns>
    private async Task<CommitResult?> Step(Func<DeviceState, TransitionWriter, Task<StepPlan?>> plan)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (await Load() is not { } state)
                return null;
            var writer = new TransitionWriter(state.Traits.ProjectId, DeviceId, state.Twin, services.Shared);
            if (await plan(state, writer) is not { } step)
                return null;
            var result = await Commit(state, step, writer);
            if (result.Outcome != CommitOutcome.Stale || attempt == MaxStaleRetries)
                return result.Outcome == CommitOutcome.Stale
                    ? throw new InvalidOperationException($"Device {DeviceId:D} is written from elsewhere again and again.") : result;
        }
    }

    private async Task<CommitResult> Commit(DeviceState state, StepPlan step, TransitionWriter writer)
    {
        var twin = step.Twin with
        {
            Version = state.Twin.Version + 1,
            // Calls that changed nothing else were noted in memory only.
            LastSeenUs = Math.Max(step.Twin.LastSeenUs, _lastSeenUs),
            Receivers = writer.Receivers,
            Rare = step.Twin.Rare.Shared(),
        };
        var commit = step.Commit with { Twin = TwinDocuments.Write(twin), Outbox = writer.Entries };
        var started = services.Time.GetTimestamp();
        CommitResult result;
        try
        {
            result = await services.Store.Commit(commit, CancellationToken.None);
        }
        catch (Exception error) when (error is not StorageUnavailableException)
        {
            // Whether it was written is not known, so what is in memory may be wrong and nobody must read it any longer: it is loaded
            // anew, now if the storage answers, else by a fresh activation.
            await Forget();
            throw;
        }

        services.Pressure.Note(services.Time.GetElapsedTime(started));
        if (result.Outcome == CommitOutcome.Stale)
            _mustReload = true;
        if (result.Outcome != CommitOutcome.Committed)
            return result;
        _state = step.NextState with { Twin = twin };
        if (twin.ToldOnline)
            await WatchSilence();
        services.Publisher.Publish(this.GetStreamProvider(TransitionStreams.Provider), commit.Outbox);
        return result;
    }

    private async Task Forget()
    {
        _mustReload = true;
        _state = null;
        try
        {
            await Load();
        }
        catch (Exception)
        {
            DeactivateOnIdle();
        }
    }

    /// <summary>An empty commit for the state, to be filled.</summary>
    private DeviceCommit NewCommit(DeviceState state) => new()
    {
        DeviceId = DeviceId,
        DeviceNo = state.DeviceNo,
        ExpectedVersion = state.Twin.Version,
        Twin = default,
    };

    /// <summary>Arms the timer that finds the device silent; it ends itself when the site has been told.</summary>
    private async Task WatchSilence()
    {
        if (_silence is not null || _state is null)
            return;
        var wait = await SilentAfter() - (services.Time.GetUtcNow() - Micros.ToTime(_lastSeenUs));
        if (wait < TimeSpan.Zero)
            wait = TimeSpan.Zero;
        _silence = this.RegisterGrainTimer(
            _ => CheckLiveness(), new GrainTimerCreationOptions(wait + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan));
    }

    /// <inheritdoc/>
    public async Task CheckLiveness()
    {
        _silence?.Dispose();
        _silence = null;
        if (await Load() is not { Twin.ToldOnline: true })
            return;
        if (await IsOnline())
        {
            await WatchSilence();
            await LookForMissingData();
            return;
        }

        await Step(async (state, writer) =>
        {
            var silentSince = Micros.ToTime(_lastSeenUs);
            var twin = Presence.Tell(state.Twin, state.Traits.SiteId, online: false, silentSince, writer);
            twin = await AfterStep(state, twin, [], online: false, services.Time.GetUtcNow(), writer);
            return twin == state.Twin ? null : new StepPlan(twin, NewCommit(state), state);
        });
    }

    private async ValueTask<bool> IsOnline() =>
        _lastSeenUs > Twin.Never && services.Time.GetUtcNow() - Micros.ToTime(_lastSeenUs) <= await SilentAfter();

    private async ValueTask<TimeSpan> SilentAfter()
    {
        var config = await Config(_state!);
        return TimeSpan.FromSeconds(config.Settings.UploadIntervalS ?? ConfigDefaults.UploadIntervalS) + services.Options.LivenessGrace;
    }

    private async ValueTask<DeviceConfig> Config(DeviceState state)
    {
        var profile = await services.Profiles.Get(state.Traits.ProjectId, state.Traits.Model);
        var installation = await services.Switches.Get();
        var merged = ConfigMerge.Overlay(ConfigDefaults.Settings, profile?.Value, state.Traits.Overrides);
        return new DeviceConfig(
            ConfigVersions.InForce(profile, installation, state.ConfigOffset),
            ConfigMerge.Scale(merged, installation.Value.SamplingScale));
    }
}
