using EsoCore.Runtime.Clustering;
using EsoCore.Runtime.Engine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EsoCore.Runtime.Hosting;

/// <summary>Makes a silo one of many.</summary>
public static class ClusteringExtensions
{
    /// <summary>
    /// Joins this process to a cluster: as a silo that owns a share of the grains, or with <see cref="ClusterOptions.IsClient"/> as a
    /// process that only calls. Options out of bounds fail the start, naming property and bound, and so does a grain whose arguments or
    /// results cannot cross between processes. When the others take this silo for dead, the host is stopped, so that a supervisor can
    /// start it anew.
    /// </summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configure">Sets the options.</param>
    /// <param name="membershipTable">Makes the port to the table that all members share.</param>
    public static ISiloBuilder UseClustering(
        this ISiloBuilder builder, Action<ClusterOptions> configure, Func<IServiceProvider, IMembershipTable> membershipTable) =>
        builder.UseClustering(
            configure,
            membershipTable,
            static (services, options) => new TcpSiloTransport(
                options, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<GrainRuntime>>()));

    /// <summary>The same over another transport.</summary>
    internal static ISiloBuilder UseClustering(
        this ISiloBuilder builder,
        Action<ClusterOptions> configure,
        Func<IServiceProvider, IMembershipTable> membershipTable,
        Func<IServiceProvider, ClusterOptions, ISiloTransport> transport)
    {
        builder.Services.AddOptions<ClusterOptions>().Configure(configure).ValidateOnStart();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ClusterOptions>, ClusterOptionsValidator>());
        ((SiloBuilder)builder).Registrations.Cluster = runtime =>
        {
            IServiceProvider services = runtime.ServiceProvider;
            ClusterOptions options = services.GetRequiredService<IOptions<ClusterOptions>>().Value;
            return new ClusterNode(runtime, options, membershipTable(services), transport(services, options))
            {
                Evicted = () => services.GetService<IHostApplicationLifetime>()?.StopApplication(),
            };
        };
        builder.Services.TryAddSingleton<IClusterStatus>(static services => new ClusterStatus(services.GetRequiredService<GrainRuntime>()));
        return builder;
    }
}

/// <summary>What a host may want to tell of its part in a cluster, for probes and metrics.</summary>
public interface IClusterStatus
{
    /// <summary>How things stand, or null before the start.</summary>
    ClusterState? State { get; }

    /// <summary>This silo's address; null for a client and before the start.</summary>
    SiloAddress? Self { get; }

    /// <summary>Calls that wait for the answers of other silos.</summary>
    int PendingCalls { get; }

    /// <summary>Whether this process has a connection to a silo that owns grains. A client that has none makes one by itself.</summary>
    bool IsLinked { get; }
}

internal sealed class ClusterStatus(GrainRuntime runtime) : IClusterStatus
{
    public ClusterState? State => runtime.Cluster?.StateIfStarted;

    public SiloAddress? Self => runtime.Cluster?.Self;

    public int PendingCalls => runtime.Cluster?.PendingCalls ?? 0;

    public bool IsLinked => runtime.Cluster?.IsLinked == true;
}
