using System.Collections.Immutable;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Events;
using EsoCore.Grains.Storage;
using EsoCore.Incidents;
using EsoCore.Rules;
using EsoCore.Tests.Devices;
using Xunit;

namespace EsoCore.Tests.Rules;

/// <summary>Rules where devices live: uploads and heartbeats over the embedded storage, episodes as they stand in the outbox.</summary>
public sealed class DeviceRulesTests
{
    [Fact]
    public async Task Upload_OfAWorkflowsTrigger_TellsItsEpisodeWithTheCommit()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice("HALL");
        await harness.Upload(
            device, Records.Event("tamper_detected", 1), Records.Event("power_outage", 2, meta: """{"severity":"critical"}"""));

        var told = await Told(harness);
        Assert.Equal([$"{harness.ProjectId:D}/power_outage/device:{device:D}", $"{harness.ProjectId:D}/tamper_detected/device:{device:D}"],
            told.Keys.Order());
        var episode = told[$"{harness.ProjectId:D}/power_outage/device:{device:D}"][^1];
        Assert.Equal(("S-1", "DOOR-LOGGER", "HALL"), (episode.Source.Serial, episode.Source.Model, episode.Source.SiteId));

        await harness.Upload(device, Records.Event("power_restored", 60));
        told = await Told(harness);
        Assert.Equal(Records.Start.AddSeconds(60), told[$"{harness.ProjectId:D}/power_outage/device:{device:D}"][^1].End);
    }

    [Fact]
    public async Task Upload_MetricRule_IsHeldInTheTwinThroughARestart()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice();
        await Put(harness, "hot", """{"type":"threshold","metric":"temp","above":80}""");
        await harness.Upload(device, Records.Point("temp", 0, 90));
        var begun = Assert.Single((await Told(harness))[Key(harness, "hot", device)]);

        await harness.Restart();
        await harness.Upload(device, Records.Point("temp", 5, 91));
        Assert.Single((await Told(harness))[Key(harness, "hot", device)]); // It still holds: nothing new to tell.
        await harness.Upload(device, Records.Point("temp", 10, 70), Records.Point("temp", 2, 99));
        var ended = (await Told(harness))[Key(harness, "hot", device)][^1];
        Assert.Equal((begun.EpisodeId, Records.Start.AddSeconds(10), 91.0), (
            ended.EpisodeId, ended.End, ended.Value)); // 99 came late and is history.
    }

    [Fact]
    public async Task Upload_WhoseSumsRunOver_IsAcceptedAndKept()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice();
        await Put(harness, "rough", """{"type":"window_statistic","metric":"temp","stat":"rms","period_s":600,"above":80}""");
        for (var batch = 0; batch < 3; batch++)
        {
            var points = Enumerable.Range(batch * 20, 20).Select(i => Records.Point("temp", i * 60, i % 2 == 0 ? 1e308 : -1e308)).ToArray();
            Assert.Equal(EsoCore.Telemetry.UploadOutcome.Accepted, (await harness.Upload(device, points)).Outcome);
        }

        await harness.Restart();
        Assert.Equal(3, (await harness.Twin(device)).Counters.Batches);
    }

    [Fact]
    public async Task Rule_TakenAway_EndsItsEpisodeWithTheNextStep()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice();
        await Put(harness, "hot", """{"type":"threshold","metric":"temp","above":80}""");
        await harness.Upload(device, Records.Point("temp", 0, 90));
        Assert.Equal(EditOutcome.Deleted, (await Rule(harness, "hot").Delete(null)).Outcome);
        await harness.Upload(device, Records.Point("temp", 5, 91));
        Assert.NotNull((await Told(harness))[Key(harness, "hot", device)][^1].End);
    }

    [Fact]
    public async Task Heartbeat_LowDisk_IsToldAndEnded()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice();
        async Task Beat(long used) => await harness.Device(device).Heartbeat(new HeartbeatReport(
            new DeviceCall(harness.Time.GetUtcNow()), null, null, null, null, null, new SdHealth(used, 100, null, null), null));
        await Beat(95);
        await Beat(96);
        await Beat(50);
        var told = (await Told(harness))[Key(harness, "low_disk", device)];
        Assert.Equal([false, true], told.Select(e => e.End is not null));
        Assert.Equal("The card is 95 % full; the limit is 90 %.", told[0].Text);
    }

    [Fact]
    public async Task Silence_OfADevice_IsToldToItsRuleAndToItsSite_UntilItIsHeard()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice("HALL");
        await harness.Upload(device, Records.Point("temp", 0, 20));
        var heard = harness.Time.GetUtcNow();
        harness.Time.Advance(TimeSpan.FromHours(1));
        await harness.Device(device).CheckLiveness();

        var told = await Told(harness);
        var offline = Assert.Single(told[Key(harness, "device_offline", device)]);
        Assert.Equal((heard, null, TimeSpan.FromMinutes(15)), (offline.Start, (object?)offline.End, offline.HoldFor));
        Assert.Equal("device_offline", Assert.Single(told[$"{harness.ProjectId:D}/site_devices_lost/site:HALL"]).Cause);

        await harness.Upload(device, Records.Point("temp", 1, 20));
        told = await Told(harness);
        Assert.Equal(harness.Time.GetUtcNow(), told[Key(harness, "device_offline", device)][^1].End);
        Assert.NotNull(told[$"{harness.ProjectId:D}/site_devices_lost/site:HALL"][^1].End);
    }

    [Fact]
    public async Task SensorFault_MutesItsSensor_UntilPeopleEnableItsAlerts()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice();
        await Put(harness, "hot", """{"type":"threshold","metric":"temp","above":80}""");
        const string Meta = """{"sensor_id":"T-1"}""";
        await harness.Upload(device, Records.Event("sensor_fault", 0, meta: Meta));
        await harness.Upload(device, Records.Point("temp", 1, 90, meta: Meta));
        Assert.False((await Told(harness)).ContainsKey(Key(harness, "hot", device)));

        var fault = harness.Time.GetUtcNow();
        await harness.Device(device).EnableSensorAlerts(new Scope(Guid.NewGuid()), "sensor_fault", fault);
        await harness.Device(device).EnableSensorAlerts(harness.Scope, "another", fault);
        await harness.Device(device).EnableSensorAlerts(harness.Scope, "sensor_fault", fault.AddDays(-1));
        await harness.Upload(device, Records.Point("temp", 2, 90, meta: Meta));
        Assert.False((await Told(harness)).ContainsKey(Key(harness, "hot", device)));
        await harness.Device(device).EnableSensorAlerts(harness.Scope, "sensor_fault", fault);
        await harness.Upload(device, Records.Point("temp", 3, 90, meta: Meta));
        Assert.True((await Told(harness)).ContainsKey(Key(harness, "hot", device)));
    }

    [Fact]
    public async Task LightCurtain_AtAClosedSite_IsTold()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice("HALL");
        var hours = ImmutableSortedDictionary<string, ImmutableArray<EsoCore.Sites.OpenHours>>.Empty.Add(
            "wed", [new EsoCore.Sites.OpenHours("00:00", "10:30")]);
        await harness.Grains.GetGrain<EsoCore.Sites.ISiteGrain>($"{harness.ProjectId:D}/HALL").Put(
            new EsoCore.Sites.SiteDefinition("Hall", null, "UTC", hours), null, onlyCreate: true);
        await harness.Upload(device, Records.Event("light_curtain_breach", 60), Records.Event("light_curtain_breach", 3_600));
        var told = Assert.Single((await Told(harness))[Key(harness, "light_curtain_breach", device)]);
        Assert.Equal(Records.Start.AddHours(1), told.Start); // The 15th of January 2025 is a Wednesday.
    }

    [Fact]
    public async Task Silence_OfAMetric_IsToldWhenTheDeviceIsLookedAt()
    {
        await using var harness = await DeviceHarness.Start();
        const double Now = 7_200; // Where the clock begins.
        var device = await harness.AddDevice("HALL");
        await Put(harness, "quiet", """{"type":"missing_data","metric":"temp","silent_s":600}""");
        await harness.Upload(device, Records.Point("temp", Now, 20), Records.Point("other", Now, 1));
        foreach (var second in new[] { 300, 599 })
        {
            harness.Time.Advance(Records.Start.AddSeconds(Now + second) - harness.Time.GetUtcNow());
            await harness.Upload(device, Records.Point("other", Now + second, 1));
        }

        Assert.False((await Told(harness)).ContainsKey(Key(harness, "quiet", device)));
        harness.Time.Advance(TimeSpan.FromSeconds(1));
        await harness.Device(device).CheckLiveness();
        Assert.Equal(Records.Start.AddSeconds(Now + 600), Assert.Single((await Told(harness))[Key(harness, "quiet", device)]).Start);
        await harness.Upload(device, Records.Point("temp", Now + 600, 20));
        Assert.NotNull((await Told(harness))[Key(harness, "quiet", device)][^1].End);
    }

    [Fact]
    public async Task EventAnomaly_OfManyFaults_IsToldInWordsAndNumbers()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice();
        const double Now = 7_200; // Where the clock begins.
        await harness.Upload(
            device,
            [
                .. Enumerable.Range(1, 9).Select(day => Records.Event("watchdog_reset", Now - (86_400 * day))),
                .. Enumerable.Range(1, 14).Select(i => Records.Event("watchdog_reset", Now - (60 * i))),
            ]);
        var told = Assert.Single((await Told(harness))[Key(harness, "event_anomaly", device)]);
        Assert.Matches("^1[45] watchdog resets in 24 h, usually 0-[0-9]+\\.$", told.Text);
        Assert.Equal("low", told.Severity);
    }

    [Fact]
    public async Task EventAnomaly_OfADeviceThatNeverHadOne_IsToldAndEndsAfterARestart()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice();
        await harness.Upload(device, Records.Point("temp", 7_200, 1));
        harness.Time.Advance(TimeSpan.FromDays(4));
        var now = 7_200 + (86_400 * 4);
        await harness.Upload(device, [.. Enumerable.Range(1, 6).Select(i => Records.Event("watchdog_reset", now - (60 * i)))]);
        var key = Key(harness, "event_anomaly", device);
        Assert.Matches("^6 watchdog resets in 24 h, usually 0(-1)?\\.$", Assert.Single((await Told(harness))[key]).Text);

        // Nobody has the detectors in memory, and no event calls for them.
        await harness.Restart();
        harness.Time.Advance(TimeSpan.FromHours(25));
        await harness.Upload(device, Records.Point("temp", now + (3_600 * 25), 1));
        var ended = (await Told(harness))[key][^1];
        Assert.NotNull(ended.End);
        Assert.Matches("^6 watchdog resets in 24 h, usually 0(-[1-3])?; now 0\\.$", ended.Text);
    }

    private static string Key(DeviceHarness harness, string rule, Guid device) => $"{harness.ProjectId:D}/{rule}/device:{device:D}";

    internal static IRuleGrain Rule(DeviceHarness harness, string id) => harness.Grains.GetGrain<IRuleGrain>($"{harness.ProjectId:D}/{id}");

    internal static async Task Put(DeviceHarness harness, string id, string condition) =>
        Assert.Equal(EditOutcome.Created, (await Rule(harness, id).Put(RuleSeeds.Definition(condition), null, onlyCreate: true)).Outcome);

    /// <summary>Episodes that wait for their incidents, by grain, in order.</summary>
    internal static async Task<Dictionary<string, List<RuleEpisode>>> Told(DeviceHarness harness)
    {
        var told = new List<OutboxEntry>();
        for (var shard = 0; shard < IOutboxGrain.Shards; shard++)
            told.AddRange(await harness.Storage.Outbox.ReadOldest(shard, DateTimeOffset.MaxValue, 1_000, 1_000, default));
        return told.Where(entry => entry.Stream == TransitionStreams.Incidents).OrderBy(entry => entry.Transition.Position)
            .GroupBy(entry => entry.Receiver)
            .ToDictionary(group => group.Key, group => group.Select(entry => (RuleEpisode)entry.Transition.Body).ToList());
    }
}
