using EsoCore.Grains.Storage;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.Contract;

/// <summary>What is told of devices' presence is stored with their commits, and read without their twins.</summary>
public abstract class PresenceContract : StorageContract
{
    private const int Shard = 7;

    [Fact]
    public async Task Commit_WithPresence_IsReadBySiteByShardByIdAndWithTheDevice()
    {
        var device = await Store.AddDevice();
        Assert.Null((await Store.Devices.Load(device.Id, None))!.Presence);

        await Tell(device, "HALL", online: true, Start);

        var expected = new DevicePresence(device.Id, device.ProjectId, "HALL", true, Start, 1);
        Assert.Equal(expected, (await Store.Devices.Load(device.Id, None))!.Presence);
        Assert.Equal(expected, Assert.Single(await Store.Devices.FindPresence([Guid.NewGuid(), device.Id], None)));
        Assert.Equal(expected, Assert.Single(await Store.Devices.ReadSitePresence(device.ProjectId, "HALL", Guid.Empty, 10, None)));
        Assert.Equal(expected, Assert.Single(await Store.Devices.ReadOnline(Shard, Guid.Empty, 10, None)));
        Assert.Empty(await Store.Devices.ReadOnline(Shard + 1, Guid.Empty, 10, None));
        Assert.Empty(await Store.Devices.ReadSitePresence(device.ProjectId, "YARD", Guid.Empty, 10, None));
        Assert.Empty(await Store.Devices.ReadSitePresence(Guid.NewGuid(), "HALL", Guid.Empty, 10, None));
    }

    [Fact]
    public async Task Commit_WithoutPresence_LeavesItAsItIs()
    {
        var device = await Store.AddDevice();
        await Tell(device, "HALL", online: true, Start);

        await device.Write(Store, device.Commit() with { NewSeries = [Series(1)] });
        await device.Write(Store);

        Assert.Equal(
            new DevicePresence(device.Id, device.ProjectId, "HALL", true, Start, 1), (await Store.Devices.Load(device.Id, None))!.Presence);
    }

    [Fact]
    public async Task Commit_ThatMovesADevice_KeepsSinceWhenItIsOnline()
    {
        var device = await Store.AddDevice();
        await Tell(device, "HALL", online: true, Start);

        await Tell(device, "YARD", online: true, Start.AddHours(1));
        Assert.Equal(("YARD", true, Start, 2L), await Stored(device));
        Assert.Empty(await Store.Devices.ReadSitePresence(device.ProjectId, "HALL", Guid.Empty, 10, None));

        await Tell(device, "YARD", online: false, Start.AddHours(2));
        Assert.Equal(("YARD", false, Start.AddHours(2), 3L), await Stored(device));
        Assert.Empty(await Store.Devices.ReadOnline(Shard, Guid.Empty, 10, None));

        await Tell(device, null, online: true, Start.AddHours(3));
        Assert.Equal((null, true, Start.AddHours(3), 4L), await Stored(device));
        Assert.Empty(await Store.Devices.ReadSitePresence(device.ProjectId, "YARD", Guid.Empty, 10, None));
        Assert.Single(await Store.Devices.ReadOnline(Shard, Guid.Empty, 10, None));
    }

    [Fact]
    public async Task Commit_ThatIsStale_TellsNothing()
    {
        var device = await Store.AddDevice();
        await Tell(device, "HALL", online: true, Start);

        var silent = new PresenceWrite(device.ProjectId, "HALL", Shard, false, Start);
        var late = device.Commit() with { ExpectedVersion = 0, Presence = silent };
        Assert.Equal(CommitOutcome.Stale, (await Store.Devices.Commit(late, None)).Outcome);

        Assert.Equal(("HALL", true, Start, 1L), await Stored(device));
    }

    [Fact]
    public async Task Reads_GoOnAfterADeviceInStepsUntilTheLast()
    {
        var project = await Store.AddProject();
        var devices = new List<TestDevice>();
        for (int i = 0; i < 7; i++)
        {
            devices.Add(await Store.AddDevice(project));
            await Tell(devices[i], "HALL", online: i != 3, Start);
        }

        Assert.Equal(
            devices.Select(d => d.Id).Order(),
            (await Walk(after => Store.Devices.ReadSitePresence(project, "HALL", after, 3, None))).Order());
        Assert.Equal(
            devices.Where(d => d != devices[3]).Select(d => d.Id).Order(),
            (await Walk(after => Store.Devices.ReadOnline(Shard, after, 3, None))).Order());
    }

    private static async Task<List<Guid>> Walk(Func<Guid, Task<System.Collections.Immutable.ImmutableArray<DevicePresence>>> read)
    {
        var all = new List<Guid>();
        while (true)
        {
            var page = await read(all.Count == 0 ? Guid.Empty : all[^1]);
            all.AddRange(page.Select(p => p.DeviceId));
            if (page.Length < 3)
                return all;
        }
    }

    private Task Tell(TestDevice device, string? site, bool online, DateTimeOffset at) =>
        device.Write(Store, device.Commit() with { Presence = new PresenceWrite(device.ProjectId, site, Shard, online, at) });

    private async Task<(string? Site, bool Online, DateTimeOffset Since, long Version)> Stored(TestDevice device)
    {
        var stored = (await Store.Devices.Load(device.Id, None))!.Presence!;
        return (stored.SiteId, stored.Online, stored.Since, stored.TwinVersion);
    }
}
