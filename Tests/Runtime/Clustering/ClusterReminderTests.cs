using EsoCore.Runtime.TestingHost;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Runtime.Clustering;

public sealed class ClusterReminderTests
{
    private const int YieldsPerStep = 200;
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Reminders_fire_where_their_grains_are_and_go_with_them()
    {
        var time = new FakeTimeProvider();

        // The clock runs far faster than the machine here, so silence says nothing about a silo.
        Task<ManySilos> starting = ManySilos.StartAsync(2, tcp: false, time: time, options: cluster =>
        {
            cluster.JoinTimeout = TimeSpan.FromMinutes(10);
            cluster.Membership.HeartbeatInterval = TimeSpan.FromSeconds(5);
            cluster.Membership.EvictAfter = TimeSpan.FromMinutes(5);
            cluster.Membership.EvictUnreachableAfter = TimeSpan.FromMinutes(5);
        });
        await MoveUntilAsync(time, starting);
        await using ManySilos silos = await starting;
        InProcessSiloHandle first = silos.Silos[0], second = silos.Silos[1];
        string key = silos.KeysOn(second, "woken").First();
        await first.Client.GetGrain<IWoken>(key).Register();
        await MoveUntilAsync(time, silos.Gates.NotedAsync($"woken {key} at {second.SiloAddress}"));
        await MoveUntilAsync(time, silos.Cluster.StopSiloAsync(second));
        await MoveUntilAsync(time, silos.Gates.NotedAsync($"woken {key} at {first.SiloAddress}"));
        await first.Client.GetGrain<IWoken>(key).Unregister();
        int woken = silos.Gates.Words.Length;
        for (int i = 0; i < 90; i++) time.Advance(s_step);
        Assert.Equal(woken, silos.Gates.Words.Length);
        await MoveUntilAsync(time, silos.Cluster.StopAllSilosAsync());
    }

    /// <summary>Moves the clock in small steps, letting others do what is due, until something has happened.</summary>
    private static async Task MoveUntilAsync(FakeTimeProvider time, Task happened)
    {
        int yields = 0;
        await RuntimeCluster.UntilAsync(() =>
        {
            if (!happened.IsCompleted && ++yields % YieldsPerStep == 0) time.Advance(s_step);
            return happened.IsCompleted;
        });
        await happened;
    }
}
