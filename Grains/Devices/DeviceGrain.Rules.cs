using EsoCore.Config;
using EsoCore.Grains.Config;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Rules.Evaluation;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Devices;

/// <content>The rules of this device, evaluated within its steps.</content>
internal sealed partial class DeviceGrain
{
    /// <inheritdoc/>
    public async Task EnableSensorAlerts(Scope scope, string ruleId, DateTimeOffset upTo) => await Step((state, _) =>
    {
        var rules = state.Twin.Rare.Rules;
        var mutes = SensorMutes.Enable(rules.Mutes, ruleId, Micros.Of(upTo));
        return Task.FromResult<StepPlan?>(!state.IsIn(scope) || mutes == rules.Mutes ? null : new StepPlan(
            state.Twin with { Rare = state.Twin.Rare with { Rules = rules with { Mutes = mutes } } }, NewCommit(state), state));
    });

    /// <summary>The rules after a step other than a batch: the twin with what they remember.</summary>
    private async Task<Twin> AfterStep(
        DeviceState state, Twin twin, ImmutableArray<NewEvent> events, bool online, DateTimeOffset now, TransitionWriter writer)
    {
        var profile = await services.Profiles.Get(state.Traits.ProjectId, state.Traits.Model);
        var version = ConfigVersions.InForce(profile, await services.Switches.Get(), state.ConfigOffset);
        return await services.Rules.AfterStep(DeviceId, state, twin, events, Moment(profile, version, online, now), writer);
    }

    private RuleMoment Moment(Versioned<ConfigSettings>? profile, long configVersion, bool online, DateTimeOffset now) =>
        new(profile?.Value, configVersion, online, _lastSeenUs, Micros.Of(now));
}
