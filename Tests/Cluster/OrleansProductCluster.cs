using EsoCore.Silo.Hosting;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace EsoCore.Tests.Cluster;

/// <summary>The cluster with Orleans. Its test host connects the silos in memory.</summary>
internal sealed partial class ProductCluster
{
    /// <summary>Where a grain lives; null where it was not called yet.</summary>
    public SiloAddress? OwnerOf(IAddressable grain) =>
        Silos.TryGetGrainContext(grain.GetGrainId(), out var context) ? context.Address.SiloAddress : null;

    /// <summary>Whether a process holds the grain just now.</summary>
    public bool Holds(InProcessSiloHandle process, IAddressable grain) => process.SiloAddress.Equals(OwnerOf(grain));

    /// <summary>The front door holds no grain: it is a client.</summary>
    public bool Holds(OrleansDoor door, IAddressable grain) => false;

    private InProcessTestCluster Build(short silos)
    {
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) =>
        {
            AddServices(silo.Services);
            silo.AddEsoCoreGrainHost();
            silo.Configure<ClusterMembershipOptions>(OrleansCluster.Watch);
            silo.Services.AddSingleton(static provider =>
            {
                var members = provider.GetRequiredService<IClusterMembershipService>();
                return new ClusterVersion(() => members.CurrentSnapshot.Version.Value);
            });
            silo.Services.AddHostedService<OutboxStarter>();
            silo.Services.AddHostedService<LivenessStarter>();
            silo.Services.AddSingleton<IOutgoingGrainCallFilter>(new OrleansRejections(Timeout.InfiniteTimeSpan));
        });
        builder.ConfigureClient(client =>
            client.Services.AddSingleton<IOutgoingGrainCallFilter>(new OrleansRejections(OrleansCluster.DoorPatience)));
        return builder.Build();
    }
}
