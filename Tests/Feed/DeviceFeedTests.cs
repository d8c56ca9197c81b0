using System.Text.Json;
using EsoCore.Feed;
using EsoCore.Grains.Feed;
using EsoCore.Tests.Devices;
using EsoCore.Tests.Support;
using Xunit;
using static EsoCore.Tests.Devices.Records;

namespace EsoCore.Tests.Feed;

/// <summary>What devices commit, in the feed of their project.</summary>
public sealed class DeviceFeedTests
{
    [Fact]
    public async Task Upload_WhileSomebodyReads_IsToldWithItsEventsAndTheTwin()
    {
        await using var harness = await DeviceHarness.Start();
        var id = await harness.AddDevice("HALL");
        var feed = harness.Grains.GetGrain<IFeedGrain>(harness.ProjectId.ToString("D"));
        var start = await feed.Read(null, 1, TimeSpan.Zero, default);

        await harness.Upload(id, Point("temp", 0, 23.5), Event("power_outage", 1));

        harness.Time.Advance(ProjectFeed.Gather); // The answer to an upload comes after its feed has noted it.
        var items = await Read(feed, start.Position, 2);
        var item = Assert.Single(items, i => i.Entry.Kind == FeedKinds.Event).Entry;
        Assert.Equal((await harness.Events(id))[0].Id.ToString("D"), item.Id);
        var twin = Assert.Single(items, i => i.Entry.Kind == FeedKinds.Twin).Entry;
        Assert.Equal(("HALL", id), (twin.SiteId, twin.DeviceId!.Value));
        using var body = JsonDocument.Parse(twin.Body.ToString());
        Assert.True(body.RootElement.GetProperty("online").GetBoolean());
        Assert.Equal(23.5, body.RootElement.GetProperty("series")[0].GetProperty("last_value").GetDouble());
        Assert.Equal((await harness.Twin(id)).TwinVersion, body.RootElement.GetProperty("twin_version").GetInt64());

        var other = harness.Grains.GetGrain<IFeedGrain>(Guid.NewGuid().ToString("D"));
        Assert.Empty((await other.Read((await other.Read(null, 1, TimeSpan.Zero, default)).Position, 10, TimeSpan.Zero, default)).Items);
    }

    /// <summary>The limit only keeps a broken test from hanging.</summary>
    private static async Task<List<FeedItem>> Read(IFeedGrain feed, FeedPosition from, int count)
    {
        var items = new List<FeedItem>();
        while (items.Count < count)
        {
            var page = await feed.Read(from, 10, FeedLimits.MaxWait, default).WaitAsync(Turns.Patience);
            Assert.False(page.IsReset);
            items.AddRange(page.Items);
            from = page.Position;
        }

        return items;
    }
}
