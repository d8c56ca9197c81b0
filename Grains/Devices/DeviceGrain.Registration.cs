using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Config;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Devices;

/// <content>What people see and change.</content>
internal sealed partial class DeviceGrain
{
    /// <inheritdoc/>
    public async Task<TwinView?> GetTwin(Scope scope)
    {
        // Never loads: the state was read at activation, and only steps replace it.
        if (_state is not { } state || !state.IsIn(scope))
            return null;
        return TwinViews.Of(state, await Config(state), LastSeen(state), await IsOnline());
    }

    /// <inheritdoc/>
    public Task<Versioned<DeviceRegistration>?> GetRegistration(Scope scope) =>
        Task.FromResult(_state is { } state && state.IsIn(scope) ? state.VersionedRegistration : null);

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
                    ? EditResult<DeviceRegistration>.Of(EditOutcome.VersionMismatch, state.VersionedRegistration)
                    : null;
            if (refusal is not null)
                return null;
            var changed = RegistrationChanges.Apply(state.Registration, change);
            if (RegistrationChanges.Same(changed, state.Registration))
            {
                refusal = EditResult<DeviceRegistration>.Of(EditOutcome.Changed, state.VersionedRegistration);
                return null;
            }

            var offset = await OffsetAfter(state, changed);
            var told = state.Twin.ToldSite != changed.SiteId
                ? Presence.Tell(state.Twin, changed.SiteId, await IsOnline(), services.Time.GetUtcNow(), writer) : state.Twin;
            var next = state with { Registration = changed, RegistrationVersion = state.RegistrationVersion + 1, ConfigOffset = offset };
            return new StepPlan(told, NewCommit(state) with { Registration = new RegistrationWrite(changed, offset) }, next);
        });
        return result?.Outcome switch
        {
            null => refusal!,
            CommitOutcome.SerialTaken => EditResult<DeviceRegistration>.Of(EditOutcome.AlreadyExists),
            _ => EditResult<DeviceRegistration>.Of(EditOutcome.Changed, _state!.VersionedRegistration),
        };
    }

    private async ValueTask<long> OffsetAfter(DeviceState state, DeviceRegistration changed)
    {
        var before = state.Registration;
        var offset = state.ConfigOffset;
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
