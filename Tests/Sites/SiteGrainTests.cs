using System.Collections.Immutable;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Events;
using EsoCore.Grains.Events;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Sites;
using EsoCore.Grains.Storage;
using EsoCore.Projects;
using EsoCore.Sites;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Sites;

public sealed class SiteGrainTests : IAsyncLifetime
{
    private static readonly SiteDefinition Hall = new("Hall", null, "Europe/Berlin", null);

    private readonly Guid _project = Guid.NewGuid();
    private readonly string _key;
    private int _serials;
    private GrainCluster _cluster = null!;

    public SiteGrainTests() => _key = ProjectKey.Of(_project, "HALL");

    public async Task InitializeAsync() => _cluster = await GrainCluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    private ISiteGrain Site => _cluster.Client.GetGrain<ISiteGrain>(_key);

    [Fact]
    public async Task Put_CreateOnlyOnce_AndGet()
    {
        Assert.Null(await Site.Get());
        Assert.Equal(EditOutcome.Created, (await Site.Put(Hall, null, onlyCreate: true)).Outcome);
        Assert.Equal(EditOutcome.AlreadyExists, (await Site.Put(Hall, null, onlyCreate: true)).Outcome);
        Assert.Equal(EditOutcome.Invalid, (await Site.Put(Hall with { TimeZone = "here" }, null, onlyCreate: false)).Outcome);
        Assert.Equal(EditOutcome.VersionMismatch, (await Site.Put(Hall with { Name = "H" }, 7, onlyCreate: false)).Outcome);
        Assert.Equal(EditOutcome.Changed, (await Site.Put(Hall with { Name = "H" }, 1, onlyCreate: false)).Outcome);
        var view = (await Site.Get())!;
        Assert.Equal(("HALL", 2L, "H"), (view.Site.Id, view.Site.Version, view.Site.Value.Name));
        Assert.Equal((0, 0, 0), (view.Devices, view.Online, view.Offline));
        Assert.Equal(EditOutcome.Deleted, (await Site.Delete(2)).Outcome);
        Assert.Null(await Site.Get());
    }

    [Fact]
    public async Task Put_ProjectFull_IsRefusedButSitesThatStandCanChange()
    {
        await Site.Put(Hall, null, true);
        _cluster.Stores.CountedResources = IProjectGrain.MaxSites;
        var other = _cluster.Client.GetGrain<ISiteGrain>(ProjectKey.Of(Guid.NewGuid(), "HALL"));
        Assert.Equal(EditOutcome.LimitReached, (await other.Put(Hall, null, true)).Outcome);
        Assert.Null(await other.Get());
        Assert.Equal(EditOutcome.Changed, (await Site.Put(Hall with { Name = "H" }, null, false)).Outcome);
    }

    [Fact]
    public async Task Transitions_OfSeveralDevices_ShowWhoIsOnline()
    {
        await Site.Put(Hall, null, true);
        var (a, b, c) = (await AddDevice(), await AddDevice(), await AddDevice());
        await Deliver(await a.Tell(true), await b.Tell(true), await c.Tell(true), await b.Tell(false), await c.Leave());
        var view = (await Site.Get())!;
        Assert.Equal((2, 1, 1), (view.Devices, view.Online, view.Offline));
        Assert.Equal(a.Id, Assert.Single(view.OnlineDevices));
    }

    [Fact]
    public async Task Transitions_ToAnUnregisteredSite_CountOnceItIsRegistered()
    {
        await Deliver(await (await AddDevice()).Tell(true));
        Assert.Null(await Site.Get());
        await Site.Put(Hall, null, true);
        Assert.Equal(1, (await Site.Get())!.Online);
    }

    [Fact]
    public async Task Activation_ReadsTheRowsOfItsDevices_InSteps()
    {
        await Site.Put(Hall, null, true);
        var count = SiteGrain.ReadAtOnce + 1;
        for (var i = 0; i < count; i++)
            await (await AddDevice()).Tell(i % 2 == 0);
        await (await AddDevice("YARD")).Tell(true);
        await _cluster.RestartAsync();
        var view = (await Site.Get())!;
        Assert.Equal((count, (count + 1) / 2), (view.Devices, view.Online));
    }

