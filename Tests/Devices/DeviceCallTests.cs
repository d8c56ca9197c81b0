using System.Collections.Immutable;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Firmware;
using EsoCore.Sites;
using EsoCore.Telemetry;
using EsoCore.Tests.Support;
using Xunit;
using static EsoCore.Tests.Devices.Records;

namespace EsoCore.Tests.Devices;

public class DeviceCallTests : IAsyncLifetime
{
    private DeviceHarness _harness = null!;

    public async Task InitializeAsync() => _harness = await DeviceHarness.Start(withIncidents: true);

    public async Task DisposeAsync() => await _harness.DisposeAsync();

    private DeviceCall Now => new(_harness.Time.GetUtcNow());

    [Fact]
    public async Task Heartbeat_TellsOfTheDevice_AndIsInTheTwinAfterARestart()
    {
        var id = await _harness.AddDevice();
        var report = new HeartbeatReport(Now, "1.2.3", 7, "bad rate", "ok", 5, new SdHealth(1, 2, 3, 99.5), new Backlog(10, 20, Start));
        Assert.Equal(DeviceOutcome.Done, (await _harness.Device(id).Heartbeat(report)).Outcome);
        await _harness.Restart();
        var twin = await _harness.Twin(id);
        Assert.Equal(("1.2.3", 7L, "bad rate"), (twin.FirmwareVersion, twin.Config.ReportedVersion, twin.Config.Error));
        Assert.Equal((new SdHealth(1, 2, 3, 99.5), new Backlog(10, 20, Start)), (twin.Sd, twin.Backlog));
        await _harness.Device(id).Heartbeat(new HeartbeatReport(Now, null, 8, null, null, null, null, null));
        twin = await _harness.Twin(id);
        Assert.Equal((8L, null), (twin.Config.ReportedVersion, twin.Config.Error));
    }

    [Fact]
    public async Task FirmwareHistory_HoldsEachSourceOnceAChange()
    {
        var id = await _harness.AddDevice();
        var device = _harness.Device(id);
        for (var i = 0; i < 3; i++)
            await device.Heartbeat(new HeartbeatReport(Now, "1.0", null, null, null, null, null, null));
        await device.RecordFirmwareVersion("1.0", _harness.Time.GetUtcNow());
        await device.ReportOta(new OtaReport(Now, OtaStatus.Completed, "1.1", null, "B"));
        var history = await _harness.History.ReadFirmwareVersions(_harness.Scope, id, new PageRequest(), default);
        Assert.Equal(
            [("1.1", "ota"), ("1.0", "api"), ("1.0", "heartbeat")], history.Items.Select(v => (v.Version, v.Source)));
        var item = Assert.Single(await _harness.Events(id));
        Assert.Equal(("ota_completed", "system", "info"), (item.EventType, item.Category, item.Severity));
    }

    [Fact]
    public async Task ConfigVersion_NeverGoesBack_HoweverProfileModelAndSettingsChange()
    {
        var id = await _harness.AddDevice();
        var device = _harness.Device(id);
        long last = -1;
        async Task Changed(Func<Task> change)
        {
            await change();
            _harness.Time.Advance(TimeSpan.FromSeconds(6));
            var version = (await device.GetConfig(null, Now)).Value!.ConfigVersion;
            Assert.True(version > last, $"{version} after {last}");
            last = version;
        }

        IConfigProfileGrain Profile(string model) => _harness.Grains.GetGrain<IConfigProfileGrain>($"{_harness.ProjectId:D}/{model}");
        Task Edit(RegistrationChange change) => device.ChangeRegistration(_harness.Scope, change, null);
        await Changed(() => Task.CompletedTask);
        await Changed(() => Profile("DOOR-LOGGER").Put(new ConfigSettings(UploadIntervalS: 60), null));
        await Changed(() => Profile("DOOR-LOGGER").Put(new ConfigSettings(UploadIntervalS: 30), null));
        await Changed(() => Edit(new RegistrationChange(Model: "OTHER")));
        await Changed(() => Edit(new RegistrationChange(Overrides: new ConfigSettings(UploadIntervalS: 10))));
        await Changed(() => Edit(new RegistrationChange(Model: "DOOR-LOGGER")));
        await Changed(() => Profile("DOOR-LOGGER").Delete(null));
        Assert.Equal(10, (await device.GetConfig(last, Now)).Value!.Settings.UploadIntervalS);
        Assert.Equal(last, (await _harness.Twin(id)).Config.ReportedVersion);
    }

