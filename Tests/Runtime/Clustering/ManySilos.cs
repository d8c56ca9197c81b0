using EsoCore.Runtime;
using EsoCore.Runtime.Clustering;
using EsoCore.Runtime.Hosting;
using EsoCore.Runtime.TestingHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace EsoCore.Tests.Runtime.Clustering;

/// <summary>
/// Several silos with the grains of the tests, over TCP or a network in memory, by the real clock. They are more patient than in
/// production: on a busy machine any of them may stand still for seconds, which is no fault unless a test wants it to be.
/// </summary>
internal sealed class ManySilos : IAsyncDisposable
{
    /// <summary>Within the bounds of all options that it is used for.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private ManySilos(InProcessTestCluster cluster, GateKeeper gates) => (Cluster, Gates) = (cluster, gates);

    public InProcessTestCluster Cluster { get; }

    public GateKeeper Gates { get; }

    public IReadOnlyList<InProcessSiloHandle> Silos => Cluster.Silos;

    public MemoryNetwork Network => Cluster.Network!;

    public static async Task<ManySilos> StartAsync(
        short silos = 2,
        bool tcp = true,
        Action<ClusterOptions>? options = null,
        Action<RuntimeOptions>? runtime = null,
        TimeProvider? time = null,
        IReminderTable? reminders = null,
        IMembershipTable? members = null)
    {
        var gates = new GateKeeper();
        var storage = new MemoryGrainStorage();
        reminders ??= new MemoryReminderTable();
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureClustering(cluster =>
        {
            cluster.Membership.HeartbeatInterval = TimeSpan.FromMilliseconds(100);
            cluster.Membership.EvictAfter = cluster.Membership.EvictUnreachableAfter = s_patience;
            cluster.ConnectTimeout = cluster.HandshakeTimeout = s_patience;
            cluster.LeavePatience = cluster.MaxParked = cluster.MaxUnconfirmed = s_patience;
            cluster.JoinTimeout = 2 * s_patience;
            options?.Invoke(cluster);
        }, members);
        if (!tcp) builder.UseMemoryNetwork(time ?? TimeProvider.System);
        builder.ConfigureHost(host =>
        {
            host.Services.AddSingleton(gates);
            host.Services.AddSingleton(new Probe());
            if (time is not null) host.Services.AddSingleton(time);
        });
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddGrainAssembly(typeof(ManySilos).Assembly);
            silo.AddGrainStorage(SiloBuilderExtensions.DefaultStorageName, _ => storage);
            silo.UseReminderTable(_ => reminders);
            silo.AddMemoryStreams(RuntimeCluster.Streams);
            silo.Configure(limits => limits.StopTimeout = s_patience);
            if (runtime is not null) silo.Configure(runtime);
        });
        var cluster = new ManySilos(builder.Build(), gates);
        await cluster.Cluster.DeployAsync();
        return cluster;
    }

    /// <summary>Keys of grains of a type that live on a silo, in a fixed order.</summary>
    public IEnumerable<string> KeysOn(InProcessSiloHandle silo, string grainType = "placed") => Enumerable.Range(0, 10_000)
        .Select(i => $"key-{i}").Where(key => silo.SiloAddress!.Equals(silo.ClusterState!.View.OwnerOf(GrainId.Create(grainType, key))));

    /// <summary>A grain that lives on one silo, as seen from another.</summary>
    public IPlaced Placed(InProcessSiloHandle on, InProcessSiloHandle from, int skip = 0) =>
        from.Client.GetGrain<IPlaced>(KeysOn(on).Skip(skip).First());

    /// <summary>
    /// Why a silo that starts does not become a member, by what it is to tell. On a busy machine its time may be over before it has found
    /// out; then another one tries.
    /// </summary>
    public static async Task<string> RefusalAsync(InProcessTestCluster cluster, string expected)
    {
        const int MaxStarts = 3;
        for (int start = 1; ; start++)
        {
            var refused = await Assert.ThrowsAsync<TimeoutException>(cluster.StartAdditionalSiloAsync);
            if (refused.Message.Contains(expected) || start == MaxStarts)
            {
                Assert.Contains(expected, refused.Message);
                return refused.Message;
            }
        }
    }

    /// <summary>Calls a grain until it answers.</summary>
    public static async Task AnswersAsync(IPlaced grain)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await grain.Where();
                return;
            }
            catch (Exception error) when (error is SiloUnavailableException or TimeoutException
                && TimeProvider.System.GetElapsedTime(start) < Probe.Patience)
            {
                await Task.Yield();
            }
        }
    }

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
