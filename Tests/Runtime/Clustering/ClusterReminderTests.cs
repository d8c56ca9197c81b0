using EsoCore.Runtime.TestingHost;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Runtime.Clustering;

public sealed class ClusterReminderTests
{
    [Fact]
    public async Task Reminders_fire_where_their_grains_are_and_go_with_them()
    {
        var time = new FakeTimeProvider();
        Task<ManySilos> starting = ManySilos.StartAsync(2, tcp: false, time: time);
        await MoveUntilAsync(time, starting);
        await using ManySilos silos = await starting;
        InProcessSiloHandle first = silos.Silos[0], second = silos.Silos[1];
        string key = silos.KeysOn(second, "woken").First();
        await first.Client.GetGrain<IWoken>(key).Register();
        Task noted = silos.Gates.NotedAsync($"woken {key} at {second.SiloAddress}");
        await MoveUntilAsync(time, noted);
        Task killed = KillAndSettleAsync(silos, second);
        await MoveUntilAsync(time, killed);
        noted = silos.Gates.NotedAsync($"woken {key} at {first.SiloAddress}");
        await MoveUntilAsync(time, noted);
        await MoveUntilAsync(time, first.Client.GetGrain<IWoken>(key).Unregister());
        await MoveUntilAsync(time, silos.Cluster.StopSiloAsync(first));
    }

    private static async Task KillAndSettleAsync(ManySilos silos, InProcessSiloHandle silo)
    {
        await silos.Cluster.KillSiloAsync(silo);
        await silos.Cluster.WaitForLivenessToStabilizeAsync();
    }

    /// <summary>Moves the clock in small steps, so that everyone gets to do what is due, until something has happened.</summary>
    private static async Task MoveUntilAsync(FakeTimeProvider time, Task happened)
    {
        await RuntimeCluster.UntilAsync(() =>
        {
            if (happened.IsCompleted) return true;
            time.Advance(TimeSpan.FromMilliseconds(50));
            return false;
        });
        await happened;
    }
}
