using System.Collections.Immutable;
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

    private readonly string _key = ProjectKey.Of(Guid.NewGuid(), "HALL");
    private GrainCluster _cluster = null!;

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
    public async Task State_OfANewerFormat_IsRefusedAndLeftAlone()
    {
        var id = Site.GetGrainId();
        const string newer = """{"Format":2,"Sources":""}""";
        await _cluster.Stores.Write(id.Type.ToString()!, id.Key.ToString()!, "state", newer, null, default);
        var error = await Assert.ThrowsAnyAsync<Exception>(() => Site.Get());
        Assert.Contains("format 2; this program reads up to format 1", error.ToString());
        Assert.Equal(newer, (await _cluster.Stores.Read(id.Type.ToString()!, id.Key.ToString()!, "state", default))!.Json);
    }

    [Fact]
    public async Task State_WithFieldsOfANewerProgram_KeepsThem()
    {
        var id = Site.GetGrainId();
        await _cluster.Stores.Write(id.Type.ToString()!, id.Key.ToString()!, "state", """{"Format":1,"Alarms":{"n":3}}""", null, default);
        await Deliver(Source().Next(On));
        var json = (await _cluster.Stores.Read(id.Type.ToString()!, id.Key.ToString()!, "state", default))!.Json;
        Assert.Contains("\"Alarms\":{\"n\":3}", json);
        Assert.Contains("\"Sources\":\"", json);
    }

    [Fact]
    public async Task Transitions_OfSeveralDevices_ShowWhoIsOnline()
    {
        await Site.Put(Hall, null, true);
        var (a, b, c) = (Source(), Source(), Source());
        await Deliver(a.Next(On), b.Next(On), c.Next(On), b.Next(Off), c.Next(new LeftSite()));
        var view = (await Site.Get())!;
        Assert.Equal((2, 1, 1), (view.Devices, view.Online, view.Offline));
        Assert.Equal(a.Device, Assert.Single(view.OnlineDevices));
    }

    [Fact]
    public async Task Transitions_ToAnUnregisteredSite_CountOnceItIsRegistered()
    {
        await Deliver(Source().Next(On));
        Assert.Null(await Site.Get());
        await Site.Put(Hall, null, true);
        Assert.Equal(1, (await Site.Get())!.Online);
    }

    [Fact]
    public async Task Transitions_RepeatedAfterARestart_ChangeNothing()
    {
        await Site.Put(Hall, null, true);
        var source = Source();
        var (on, off) = (source.Next(On), source.Next(Off));
        await Deliver(on, off);
        await _cluster.RestartAsync();
        await Deliver(on);
        var view = (await Site.Get())!;
        Assert.Equal((1, 0), (view.Devices, view.Online));
    }

    [Fact]
    public async Task Liveness_WhileAnyDeviceIsOnline_HasAReminder()
    {
        var source = Source();
        await Deliver(source.Next(On));
        await WaitFor(async () => (await Reminders()).Count == 1);
        Assert.Equal(SiteGrain.LivenessPeriod, Assert.Single(await Reminders()).Period);
        await Deliver(source.Next(Off));
        await WaitFor(async () => (await Reminders()).Count == 0);
    }

    [Fact]
    public async Task LargeSite_GathersListsButConfirmsOnlyWhatIsWritten()
    {
        await Site.Put(Hall, null, true);
        var sources = Enumerable.Range(0, SiteGrain.SmallSite + 1).Select(_ => Source()).ToList();
        ImmutableArray<OutboxEntry> first = [.. sources.Select(s => s.Next(On))];
        _cluster.Stores.AddToOutbox(1, first);
        await Publish(first);
        await WaitFor(async () => (await Site.Get())!.Online == first.Length);
        Assert.NotEmpty(_cluster.Stores.Unconfirmed);
        _cluster.Time.Advance(SiteGrain.WriteDelayPerDevice * first.Length);
        await _cluster.Stores.Until(() => _cluster.Stores.Unconfirmed.IsEmpty);
        await _cluster.RestartAsync();
        Assert.Equal(first.Length, (await Site.Get())!.Online);
    }

    [Fact]
    public async Task Device_WhoseProcessDied_IsFoundSilentByItsSite()
    {
        var project = (await _cluster.Client.GetGrain<IInstallationGrain>(IInstallationGrain.Key).CreateProject("Acme")).Project.Id;
        var site = _cluster.Client.GetGrain<ISiteGrain>(ProjectKey.Of(project, "HALL"));
        await site.Put(Hall, null, true);
        var created = await _cluster.Client.GetGrain<IProjectGrain>(project.ToString("D")).CreateDevice(
            new NewDevice("SN-1", "DOOR-2", "HALL", ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active, false));
        var device = _cluster.Client.GetGrain<IDeviceGrain>(created.Current!.Id);
        var call = new DeviceCall(_cluster.Time.GetUtcNow());
        Assert.Equal(DeviceOutcome.Done, (await device.Heartbeat(new HeartbeatReport(call, null, null, null, null, null, null, null))).Outcome);
        await _cluster.Stores.Until(() => _cluster.Stores.Unconfirmed.IsEmpty);
        Assert.Equal(1, (await site.Get())!.Online);

        await _cluster.RestartAsync();
        site = _cluster.Client.GetGrain<ISiteGrain>(ProjectKey.Of(project, "HALL"));
        for (var minutes = 0; (await site.Get())!.Online == 1; minutes++)
        {
            Assert.True(minutes < 10_000, "The site never found out.");
            _cluster.Time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
        }
    }

    private static TransitionBody On { get; } = new PresenceChanged(true);

    private static TransitionBody Off { get; } = new PresenceChanged(false);

    private TransitionSource Source() => new(TransitionStreams.Sites, _key);

    private Task<IReadOnlyList<ReminderRow>> Reminders() => _cluster.Reminders(Site);

    private Task Publish(ImmutableArray<OutboxEntry> entries) => TransitionPublisher.Send(
        _cluster.Client.GetStreamProvider(TransitionStreams.Provider), new ReceiverId(TransitionStreams.Sites, _key),
        [.. entries.Select(e => e.Transition)]);

    private async Task Deliver(params ImmutableArray<OutboxEntry> entries)
    {
        _cluster.Stores.AddToOutbox(1, entries);
        await Publish(entries);
        await _cluster.Stores.Until(() => _cluster.Stores.Unconfirmed.IsEmpty);
    }

    /// <summary>Lets other work go on until a condition holds; the bound only keeps a broken test from hanging.</summary>
    private static async Task WaitFor(Func<Task<bool>> condition)
    {
        for (var turns = 0; !await condition(); turns++)
        {
            Assert.True(turns < 1_000_000, "The condition never came to hold.");
            await Task.Yield();
        }
    }
}
