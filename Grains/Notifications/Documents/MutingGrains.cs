using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>Owns one silence.</summary>
[GrainType("silence")]
internal sealed class SilenceGrain(IResourceStore store, ResourceLimits limits, NotificationBooks books, TimeProvider time)
    : DocumentGrain<SilenceDefinition>(store, limits, books, time, ResourceKinds.Silence), ISilenceGrain
{
    /// <summary>For how long a silence can still be looked up when it is over.</summary>
    public static readonly TimeSpan KeptAfterEnd = TimeSpan.FromDays(30);

    /// <summary>Old ones that go for a new one: more than one, so that they get fewer.</summary>
    private const int MaxForgotten = 10;

    /// <inheritdoc/>
    public Task<Versioned<SilenceDefinition>?> Get() => Task.FromResult(Find());

    /// <inheritdoc/>
    public async Task<EditResult<SilenceDefinition>> Put(SilenceDefinition definition, long? expectedVersion, bool onlyCreate)
    {
        var faults = MutingValidator.Silence(Id, definition);
        if (onlyCreate && faults.Count == 0)
            await ForgetOld();
        return await Write(faults, definition, expectedVersion, onlyCreate);
    }

    /// <inheritdoc/>
    public Task<EditResult<SilenceDefinition>> Delete(long? expectedVersion) => Remove(expectedVersion);

    /// <summary>Deletes some of those that are long over, by their own grains: nobody does, and a project holds only so many.</summary>
    private async Task ForgetOld()
    {
        CallActor.Set(CallActor.System); // Nobody asked for it.
        var overBy = Time.GetUtcNow() - KeptAfterEnd;
        var book = await Books.Get(ProjectId);
        foreach (var id in book.Silences.Where(s => s.Value.To < overBy && s.Key != Id).Select(s => s.Key).Take(MaxForgotten))
        {
            var old = GrainFactory.GetGrain<ISilenceGrain>(ProjectKey.Of(ProjectId, id));
            if (await old.Get() is { } found && found.Value.To < overBy) // The book may not know yet that it was made longer.
                await old.Delete(found.Version);
        }
    }
}

/// <summary>Owns one maintenance window.</summary>
[GrainType("maintenance-window")]
internal sealed class MaintenanceWindowGrain(IResourceStore store, ResourceLimits limits, NotificationBooks books, TimeProvider time)
    : DocumentGrain<MaintenanceWindowDefinition>(store, limits, books, time, ResourceKinds.MaintenanceWindow), IMaintenanceWindowGrain
{
    /// <inheritdoc/>
    public Task<Versioned<MaintenanceWindowDefinition>?> Get() => Task.FromResult(Find());

    /// <inheritdoc/>
    public Task<EditResult<MaintenanceWindowDefinition>> Put(
        MaintenanceWindowDefinition definition, long? expectedVersion, bool onlyCreate) =>
        Write(MutingValidator.Window(Id, definition), definition, expectedVersion, onlyCreate);

    /// <inheritdoc/>
    public Task<EditResult<MaintenanceWindowDefinition>> Delete(long? expectedVersion) => Remove(expectedVersion);
}
