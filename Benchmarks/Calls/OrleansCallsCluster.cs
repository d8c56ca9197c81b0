using EsoCore.Benchmarks.Engine;
using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Benchmarks.Calls;

/// <summary>Silos of Orleans in this process, connected over TCP.</summary>
/// <param name="cluster">They.</param>
/// <param name="remoteGrains">References, made on the first silo, to grains that live on the others.</param>
internal sealed class CallsCluster(TestCluster cluster, IPing[] remoteGrains) : IAsyncDisposable
{
    public IPing[] RemoteGrains => remoteGrains;

    public static async Task<CallsCluster> StartAsync(short silos, int grains)
    {
        var builder = new TestClusterBuilder(silos);
        builder.Options.ConnectionTransport = ConnectionTransportType.TcpSocket;
        TestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        var first = (InProcessSiloHandle)cluster.Silos[0];
        var factory = first.ServiceProvider.GetRequiredService<IGrainFactory>();
        var management = factory.GetGrain<IManagementGrain>(0);
        List<IPing> remote = [];
        for (int i = 0; remote.Count < grains; i++)
        {
            // A grain has a place once it was called.
            IPing grain = factory.GetGrain<IPing>($"ping-{i}");
            await grain.Add(1);
            if (!first.SiloAddress.Equals(await management.GetActivationAddress(grain))) remote.Add(grain);
        }

        return new CallsCluster(cluster, [.. remote]);
    }

    public async ValueTask DisposeAsync() => await cluster.DisposeAsync();
}
