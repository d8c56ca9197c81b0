using System.Reflection;
using EsoCore.Runtime.Clustering;
using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Runtime.Engine;

/// <summary>What was registered for a silo before its host was built.</summary>
internal sealed class SiloRegistrations(IServiceCollection services)
{
    public List<Assembly> GrainAssemblies { get; } = [];

    public List<string> MemoryStreams { get; } = [];

    public Func<IServiceProvider, IReminderTable>? ReminderTable { get; set; }

    /// <summary>Makes this process's part in a cluster; null for a process that is alone.</summary>
    public Func<GrainRuntime, ClusterNode>? Cluster { get; set; }

    /// <summary>Read when the runtime is made, by which time the collection is complete.</summary>
    public ScopedServices ScopedServices => new(services);
}
