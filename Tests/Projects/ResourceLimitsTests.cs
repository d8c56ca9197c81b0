using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Projects;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Projects;

public sealed class ResourceLimitsTests
{
    private static readonly Guid Project = Guid.NewGuid();

    private readonly InMemoryStores _stores = new(new FakeTimeProvider());

    [Theory]
    [InlineData(ResourceKinds.Site, IProjectGrain.MaxSites)]
    [InlineData(ResourceKinds.Asset, IProjectGrain.MaxAssets)]
    [InlineData(ResourceKinds.ConfigProfile, IProjectGrain.MaxConfigProfiles)]
    public async Task HasRoom_NearTheLimit_LetsPassWhatStillFits(string kind, int limit)
    {
        var limits = new ResourceLimits(_stores);
        _stores.CountedResources = limit - 2;
        Assert.True(await limits.HasRoom(Project, kind));
        Assert.True(await limits.HasRoom(Project, kind));
        _stores.CountedResources = limit;
        Assert.False(await limits.HasRoom(Project, kind));
        _stores.CountedResources = limit - 1;
        Assert.True(await limits.HasRoom(Project, kind));
    }

    [Fact]
    public async Task HasRoom_FarFromTheLimit_CountsOnceForManyAndForEachProjectAlone()
    {
        var limits = new ResourceLimits(_stores);
        for (var i = 0; i < ResourceLimits.PassesPerCount; i++)
            Assert.True(await limits.HasRoom(Project, ResourceKinds.Site));
        Assert.Equal(1, _stores.Calls("CountResources"));
        Assert.True(await limits.HasRoom(Project, ResourceKinds.Site));
        Assert.True(await limits.HasRoom(Guid.NewGuid(), ResourceKinds.Site));
        Assert.Equal(3, _stores.Calls("CountResources"));
    }
}
