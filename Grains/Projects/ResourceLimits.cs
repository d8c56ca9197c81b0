using EsoCore.Escalation;
using EsoCore.Grains.Storage;
using EsoCore.Notifications;
using EsoCore.Projects;

namespace EsoCore.Grains.Projects;

/// <summary>
/// Keeps the documents of a kind within what a project can hold. Counting a hundred thousand rows for each new one would take hours, so one
/// count lets some creations pass without another; near the limit it lets pass only as many as still fit. Creations that count at the same
/// time, or in another process, may exceed the limit by <see cref="PassesPerCount"/> each: it guards the storage and is no quota.
/// </summary>
internal sealed class ResourceLimits(IResourceStore store)
{
    /// <summary>Creations that pass on one count at most.</summary>
    public const int PassesPerCount = 100;

    /// <summary>Projects and kinds whose passes are remembered; beyond it all are forgotten, and counted again.</summary>
    private const int MaxRemembered = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<(Guid ProjectId, string Kind), int> _passes = [];

    /// <summary>How many documents of a kind a project can hold.</summary>
    public static int Of(string kind) => kind switch
    {
        ResourceKinds.Site => IProjectGrain.MaxSites,
        ResourceKinds.Asset => IProjectGrain.MaxAssets,
        ResourceKinds.ConfigProfile => IProjectGrain.MaxConfigProfiles,
        ResourceKinds.Person => INotificationsGrain.MaxPeople,
        ResourceKinds.Team => INotificationsGrain.MaxTeams,
        ResourceKinds.Channel => INotificationsGrain.MaxChannels,
        ResourceKinds.Silence => INotificationsGrain.MaxSilences,
        ResourceKinds.MaintenanceWindow => INotificationsGrain.MaxMaintenanceWindows,
        ResourceKinds.Template => INotificationsGrain.MaxTemplates,
        ResourceKinds.EscalationPolicy => IEscalationListGrain.MaxPolicies,
        ResourceKinds.OnCallSchedule => IEscalationListGrain.MaxSchedules,
        ResourceKinds.Installation => 3, // The settings; and what the host keeps: the master key's fingerprints and the engine in force.
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "The kind has no limit yet."),
    };

    /// <summary>Whether one more document can be created.</summary>
    public async Task<bool> HasRoom(Guid projectId, string kind)
    {
        var key = (projectId, kind);
        lock (_gate)
        {
            if (_passes.GetValueOrDefault(key) is > 0 and var left)
            {
                _passes[key] = left - 1;
                return true;
            }
        }

        var room = Of(kind) - await store.Count(projectId, kind, CancellationToken.None);
        if (room <= 0)
            return false;
        lock (_gate)
        {
            if (_passes.Count >= MaxRemembered)
                _passes.Clear();
            _passes[key] = (int)Math.Min(PassesPerCount, room) - 1;
        }

        return true;
    }
}
