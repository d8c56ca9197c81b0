using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Config;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Storage;
using EsoCore.Incidents;
using EsoCore.Rules;

namespace EsoCore.Grains.Devices;

/// <content>What people see and change.</content>
internal sealed partial class DeviceGrain
{
    /// <inheritdoc/>
    public async Task<TwinView?> GetTwin(Scope scope)
    {
        // Never loads: the state was read at activation, and only steps replace it.
        if (Known is not { } state || !state.IsIn(scope))
            return null;
        return TwinViews.Of(DeviceId, state, await Config(state), LastSeen(state), await IsOnline());
    }

    /// <inheritdoc/>
    public Task<Versioned<DeviceRegistration>?> GetRegistration(Scope scope) =>
        Task.FromResult(Known is { } state && state.IsIn(scope) ? state.Registration(DeviceId) : null);

    /// <inheritdoc/>
    public async Task<EditResult<DeviceRegistration>> ChangeRegistration(Scope scope, RegistrationChange change, long? expectedVersion)
    {
        var refusal = EditResult<DeviceRegistration>.Of(EditOutcome.NotFound);
        var errors = DeviceValidator.Validate(change);
        var result = await Step(async (state, writer) =>
        {
            if (!state.IsIn(scope))
                return null;
            refusal = errors.Length > 0 ? EditResult<DeviceRegistration>.Faulty(errors)
                : expectedVersion is { } expected && expected != state.RegistrationVersion
                    ? EditResult<DeviceRegistration>.Of(EditOutcome.VersionMismatch, state.Registration(DeviceId))
                    : null;
            if (refusal is not null)
                return null;
            var current = state.Registration(DeviceId).Value;
            var changed = RegistrationChanges.Apply(current, change);
            if (RegistrationChanges.Same(changed, current))
            {
                refusal = EditResult<DeviceRegistration>.Of(EditOutcome.Changed, state.Registration(DeviceId));
                return null;
            }

            var offset = await OffsetAfter(state.ConfigOffset, current, changed);
            var told = state.Twin.ToldSite != changed.SiteId
                ? Presence.Tell(
                    DeviceId, changed.ProjectId, state.Twin, (changed.SiteId, state.Twin.ToldOnline, services.Time.GetUtcNow()),
                    await SilentAt(state), writer)
                : state.Twin;
            var next = state.With(changed, services.Shared) with { RegistrationVersion = state.RegistrationVersion + 1, ConfigOffset = checked((int)offset) };
            told = EndHeld(state, next, told, writer);
            return new StepPlan(told, NewCommit(state) with { Registration = new RegistrationWrite(changed, offset) }, next);
        });
        return result?.Outcome switch
        {
            null => refusal!,
            CommitOutcome.SerialTaken => EditResult<DeviceRegistration>.Of(EditOutcome.AlreadyExists),
            _ => EditResult<DeviceRegistration>.Of(EditOutcome.Changed, _state!.Registration(DeviceId)),
        };
    }

    /// <summary>
    /// What rules hold of a device that may no longer call, or of the site that it left, nothing that it sends will end: its incidents
    /// would stay open for ever.
    /// </summary>
    private Twin EndHeld(DeviceState state, DeviceState next, Twin twin, TransitionWriter writer)
    {
        var now = services.Time.GetUtcNow();
        if (!next.MayCall)
        {
            var why = next.Traits.Status == DeviceStatus.Disabled ? "The device was disabled." : "The device is in service no longer.";
            return DeviceRuleRunner.EndHeld(DeviceId, state, twin, now, _ => true, why, writer);
        }

        if (state.Traits.SiteId is not { } left || left == next.Traits.SiteId)
            return twin;
        var site = new SubjectKey(SubjectKind.Site, left).ToString();
        return DeviceRuleRunner.EndHeld(DeviceId, state, twin, now, level => level.Subject == site, "The device left the site.", writer);
    }

    private async ValueTask<long> OffsetAfter(long offset, DeviceRegistration before, DeviceRegistration changed)
    {
        if (changed.Model != before.Model)
        {
            var from = await services.Profiles.Get(before.ProjectId, before.Model);
            var to = await services.Profiles.Get(before.ProjectId, changed.Model);
            offset = ConfigVersions.AfterModel(from, offset, to);
        }

        return RegistrationChanges.Same(changed.Overrides, before.Overrides) ? offset : ConfigVersions.AfterOverrides(offset);
    }

    private long LastSeen(DeviceState state) =>
        Math.Max(_lastSeenUs, state.Twin.LastSeenUs);
}
