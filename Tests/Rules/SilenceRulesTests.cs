using System.Collections.Immutable;
using EsoCore.Assets;
using EsoCore.Devices;
using EsoCore.Incidents;
using EsoCore.Rules;
using EsoCore.Tests.Devices;
using Xunit;
using static EsoCore.Tests.Rules.DeviceRulesTests;

namespace EsoCore.Tests.Rules;

/// <summary>
/// Rules over missing data of devices that are away, and what becomes of open episodes when people take a device out of service.
/// </summary>
public sealed class SilenceRulesTests
{
    private const double Now = 7_200; // Where the clock begins.

    [Fact]
    public async Task MissingData_EvenOffline_IsToldAsTheDeviceGoesOfflineAndEndsWithTheNextRecord()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice();
        await Put(harness, "quiet", """{"type":"missing_data","metric":"temp","silent_s":86400,"even_offline":true}""");
        await Put(harness, "online", """{"type":"missing_data","metric":"temp","silent_s":86400}""");
        await harness.Upload(device, Records.Point("temp", Now, 20));
        await Silent(harness, device);

        var told = await Told(harness);
        var begun = Assert.Single(told[Key(harness, "quiet", device)]);
        Assert.Equal((Records.Start.AddSeconds(Now), null, TimeSpan.FromDays(1)), (begun.Start, (object?)begun.End, begun.HoldFor));
        Assert.False(told.ContainsKey(Key(harness, "online", device)));

        await Beat(harness, device);
        Assert.Single((await Told(harness))[Key(harness, "quiet", device)]); // It speaks, but not of the metric.
        await harness.Upload(device, Records.Point("temp", Now + 60, 20));
        var ended = (await Told(harness))[Key(harness, "quiet", device)][^1];
        Assert.Equal(
            (begun.EpisodeId, (DateTimeOffset?)harness.Time.GetUtcNow(), begun.HoldFor), (ended.EpisodeId, ended.End, ended.HoldFor));
    }

    [Fact]
    public async Task MissingData_OfAnAssetType_IsLookedForBetweenUploadsToo()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice();
        await harness.Grains.GetGrain<IAssetGrain>($"{harness.ProjectId:D}/R1").Put(
            new AssetDefinition(null, "robot", null, null, null, null, null, ImmutableSortedDictionary<string, string>.Empty, true), null,
            onlyCreate: false);
        var rule = RuleSeeds.Definition("""{"type":"missing_data","metric":"temp","silent_s":600}""") with
        {
            Scope = RuleScope.All with { AssetTypes = ["robot"] },
        };
        Assert.Equal(EditOutcome.Created, (await Rule(harness, "quiet").Put(rule, null, onlyCreate: true)).Outcome);
        await harness.Upload(device, Records.Point("temp", Now, 20, "R1"));
        harness.Time.Advance(TimeSpan.FromSeconds(300));
        await Beat(harness, device);
        harness.Time.Advance(TimeSpan.FromSeconds(301));
        await harness.Device(device).CheckLiveness();
        Assert.Null(Assert.Single((await Told(harness))[Key(harness, "quiet", device)]).End);

        // Neither a heartbeat nor records of other assets say that it is over.
        await Beat(harness, device);
        await harness.Upload(device, Records.Point("temp", Now + 600, 20));
        Assert.Single((await Told(harness))[Key(harness, "quiet", device)]);
        await harness.Upload(device, Records.Point("temp", Now + 600, 20, "R1"));
        Assert.NotNull((await Told(harness))[Key(harness, "quiet", device)][^1].End);
    }

    [Fact]
    public async Task Device_DisabledWhileSilent_EndsItsEpisodesAndSaysWhy()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice("HALL");
        await Put(harness, "hot", """{"type":"threshold","metric":"temp","above":80}""");
        await harness.Upload(device, Records.Point("temp", Now, 90));
        await Silent(harness, device);
        await harness.Device(device).ChangeRegistration(harness.Scope, new RegistrationChange(Status: DeviceStatus.Disabled), null);

        var told = await Told(harness);
        string[] keys =
            [Key(harness, "device_offline", device), Key(harness, "hot", device), $"{harness.ProjectId:D}/site_devices_lost/site:HALL"];
        foreach (var key in keys)
            Assert.Equal(((DateTimeOffset?)harness.Time.GetUtcNow(), "The device was disabled."), (told[key][^1].End, told[key][^1].Text));
        Assert.Equal(TimeSpan.FromMinutes(15), told[Key(harness, "device_offline", device)][^1].HoldFor);
    }

    [Fact]
    public async Task Device_MovedWhileSilent_IsMissedAtItsOldSiteNoLonger()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice("HALL");
        await harness.Upload(device, Records.Point("temp", Now, 20));
        await Silent(harness, device);
        await harness.Device(device).ChangeRegistration(harness.Scope, new RegistrationChange(SiteId: "YARD"), null);
        var told = await Told(harness);
        Assert.Equal("The device left the site.", told[$"{harness.ProjectId:D}/site_devices_lost/site:HALL"][^1].Text);
        Assert.Null(told[Key(harness, "device_offline", device)][^1].End);
    }

    [Fact]
    public async Task Windows_OfOneSourceAfterAnothers_AreFollowedAll()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice();
        await Put(harness, "rough", """{"type":"window_statistic","metric":"vibration","stat":"rms","above":5}""");
        await harness.Upload(device, Window(100, 4, 1, "R1"), Window(104, 4, 1, "R1"));
        await harness.Upload(device, Window(90, 4, 9, "R2")); // Older than the other's, but its own newest.
        await harness.Upload(device, Window(60, 60, 9, "R1")); // Begun earlier, and done only now.
        Assert.Equal(2, (await Told(harness))[Key(harness, "rough", device)].Count);
        await harness.Restart();
        await harness.Upload(device, Window(80, 4, 1, "R2"), Window(102, 4, 9, "R1"), Window(40, 60, 1, "R1")); // Late.
        Assert.Equal(2, (await Told(harness))[Key(harness, "rough", device)].Count);
        await harness.Upload(device, Window(108, 4, 1, "R2"));
        Assert.Equal(Records.Start.AddSeconds(108), (await Told(harness))[Key(harness, "rough", device)][^1].End);
    }

    private static string Window(double second, int length, double rms, string asset) =>
        $$$"""
        {"ts":"{{{Records.At(second)}}}","series":"vibration","window_s":{{{length}}},"stats":{"rms":{{{rms}}}},"samples":8000,
        "asset_id":"{{{asset}}}"}
        """;

    private static string Key(DeviceHarness harness, string rule, Guid device) => $"{harness.ProjectId:D}/{rule}/device:{device:D}";

    private static async Task Silent(DeviceHarness harness, Guid device)
    {
        harness.Time.Advance(TimeSpan.FromHours(1));
        await harness.Device(device).CheckLiveness();
    }

    private static async Task Beat(DeviceHarness harness, Guid device) => await harness.Device(device).Heartbeat(
        new HeartbeatReport(new DeviceCall(harness.Time.GetUtcNow()), null, null, null, null, null, null, null));
}
