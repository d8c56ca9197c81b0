using System.Collections.Concurrent;
using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Sites;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EsoCore.Tests.Cluster;

/// <summary>The product in three silos and a front door without grains.</summary>
public sealed class ManyProcessesTests
{
    private const string Hall = "HALL";
    private const int Devices = 30;
    private const int Step = 300;

    [Fact]
    public async Task Uploads_ThroughAFrontDoor_ReachAllSilosAndTwinsAssetsAndSitesFollow()
    {
        await using var cluster = await ProductCluster.Start(3);
        var door = await cluster.Silos.StartClientAsync();
        var site = await cluster.AddSite(Hall);
        var devices = await cluster.AddDevices(Devices, Hall);
        await using var load = new UploadLoad(cluster, door.Client, devices);
        await load.Acknowledged(Step);
        await load.Stop();
        Assert.Equal("", string.Join('\n', load.Failures));
        foreach (var silo in cluster.Silos.Silos)
            Assert.Contains(devices, id => cluster.Holds(silo, cluster.Device(id)));
        Assert.DoesNotContain(devices, id => cluster.Holds(door, cluster.Device(id)));
        await load.CheckStored();
        await load.CheckAssets();
        await AllOnline(site);
        Assert.Equal(devices.Order(), (await site.Get())!.OnlineDevices.Order());
    }

    [Fact]
    public async Task Silo_StoppedAsPlannedWhileDevicesUpload_FailsNoCall()
    {
        await using var cluster = await ProductCluster.Start(3);
        var door = await cluster.Silos.StartClientAsync();
        await using var load = new UploadLoad(cluster, door.Client, await cluster.AddDevices(Devices));
        await load.Acknowledged(Step);
        await cluster.Silos.StopSiloAsync(cluster.Silos.Silos[0]);
        await load.Acknowledged(Step);
        await cluster.Silos.StopSiloAsync(cluster.Silos.Silos[0]);
        await load.Acknowledged(Step);
        await load.Stop();
        Assert.Equal("", string.Join('\n', load.Failures));
        await load.CheckStored();
        await load.CheckAssets();
    }

    [Fact]
    public async Task Silo_KilledAfterCommitsThatNobodyWasToldOf_LosesNothingAndTakesNothingTwice()
    {
        await using var cluster = await ProductCluster.Start(3);
        var door = await cluster.Silos.StartClientAsync();
        var site = await cluster.AddSite(Hall);
        await using var load = new UploadLoad(cluster, door.Client, await cluster.AddDevices(Devices, Hall));
        await load.Acknowledged(Step);

        // What these commits wrote is stored and neither acknowledged nor sent on: the retry gets the first answer, the outbox sends.
        var victim = cluster.Silos.Silos[1];
        var cut = new ConcurrentQueue<Guid>();
        victim.ServiceProvider.GetRequiredService<PostgresStorage>().Faults.AfterCommit = devices =>
        {
            foreach (var id in devices)
                cut.Enqueue(id);
            throw new InvalidOperationException("The process is as good as dead.");
        };
        await Eventually.Holds(() => Task.FromResult(!cut.IsEmpty), () => "The silo commits nothing.");
        await cluster.Silos.KillSiloAsync(victim);
        await load.Acknowledged(Step);
        await cluster.Silos.WaitForLivenessToStabilizeAsync();
        Assert.Equal(2, cluster.Silos.Silos.Count);
        await load.Acknowledged(Step);
        await load.Stop();
        Assert.NotEmpty(load.Failures);
        await load.CheckStored();
        await load.CheckAssets();
        await AllOnline(site);
        await Eventually.Holds(
            async () => await cluster.Ask<long>("select count(*) from outbox") == 0,
            () => "The outbox still holds what nobody confirmed.");
    }

    private static Task AllOnline(ISiteGrain site) => Eventually.Holds(
        async () =>
        {
            try
            {
                return (await site.Get())!.Online == Devices;
            }
            catch (SiloUnavailableException)
            {
                return false; // A process that got no time for seconds asks first whether it still belongs to the others.
            }
        },
        () => "The site does not count all its devices.");
}
