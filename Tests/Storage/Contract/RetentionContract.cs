using EsoCore.Grains.Storage;
using EsoCore.History;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.Contract;

public abstract class RetentionContract : StorageContract
{
    private const long Day = PointBlock.DayUs;

    [Fact]
    public async Task Settle_WithARetention_DeletesWhatIsOlderAndHidesTheRest()
    {
        var device = await Store.AddDevice();
        var stranger = await Store.AddDevice();
        long now = (Store.Now - DateTimeOffset.UnixEpoch).Ticks / 10;
        foreach (var d in new[] { device, stranger })
        {
            await d.Write(Store, d.Commit() with { NewSeries = [Series(1)] });
            for (int i = 0; i < 5; i++)
            {
                long day = StartUs - (i * Day);
                await d.Write(Store, d.Commit(Block((1, day, i), (1, day + (Day / 2) + 1, i))) with
                {
                    Events = [Event(day, "x", (UInt128)i + 1)],
                    Windows = [Window(day, "vib", (UInt128)i + 1)],
                });
                if (i == 2)
                    await Store.Settle();
            }
        }

        await Store.Projects.SetRetention(device.ProjectId, 2, 1, None);
        await Store.Settle();
        Assert.Equal(10, (await Store.Devices.ReadAll(device.No)).Count);
        Store.Advance(TimeSpan.FromMinutes(1));
        await Store.Settle();

        // The floor is now - 2 days, at noon: the day that it cuts stays stored, and its first half is hidden.
        var stored = await Store.Devices.Load(device.Id, None);
        Assert.Equal(now - (2 * Day), stored!.RetentionFloorUs);
        Assert.Equal([0.0, 0, 1, 1, 2, 2], (await Store.Devices.ReadAll(device.No)).Select(p => p.Value).Order().Where(v => v <= 2));
        var points = await Store.History.ReadPoints(new(device.Scope, device.Id, null, null, null, null, null), new(), None);
        Assert.Equal([2.0, 1, 1, 0, 0], points.Items.Select(p => p.Value));
        var buckets = await Store.History.ReadBuckets(new(new(device.Scope, device.Id, null, null, null, null, null), TimeSpan.FromDays(1)), None);
        Assert.Equal(5, buckets.Sum(b => b.Count));
        var events = new EventQuery(device.Scope, device.Id, null, null, null, null, null, null, null);
        Assert.Equal(2, (await Store.History.ReadEvents(events, new(), None)).Items.Length);
        Assert.Equal(2, (await Store.History.ReadWindows(new(device.Scope, device.Id, null, null, null, null), new(), None)).Items.Length);
        Assert.Equal(10, (await Store.Devices.ReadAll(stranger.No)).Count);
        Assert.Empty(await Store.Devices.ReadAll(device.No, StartUs - (4 * Day), StartUs - (2 * Day) - 1));
    }

    [Fact]
    public async Task RetentionFloor_LongerRetentionOrNone_DoesNotGoBack()
    {
        var device = await Store.AddDevice();
        await Store.Projects.SetRetention(device.ProjectId, 2, 1, None);
        long floor = (await Store.Devices.Load(device.Id, None))!.RetentionFloorUs;

        Assert.Null(await Store.Projects.SetRetention(device.ProjectId, 30, 1, None));
        Assert.Equal(30, (await Store.Projects.SetRetention(device.ProjectId, 30, 2, None))!.Value.RetentionDays);
        await Store.Projects.SetRetention(device.ProjectId, null, 3, None);
        await Store.Settle();
        await Store.Reopen();

        Assert.Equal(floor, (await Store.Devices.Load(device.Id, None))!.RetentionFloorUs);
        var project = await Store.Projects.FindProject(device.ProjectId, None);
        Assert.Equal((4, null), (project!.Version, project.Value.RetentionDays));
    }

    [Fact]
    public async Task RetentionFloor_TimePasses_MovesForward()
    {
        var project = await Store.AddProject(retentionDays: 1);
        var device = await Store.AddDevice(project);
        long floor = (await Store.Devices.Load(device.Id, None))!.RetentionFloorUs;

        Store.Advance(TimeSpan.FromHours(5));
        await Store.Settle();

        // Upkeep of its own may have raised it while the clock was moved; what was raised then waits before it is raised again.
        Assert.InRange((await Store.Devices.Load(device.Id, None))!.RetentionFloorUs, floor + 1, floor + (5 * 3_600_000_000L));
    }

    [Fact]
    public async Task SetRetention_Shorter_RejectsAtOnceAndRemovesLater()
    {
        var device = await Store.AddDevice();
        await device.Write(Store, device.Commit(Block((1, StartUs - (5 * Day), 1))) with { NewSeries = [Series(1)] });
        Assert.Equal(new StoredRetention(null, long.MinValue), await Store.Projects.FindRetention(device.ProjectId, None));
        long floor = ((Store.Now - DateTimeOffset.UnixEpoch).Ticks / 10) - (2 * Day);

        await Store.Projects.SetRetention(device.ProjectId, 2, 1, None);
        Assert.Equal(new StoredRetention(2, floor), await Store.Projects.FindRetention(device.ProjectId, None));

        // What a grain that has not heard of it would compare with must still be there, and be shown.
        Store.Advance(TimeSpan.FromSeconds(29));
        await Store.Settle();
        Assert.Single(await Store.Devices.ReadAll(device.No));
        Assert.Single((await Store.History.ReadPoints(new(device.Scope, device.Id, null, null, null, null, null), new(), None)).Items);

        // Taking the setting back does not take the floor back.
        await Store.Projects.SetRetention(device.ProjectId, null, 2, None);
        Assert.Equal(new StoredRetention(null, floor), await Store.Projects.FindRetention(device.ProjectId, None));
        Store.Advance(TimeSpan.FromSeconds(1));
        await Store.Settle();
        Assert.Empty(await Store.Devices.ReadAll(device.No));
        Assert.Null(await Store.Projects.FindRetention(Guid.NewGuid(), None));
    }

    [Fact]
    public async Task Settle_ThirtyDaysOn_ForgetsTheLedger()
    {
        var device = await Store.AddDevice();
        var (old, young) = (Ledger(Store.Now), Ledger(Store.Now.AddDays(2)));
        await device.Write(Store, device.Commit() with { Batch = old });
        await device.Write(Store, device.Commit() with { Batch = young });

        Store.Advance(TimeSpan.FromDays(31));
        await Store.Settle();

        Assert.Equal([young.BatchId], (await Store.History.ReadBatches(device.Scope, device.Id, new(), None)).Items.Select(b => b.BatchId));
        await device.Write(Store, device.Commit() with { Batch = old });
    }
}
