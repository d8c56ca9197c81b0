using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>Owns one silence.</summary>
[GrainType("silence")]
internal sealed class SilenceGrain(IResourceStore store, ResourceLimits limits, NotificationBooks books)
    : DocumentGrain<SilenceDefinition>(store, limits, books, ResourceKinds.Silence), ISilenceGrain
{
    /// <inheritdoc/>
    public Task<Versioned<SilenceDefinition>?> Get() => Task.FromResult(Find());

    /// <inheritdoc/>
    public Task<EditResult<SilenceDefinition>> Put(SilenceDefinition definition, long? expectedVersion, bool onlyCreate) =>
        Write(MutingValidator.Silence(Id, definition), definition, expectedVersion, onlyCreate);

    /// <inheritdoc/>
    public Task<EditResult<SilenceDefinition>> Delete(long? expectedVersion) => Remove(expectedVersion);
}

/// <summary>Owns one maintenance window.</summary>
[GrainType("maintenance-window")]
internal sealed class MaintenanceWindowGrain(IResourceStore store, ResourceLimits limits, NotificationBooks books)
    : DocumentGrain<MaintenanceWindowDefinition>(store, limits, books, ResourceKinds.MaintenanceWindow), IMaintenanceWindowGrain
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
