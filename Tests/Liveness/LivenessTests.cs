using System.Collections.Immutable;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Config;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Liveness;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Projects;
using EsoCore.Sites;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EsoCore.Tests.Liveness;

/// <summary>Devices that fall silent and speak again, by a clock that the test moves.</summary>
public sealed class LivenessTests : IAsyncLifetime
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(ConfigDefaults.UploadIntervalS);
    private static readonly TimeSpan SilentAfter = Interval + new DeviceOptions().LivenessGrace;

    /// <summary>What a busy machine may take for what is a second or two by the clock.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(30);

    private GrainCluster _cluster = null!;
    private Guid _project;

    public async Task InitializeAsync()
    {
        _cluster = await GrainCluster.StartAsync();
        _project = (await _cluster.Client.GetGrain<IInstallationGrain>(IInstallationGrain.Key).CreateProject("Acme")).Project.Id;
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Device_ThatFallsSilent_IsOfflineAfterIntervalAndGrace_NotBefore()
    {
        var id = await AddDevice("HALL");
        var heardAt = await Heard(id);
        Assert.True(await _cluster.Stays(SilentAfter - TimeSpan.FromSeconds(1), () => !Presence(id).Online, TimeSpan.FromSeconds(10)));
        await _cluster.Move(Slack, () => !Presence(id).Online);
        Assert.Equal((heardAt, "HALL"), (Presence(id).Since, Presence(id).SiteId));
    }

    [Fact]
    public async Task Device_WithoutASite_IsWatchedAllTheSame()
    {
        var id = await AddDevice(null);
        await Heard(id);
        Assert.True(Presence(id).Online);
        await _cluster.Move(SilentAfter + Slack, () => !Presence(id).Online);
    }

    [Fact]
    public async Task Device_ThatSpeaksAgain_IsOnlineAtOnceAndWatchedAgain()
    {
        var id = await AddDevice("HALL");
        await Heard(id);
        await _cluster.Move(SilentAfter + Slack, () => !Presence(id).Online);
        var back = await Heard(id);
        Assert.Equal((true, back), (Presence(id).Online, Presence(id).Since));
        await _cluster.Move(SilentAfter + Slack, () => !Presence(id).Online);
    }

    [Fact]
    public async Task Device_ThatSpeaksInTime_StaysOnline()
    {
        var id = await AddDevice("HALL");
        var since = await Heard(id);
        for (var i = 0; i < 10; i++)
        {
            Assert.True(await _cluster.Stays(Interval, () => !Presence(id).Online, TimeSpan.FromSeconds(20)));
            await Heard(id);
        }

        Assert.Equal(since, Presence(id).Since);
    }

    [Fact]
    public async Task Device_WhoseServerWasAway_HasAnIntervalToComeBack()
    {
        var id = await AddDevice("HALL");
        await Heard(id);
        await Restart(id, TimeSpan.FromHours(2));
        Assert.True(await _cluster.Stays(SilentAfter - TimeSpan.FromSeconds(1), () => !Presence(id).Online, TimeSpan.FromSeconds(10)));
        await _cluster.Move(Slack, () => !Presence(id).Online);
    }

    [Fact]
    public async Task Shard_StartedAfresh_FindsItsDevicesByTheirRows()
    {
        var id = await AddDevice("HALL");
        await Heard(id);
        await Restart(id);
        await _cluster.Move(SilentAfter + Slack, () => !Presence(id).Online);
    }

    [Fact]
    public async Task Device_WhoseRowIsNotWhatItsTwinTold_PutsItRightWhenItIsHeard()
    {
        var id = await AddDevice("HALL");
        await Heard(id);
        await _cluster.RestartAsync();
        _cluster.Stores.Device(id)!.Presence = null;
        var back = await Heard(id);
        Assert.Equal(("HALL", true, back), (Presence(id).SiteId, Presence(id).Online, Presence(id).Since));
        await _cluster.Move(SilentAfter + Slack, () => !Presence(id).Online);
    }

    [Fact]
    public async Task Device_ThatMoves_CountsAtItsNewSiteOnly_AndStaysOnlineSinceItWas()
    {
        var (hall, yard) = (await AddSite("HALL"), await AddSite("YARD"));
        var id = await AddDevice("HALL");
        var since = await Heard(id);
        Assert.Equal((1, 1), await Counts(hall));
        _cluster.Time.Advance(TimeSpan.FromMinutes(1));
        var device = _cluster.Client.GetGrain<IDeviceGrain>(id.ToString("D"));
        foreach (var site in (string[])["YARD", "HALL", "YARD"])
            await device.ChangeRegistration(new Scope(_project), new RegistrationChange(SiteId: site), null);
        await _cluster.Stores.Until(() => _cluster.Stores.Unconfirmed.IsEmpty);
        Assert.Equal((0, 0), await Counts(hall));
        Assert.Equal((1, 1), await Counts(yard));
        Assert.Equal(("YARD", true, since), (Presence(id).SiteId, Presence(id).Online, Presence(id).Since));
        await _cluster.RestartAsync();
        Assert.Equal((0, 0), await Counts(await AddSite("HALL")));
        Assert.Equal((1, 1), await Counts(await AddSite("YARD")));
    }

    [Fact]
    public async Task Shard_Started_HasAReminderThatWakesIt()
    {
        var shard = _cluster.Client.GetGrain<ILivenessGrain>(LivenessShards.KeyOf(3));
        await shard.Start();
        await shard.Start();
        Assert.Equal(LivenessGrain.WakePeriod, Assert.Single(await _cluster.Reminders(shard)).Period);
    }

    [Fact]
    public async Task Device_ThatCannotBeAsked_HoldsUpNoOther()
    {
        var good = await AddDevice("HALL");
        await Heard(good);
        for (var i = 0; i < 2 * LivenessGrain.AskedAtOnce; i++)
            await AddBroken(LivenessShards.Of(good), i);
        await Restart(good);
        await _cluster.Move(SilentAfter + Slack, () => !Presence(good).Online);
    }

    [Fact]
    public async Task Heartbeats_ThatTellNothing_AreWrittenOnceInAWhile_SoThatACrashForgetsLittle()
    {
        var id = await AddDevice("HALL");
        await Heard(id);
        var commits = _cluster.Stores.Calls("Commit");
        _cluster.Time.Advance(TimeSpan.FromSeconds(30));
        await Heard(id);
        Assert.Equal(commits, _cluster.Stores.Calls("Commit"));
        _cluster.Time.Advance(Interval / 2);
        await Heard(id);
        Assert.Equal(commits + 1, _cluster.Stores.Calls("Commit"));
    }

    [Fact]
    public async Task Device_WhoseRowSaysOnlineAndItsTwinOffline_IsPutRightWhenItIsAskedFor()
    {
        var id = await AddDevice("HALL");
        await Heard(id);
        await _cluster.Move(SilentAfter + Slack, () => !Presence(id).Online);
        await _cluster.RestartAsync();
        _cluster.Stores.Device(id)!.Presence = Presence(id) with { Online = true };
        await Start(id);
        await _cluster.Move(SilentAfter + Slack, () => !Presence(id).Online);
    }

    [Fact]
    public async Task Device_WhoseIntervalWasMadeShorter_IsMissedWithinTheHour()
    {
        var id = await AddDevice("HALL");
        var profile = _cluster.Client.GetGrain<IConfigProfileGrain>(ProjectKey.Of(_project, "DOOR-2"));
        await profile.Put(ConfigSettings.Empty with { UploadIntervalS = 86_400 }, null);
        _cluster.Time.Advance(TimeSpan.FromMinutes(1)); // Processes look for new settings every few seconds.
        await Heard(id);
        await profile.Put(ConfigSettings.Empty with { UploadIntervalS = 300 }, null);
        _cluster.Time.Advance(TimeSpan.FromMinutes(1));
        await Heard(id);
        _cluster.Time.Advance(TimeSpan.FromMinutes(55));
        await _cluster.Move(TimeSpan.FromMinutes(5) + Slack, () => !Presence(id).Online);
    }

    private async Task<Guid> AddDevice(string? site)
    {
        var created = await _cluster.Client.GetGrain<IProjectGrain>(_project.ToString("D")).CreateDevice(new NewDevice(
            Guid.NewGuid().ToString(), "DOOR-2", site, ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active, false));
        return created.Current!.Value.Device.DeviceId;
    }

    private async Task<ISiteGrain> AddSite(string id)
    {
        var site = _cluster.Client.GetGrain<ISiteGrain>(ProjectKey.Of(_project, id));
        await site.Put(new SiteDefinition(id, null, "UTC", null), null, onlyCreate: false);
        return site;
    }

    private static async Task<(int Devices, int Online)> Counts(ISiteGrain site)
    {
        var view = (await site.Get())!;
        return (view.Devices, view.Online);
    }

    /// <summary>A device of a shard that is told online and whose twin nobody can read.</summary>
    private async Task AddBroken(int shard, int n)
    {
        var id = new Guid([(byte)n, .. new byte[14], (byte)shard], bigEndian: true);
        var registration = new DeviceRegistration(
            id, _project, $"broken-{n}", "M", null, ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active, "stable", false,
            ConfigSettings.Empty, _cluster.Time.GetUtcNow());
        await _cluster.Stores.Create(registration, new NewKey(Guid.NewGuid(), _project, id, default, default, default), default);
        var row = _cluster.Stores.Device(id)!;
        (row.TwinVersion, row.Twin, row.Shard) = (1, "?"u8.ToArray(), shard);
        row.Presence = new DevicePresence(id, _project, null, true, _cluster.Time.GetUtcNow(), 1);
    }

    private Task Start(Guid device) =>
        _cluster.Client.GetGrain<ILivenessGrain>(LivenessShards.KeyOf(LivenessShards.Of(device))).Start();

    /// <summary>
    /// A restart after some time, with the shard of a device. Ends when it has asked the first device, and when the device is active: a
    /// busy machine may lag behind a clock that is moved before that, and silence counts from when the server listens.
    /// </summary>
    private async Task Restart(Guid device, TimeSpan away = default)
    {
        var loads = _cluster.Stores.Calls("Load");
        await _cluster.RestartAsync(away);
        await Start(device);
        _cluster.Time.Advance(TimeSpan.Zero); // The shard's first look is due.
        await _cluster.Stores.Until(() => _cluster.Stores.Calls("Load") > loads);
        await _cluster.Client.GetGrain<IDeviceGrain>(device.ToString("D")).GetTwin(new Scope(_project));
    }

    /// <summary>A sign of life; its time. Ends when everyone who is to be told was.</summary>
    private async Task<DateTimeOffset> Heard(Guid id)
    {
        var now = _cluster.Time.GetUtcNow();
        var report = new HeartbeatReport(new DeviceCall(now), null, null, null, null, null, null, null);
        var device = _cluster.Client.GetGrain<IDeviceGrain>(id.ToString("D"));
        Assert.Equal(DeviceOutcome.Done, (await device.Heartbeat(report)).Outcome);
        await _cluster.Stores.Until(() => _cluster.Stores.Unconfirmed.IsEmpty);
        return now;
    }

    private DevicePresence Presence(Guid id) => _cluster.Stores.Device(id)!.Presence!;
}
