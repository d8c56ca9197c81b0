using System.Collections.Immutable;
using EsoCore.Assets;
using EsoCore.Grains.Projects;
using EsoCore.Telemetry;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Cluster;

/// <summary>
/// What a newer program stored, met by this one in another silo. The first release has no newer one, so it stands in the database by the
/// test's hand.
/// </summary>
public sealed class NewerStateTests
{
    /// <summary>The most assets named to find one that a certain silo owns.</summary>
    private const int MaxDrawn = 100;

    private static readonly AssetDefinition Named = new(
        null, "door", null, null, null, null, null, ImmutableSortedDictionary<string, string>.Empty, Active: true);

    [Fact]
    public async Task TwinAndState_WithFieldsOfANewerProgram_KeepThemWhenTheOtherSiloWrites()
    {
        await using var cluster = await ProductCluster.Start(2);
        var (stays, leaves) = (cluster.Silos.Silos[0], cluster.Silos.Silos[1]);
        var (code, asset) = await AssetOn(cluster, leaves);
        var device = await cluster.AddDeviceOn(leaves);
        await UploadOnce(cluster, device, code);
        await Eventually.Holds(
            async () => (await asset.Get())?.Cycles.Opened == 1, () => "The asset was not told of the cycle.");
        await cluster.ChangeTwin(device, """ '{"colour":{"hue":7},' || substr(t, 2) """);
        await cluster.Execute("""update grain_state set json = '{"Colour":{"Hue":7},' || substr(json, 2) where grain_type = 'asset'""");

        await cluster.Silos.StopSiloAsync(leaves);
        await UploadOnce(cluster, device, code);
        await Eventually.Holds(
            async () => (await asset.Get())!.Cycles.Opened == 2, () => "The asset was not told of the further cycle.");

        Assert.Equal(stays.SiloAddress, cluster.OwnerOf(cluster.Device(device)));
        Assert.Equal(2, (await cluster.Device(device).GetTwin(cluster.Scope))!.Counters.Batches);
        Assert.Contains("\"colour\":{\"hue\":7}", await cluster.StoredTwin(device));
        Assert.Contains("\"Colour\":{\"Hue\":7}", await cluster.Ask<string>("select json from grain_state where grain_type = 'asset'"));
    }

    [Fact]
    public async Task Twin_OfANewerFormat_FailsItsOwnDeviceOnlyAndIsLeftAlone()
    {
        await using var cluster = await ProductCluster.Start(2);
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

    private static async Task<(string Code, IAssetGrain Asset)> AssetOn(ProductCluster cluster, InProcessSiloHandle silo)
    {
        for (var i = 0; i < MaxDrawn; i++)
        {
            var asset = cluster.Silos.Client.GetGrain<IAssetGrain>(ProjectKey.Of(cluster.ProjectId, $"A-{i}"));
            // With Orleans a grain has a place once it was called, and an asset that nobody has named leaves it again at once.
            await asset.Put(Named, null, onlyCreate: true);
            if (silo.SiloAddress!.Equals(cluster.OwnerOf(asset)))
                return ($"A-{i}", asset);
        }

        throw new InvalidOperationException($"None of {MaxDrawn} assets is owned by {silo.Name}.");
    }

    private static async Task UploadOnce(ProductCluster cluster, Guid device, string? asset = null)
    {
        // On a machine that others load a commit may take longer than a device waits, which then sends the same batch again.
        var (batch, answer) = (UploadLoad.SingleBatch(asset), (UploadAnswer?)null);
        await Eventually.Holds(
            async () => (answer = await cluster.Device(device).Upload(batch)).Outcome != UploadOutcome.Unavailable,
            () => "The storage never answered.");
        Assert.Contains(answer!.Outcome, new[] { UploadOutcome.Accepted, UploadOutcome.Replayed });
    }
}
