using EsoCore.Runtime.TestingHost;
using EsoCore.Sites;
using EsoCore.Telemetry;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Cluster;

/// <summary>
/// An older program and a newer one side by side in one cluster. The first release has no older one, so it plays both: by the message
/// formats that it says to speak, and by what stands in the database.
/// </summary>
public sealed class RollingUpgradeTests
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

    [Fact]
    public async Task TwinAndState_WithFieldsOfANewerProgram_KeepThemWhenTheOtherSiloWrites()
    {
        await using var cluster = await ProductCluster.Start(2, Old);
        var (stays, leaves) = (cluster.Silos.Silos[0], cluster.Silos.Silos[1]);
        var (siteId, site) = await SiteOn(cluster, leaves);
        var device = await cluster.AddDeviceOn(leaves, siteId);
        await UploadOnce(cluster, device);
        await Eventually.Holds(async () => (await site.Get())!.Online == 1, () => "The site was not told that the device is online.");
        await cluster.ChangeTwin(device, """ '{"colour":{"hue":7},' || substr(t, 2) """);
        await cluster.Execute("""update grain_state set json = '{"Colour":{"Hue":7},' || substr(json, 2) where grain_type = 'site'""");

        await cluster.Silos.StopSiloAsync(leaves);
        await UploadOnce(cluster, device);
        await UploadOnce(cluster, (await cluster.AddDevices(1, siteId))[0]);
        await Eventually.Holds(async () => (await site.Get())!.Online == 2, () => "The site was not told that a further device is online.");

        Assert.Equal(stays.SiloAddress, cluster.OwnerOf(cluster.Device(device)));
        Assert.Equal(2, (await cluster.Device(device).GetTwin(cluster.Scope))!.Counters.Batches);
        Assert.Contains("\"colour\":{\"hue\":7}", await cluster.StoredTwin(device));
        Assert.Contains("\"Colour\":{\"Hue\":7}", await cluster.Ask<string>("select json from grain_state where grain_type = 'site'"));
    }

    [Fact]
    public async Task Twin_OfANewerFormat_FailsItsOwnDeviceOnlyAndIsLeftAlone()
    {
        await using var cluster = await ProductCluster.Start(2, Old);
        var leaves = cluster.Silos.Silos[1];
        var (newer, other) = (await cluster.AddDeviceOn(leaves), await cluster.AddDeviceOn(leaves));
        await UploadOnce(cluster, newer);
        await UploadOnce(cluster, other);
        await cluster.ChangeTwin(newer, """ replace(t, '"format":1', '"format":2') """);
        var stored = await cluster.StoredTwin(newer);

        await cluster.Silos.StopSiloAsync(leaves);
        await UploadOnce(cluster, other);
        var error = await Assert.ThrowsAnyAsync<Exception>(() => cluster.Device(newer).GetTwin(cluster.Scope));
        Assert.Contains($"device {newer:D} is stored in format 2; this program reads up to format 1", error.ToString());
        await Assert.ThrowsAnyAsync<Exception>(() => UploadOnce(cluster, newer));
        Assert.Equal(stored, await cluster.StoredTwin(newer));
        Assert.Contains("\"format\":2", stored);
    }

    /// <summary>A silo that does not speak the old format cannot join while a silo speaks nothing else, and says so.</summary>
    private static async Task IsRefused(ProductCluster cluster)
    {
        var patience = cluster.JoinTimeout;
        (cluster.Formats, cluster.JoinTimeout) = (Later, TimeSpan.FromSeconds(3));
        var error = await Assert.ThrowsAsync<TimeoutException>(cluster.Silos.StartAdditionalSiloAsync);
        Assert.Contains("they have no message format in common", error.Message);
        cluster.JoinTimeout = patience;
    }

    private static async Task<(string Id, ISiteGrain Site)> SiteOn(ProductCluster cluster, InProcessSiloHandle silo)
    {
        var id = Enumerable.Range(0, 100).Select(i => $"HALL-{i}").First(id => silo.SiloAddress!.Equals(cluster.OwnerOf(cluster.Site(id))));
        return (id, await cluster.AddSite(id));
    }

    private static async Task UploadOnce(ProductCluster cluster, Guid device)
    {
        var answer = await cluster.Device(device).Upload(UploadLoad.SingleBatch());
        Assert.Equal(UploadOutcome.Accepted, answer.Outcome);
    }
}
