using EsoCore.Benchmarks.Engine;
using EsoCore.Runtime.Clustering;

namespace EsoCore.Benchmarks.Calls;

/// <summary>Silos of the built-in engine in this process, connected over TCP.</summary>
/// <param name="cluster">They.</param>
/// <param name="remoteGrains">References, made on the first silo, to grains that live on the others.</param>
internal sealed class CallsCluster(InProcessTestCluster cluster, IPing[] remoteGrains) : IAsyncDisposable
{
    public IPing[] RemoteGrains => remoteGrains;

    public static async Task<CallsCluster> StartAsync(short silos, int grains)
    {
        InProcessTestCluster cluster = new InProcessTestClusterBuilder(silos)
            .ConfigureClustering()
            .ConfigureSilo((_, silo) => silo.AddGrainAssembly(typeof(CallsBenchmark).Assembly)).Build();
        await cluster.DeployAsync();
        InProcessSiloHandle first = cluster.Silos[0];
        MembershipView view = first.ClusterState!.View;
        IEnumerable<IPing> remote = Enumerable.Range(0, int.MaxValue)
            .Select(i => first.Client.GetGrain<IPing>($"ping-{i}"))
            .Where(grain => !first.SiloAddress!.Equals(view.OwnerOf(grain.GetGrainId())));
        return new CallsCluster(cluster, [.. remote.Take(grains)]);
    }

    public ValueTask DisposeAsync() => cluster.DisposeAsync();
}