    [Fact]
    public async Task Site_HearsWhoIsOnline_WhoFallsSilent_AndWhoMovesAway()
    {
        await Site("hall").Put(new SiteDefinition("Hall", null, "UTC", null), null, onlyCreate: true);
        await Site("yard").Put(new SiteDefinition("Yard", null, "UTC", null), null, onlyCreate: true);
        var id = await _harness.AddDevice("hall");
        await _harness.Upload(id, Point("t", 1, 1));
        await SiteShows("hall", online: 1, devices: 1);
        await _harness.Device(id).ChangeRegistration(_harness.Scope, new RegistrationChange(SiteId: "yard"), null);
        await SiteShows("hall", online: 0, devices: 0);
        await SiteShows("yard", online: 1, devices: 1);
        _harness.Time.Advance(TimeSpan.FromSeconds(300 + 60 + 1));
        await SiteShows("yard", online: 0, devices: 1);
        Assert.False((await _harness.Twin(id)).Online);
        await _harness.Device(id).Heartbeat(new HeartbeatReport(Now, null, null, null, null, null, null, null));
        await SiteShows("yard", online: 1, devices: 1);
    }

    [Fact]
    public async Task ChangeRegistration_WithAnOldVersionOrATakenSerial_WritesNothing()
    {
        var id = await _harness.AddDevice(serial: "A");
        await _harness.AddDevice(serial: "B");
        var device = _harness.Device(id);
        Assert.Equal(EditOutcome.Changed, (await device.ChangeRegistration(_harness.Scope, new RegistrationChange(Model: "M2"), 1)).Outcome);
        Assert.Equal(EditOutcome.VersionMismatch, (await device.ChangeRegistration(_harness.Scope, new RegistrationChange(Model: "M3"), 1)).Outcome);
        Assert.Equal(EditOutcome.AlreadyExists, (await device.ChangeRegistration(_harness.Scope, new RegistrationChange(Serial: "B"), null)).Outcome);
        Assert.Equal(EditOutcome.Invalid, (await device.ChangeRegistration(_harness.Scope, new RegistrationChange(Serial: ""), null)).Outcome);
        Assert.Equal(EditOutcome.NotFound, (await device.ChangeRegistration(new Scope(Guid.NewGuid()), new RegistrationChange(Model: "M3"), null)).Outcome);
        var now = (await device.GetRegistration(_harness.Scope))!;
        Assert.Equal((2L, "A", "M2"), (now.Version, now.Value.Serial, now.Value.Model));
    }

    [Fact]
    public async Task Calls_OfAnUnclaimedDevice_AreRefused()
    {
        var id = await _harness.AddDevice();
        await _harness.Device(id).ChangeRegistration(_harness.Scope, new RegistrationChange(Status: DeviceStatus.Unclaimed), null);
        var refused = await _harness.Device(id).GetConfig(null, Now);
        Assert.Equal((DeviceOutcome.NotActive, "device_not_claimed"), (refused.Outcome, refused.Code));
        var answer = await _harness.Upload(id, Point("t", 1, 1));
        Assert.Equal((UploadOutcome.NotActive, "device_not_claimed"), (answer.Outcome, answer.Code));
        await _harness.Device(id).ChangeRegistration(_harness.Scope, new RegistrationChange(Status: DeviceStatus.Disabled), null);
        Assert.Equal("device_disabled", (await _harness.Device(id).CheckOta(null, Now)).Code);
    }

    private ISiteGrain Site(string id) => _harness.Grains.GetGrain<ISiteGrain>($"{_harness.ProjectId:D}/{id}");

    /// <summary>
    /// Commits and streams go on beside the caller, so the site is asked until it knows. Time passes meanwhile, as the outbox needs it to
    /// send again what a stream has lost; all of it is less than the device's upload interval.
    /// </summary>
    private Task SiteShows(string id, int online, int devices) => Eventually.Holds(
        async () =>
        {
            var view = (await Site(id).Get())!;
            _harness.Time.Advance(TimeSpan.FromMilliseconds(100));
            return (view.Online, view.Devices) == (online, devices);
        },
        () => $"{id} never showed {online} of {devices} online.");
}