    [Fact]
    public async Task Transitions_RepeatedAfterARestart_ChangeNothing()
    {
        await Site.Put(Hall, null, true);
        var device = await AddDevice();
        var (on, off) = (await device.Tell(true), await device.Tell(false));
        await Deliver(on, off);
        await _cluster.RestartAsync();
        await Deliver(on);
        var view = (await Site.Get())!;
        Assert.Equal((1, 0), (view.Devices, view.Online));
    }

    [Fact]
    public async Task Transitions_OvertakenByLaterOnes_ChangeNothing()
    {
        await Site.Put(Hall, null, true);
        var device = await AddDevice();
        var (on, off) = (await device.Tell(true), await device.Tell(false));
        await Deliver(off);
        await Deliver(on);
        Assert.Equal((1, 0), await Counts());
    }

    [Fact]
    public async Task Device_ThatMovedOn_StaysAway_AlsoWhenAnOldTransitionComesLate()
    {
        await Site.Put(Hall, null, true);
        var device = await AddDevice();
        var on = await device.Tell(true);
        var left = await device.Leave("YARD");
        await Deliver(on, left);
        Assert.Equal((0, 0), await Counts());
        await _cluster.RestartAsync();
        await Deliver(on);
        Assert.Equal((0, 0), await Counts());
    }

    [Fact]
    public async Task Rows_ChangedBehindItsBack_AreSeenInTheEnd()
    {
        await Site.Put(Hall, null, true);
        await (await AddDevice()).Tell(true);
        Assert.Equal((0, 0), await Counts());
        _cluster.Time.Advance(SiteGrain.RereadPeriod);
        await Turns.Until(async () => await Counts() == (1, 1));
    }

    [Fact]
    public async Task State_OfAnOlderProgram_IsNotLookedAt()
    {
        var id = Site.GetGrainId();
        await _cluster.Stores.Write(id.Type.ToString()!, id.Key.ToString()!, "state", """{"Format":1,"Sources":"AQ=="}""", null, default);
        await Site.Put(Hall, null, true);
        await Deliver(await (await AddDevice()).Tell(true));
        Assert.Equal((1, 1), await Counts());
    }

    private async Task<(int Devices, int Online)> Counts()
    {
        var view = (await Site.Get())!;
        return (view.Devices, view.Online);
    }

    private async Task<Told> AddDevice(string site = "HALL")
    {
        var device = new DeviceRegistration(
            Guid.NewGuid(), _project, $"S-{++_serials}", "M", site, ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active,
            "stable", false, ConfigSettings.Empty, default);
        await _cluster.Stores.Create(device, new NewKey(Guid.NewGuid(), _project, device.DeviceId, default, default, default), default);
        return new Told(_cluster.Stores, device);
    }

    private Task Publish(ImmutableArray<OutboxEntry> entries) => TransitionPublisher.Send(
        _cluster.Client.GetStreamProvider(TransitionStreams.Provider), new ReceiverId(TransitionStreams.Sites, _key),
        [.. entries.Select(e => e.Transition)]);

    private async Task Deliver(params ImmutableArray<OutboxEntry> entries)
    {
        await Publish(entries);
        await _cluster.Stores.Until(() => !_cluster.Stores.Unconfirmed.Intersect(entries).Any());
    }

    /// <summary>Commits what a device tells of its presence, as its grain would; gives the transition to this site.</summary>
    private sealed class Told(InMemoryStores stores, DeviceRegistration device)
    {
        public Guid Id => device.DeviceId;

        public Task<OutboxEntry> Tell(bool online) => Commit(device.SiteId, online, new PresenceChanged(online));

        public Task<OutboxEntry> Leave(string? to = null) => Commit(to, true, new LeftSite());

        private async Task<OutboxEntry> Commit(string? site, bool online, TransitionBody body)
        {
            var row = stores.Device(Id)!;
            var position = new TransitionPosition(row.TwinVersion + 1, 1);
            var entry = new OutboxEntry(
                TransitionStreams.Sites, ProjectKey.Of(device.ProjectId, device.SiteId!),
                new Transition(Id, position, TransitionPosition.None, default, body));
            await stores.Commit(
                new DeviceCommit
                {
                    DeviceId = Id,
                    DeviceNo = row.DeviceNo,
                    ExpectedVersion = row.TwinVersion,
                    Twin = default,
                    Presence = new PresenceWrite(device.ProjectId, site, 0, online, default),
                    Outbox = [entry],
                },
                default);
            return entry;
        }
    }
}
