using EsoCore.Runtime.Clustering;
using EsoCore.Silo.Hosting;
using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Tests.Storage.PostgreSql;
using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Tests.Cluster;

/// <summary>The cluster with the built-in engine, over TCP.</summary>
internal sealed partial class ProductCluster
{
    /// <summary>The message formats of the processes that are started from now on.</summary>
    public (int Lowest, int Highest) Formats { get; set; } = (ClusterFormat.Lowest, ClusterFormat.Highest);

    /// <summary>What no step between the processes takes, however busy the machine is.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>How long processes that are started from now on wait to become members.</summary>
    public TimeSpan JoinTimeout { get; set; } = TimeSpan.FromSeconds(30);

    public static async Task<ProductCluster> Start(short silos, (int Lowest, int Highest) formats)
    {
        var server = await PostgresServer.Shared;
        var cluster = new ProductCluster(server, await server.CreateDatabase(), silos) { Formats = formats };
        await cluster.Deploy();
        return cluster;
    }

    /// <summary>Where a grain lives, as the oldest silo knows it.</summary>
    public SiloAddress? OwnerOf(IAddressable grain) => Silos.Silos[0].ClusterState!.View.OwnerOf(grain.GetGrainId());

    /// <summary>Whether a process holds the grain just now.</summary>
    public bool Holds(InProcessSiloHandle process, IAddressable grain) => process.Runtime.Catalog.Find(grain.GetGrainId()) is not null;

    private InProcessTestCluster Build(short silos)
    {
        var members = new PostgresMembershipTable(_server.ConnectionString(_database));
        _more.Add(members);
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureClustering(
            cluster =>
            {
                // Evicted soon where connections are refused, and not by the pauses of a busy machine.
                cluster.Membership.HeartbeatInterval = TimeSpan.FromMilliseconds(200);
                cluster.Membership.EvictAfter = TimeSpan.FromSeconds(12);
                cluster.ConnectTimeout = cluster.HandshakeTimeout = Patience;
                cluster.LeavePatience = cluster.MaxParked = cluster.MaxUnconfirmed = Patience;
                cluster.JoinTimeout = JoinTimeout;
                cluster.Formats = Formats;
            },
            members);
        builder.ConfigureHost(host => AddServices(host.Services));
        builder.ConfigureSilo((options, silo) =>
        {
            silo.AddEsoCoreGrainHost();
            silo.Services.AddSingleton(static provider =>
            {
                var status = provider.GetRequiredService<IClusterStatus>();
                return new ClusterVersion(() => status.State?.View.Version ?? 0);
            });
            if (options.SiloName.StartsWith("Silo", StringComparison.Ordinal))
            {
                silo.Services.AddHostedService<OutboxStarter>();
                silo.Services.AddHostedService<LivenessStarter>();
            }
        });
        return builder.Build();
    }
}
