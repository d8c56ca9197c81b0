using EsoCore.Tests.Runtime.Clustering;
using Xunit;

namespace EsoCore.Tests.Cluster;

/// <summary>
/// An older program and a newer one side by side in one cluster. The first release has no older one, so it plays both, by the message
/// formats that it says to speak.
/// </summary>
public sealed class BuiltInRollingUpgradeTests
{
    private const int Devices = 20;
    private const int Step = 200;

    private static readonly (int, int) Old = (1, 1);
    private static readonly (int, int) New = (1, 2);
    private static readonly (int, int) Later = (2, 2);

    [Fact]
    public async Task Silos_ReplacedOneByOneByNewerOnesWhileDevicesUpload_FailNoCallAndStoreEachBatchOnce()
    {
        await using var cluster = await ProductCluster.Start(2, Old);
        var silos = cluster.Silos;
        var oldDoor = await silos.StartClientAsync();
        cluster.Formats = New;
        var newDoor = await silos.StartClientAsync();
        await using var oldLoad = new UploadLoad(cluster, oldDoor.Client, await cluster.AddDevices(Devices / 2));
        await using var newLoad = new UploadLoad(cluster, newDoor.Client, await cluster.AddDevices(Devices / 2));
        await Task.WhenAll(oldLoad.Acknowledged(Step), newLoad.Acknowledged(Step));
        foreach (var old in silos.Silos)
        {
            await IsRefused(cluster);
            cluster.Formats = New;
            await silos.StartAdditionalSiloAsync();
            await Task.WhenAll(oldLoad.Acknowledged(Step), newLoad.Acknowledged(Step));
            await silos.StopSiloAsync(old);
            await Task.WhenAll(oldLoad.Acknowledged(Step), newLoad.Acknowledged(Step));
        }

        // The last of the old program is the front door; after it, what no longer speaks the old format may come.
        await oldLoad.Stop();
        await silos.StopSiloAsync(oldDoor);
        cluster.Formats = Later;
        await silos.StartAdditionalSiloAsync();
        await silos.WaitForLivenessToStabilizeAsync();
        Assert.Equal(3, silos.Silos.Count);
        await newLoad.Acknowledged(Step);
        await newLoad.Stop();
        Assert.Empty(oldLoad.Failures.Concat(newLoad.Failures));
        foreach (var load in new[] { oldLoad, newLoad })
        {
            await load.CheckStored();
            await load.CheckAssets();
        }
    }

    /// <summary>A silo that does not speak the old format cannot join while a silo speaks nothing else, and says so.</summary>
    private static async Task IsRefused(ProductCluster cluster)
    {
        var patience = cluster.JoinTimeout;
        (cluster.Formats, cluster.JoinTimeout) = (Later, TimeSpan.FromSeconds(3));
        await ManySilos.RefusalAsync(cluster.Silos, "they have no message format in common");
        cluster.JoinTimeout = patience;
    }
}
