using EsoCore.Grains.Rules;
using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static EsoCore.Tests.Rules.RuleSeeds;

namespace EsoCore.Tests.Rules;

/// <summary>What rules know of sites and assets when the store does not answer, or holds what cannot be read.</summary>
public sealed class RulePlacesTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly InMemoryStores _stores;
    private readonly RulePlaces _places;

    public RulePlacesTests()
    {
        _stores = new InMemoryStores(_time);
        _places = new RulePlaces(_stores, _time, NullLogger<RulePlaces>.Instance);
    }

    [Fact]
    public async Task Hours_NeverReadWhileTheStoreIsAway_MakeTheStepWait_AndThoseReadOnceAreUsed()
    {
        _stores.Fault = _ => new StorageUnavailableException("away");
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _places.Hours(ProjectId, "HALL").AsTask());
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _places.Types(ProjectId, ["DOOR-1"]).AsTask());

        _stores.Fault = null;
        Assert.True((await _places.Hours(ProjectId, "HALL")).IsOpen(Start));
        _stores.Fault = _ => new StorageUnavailableException("away");
        _time.Advance(RulePlaces.MaxAge + TimeSpan.FromSeconds(1));
        Assert.True((await _places.Hours(ProjectId, "HALL")).IsOpen(Start));
    }

    [Fact]
    public async Task Hours_OfADamagedSite_AreNone_AndTypesOfADamagedAssetToo()
    {
        await _stores.Write(ProjectId, ResourceKinds.Site, "HALL", "{damaged", 0, CancellationToken.None);
        await _stores.Write(ProjectId, ResourceKinds.Asset, "DOOR-1", "{damaged", 0, CancellationToken.None);
        Assert.False((await _places.Hours(ProjectId, "HALL")).IsOpen(Start));
        Assert.Null((await _places.Types(ProjectId, ["DOOR-1"])).Of("DOOR-1"));
    }
}
