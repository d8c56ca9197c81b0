using System.Globalization;
using System.Text.Json;
using Xunit;

namespace EsoCore.Tests.Workflows;

/// <summary>
/// What the platform looks after by itself, each from what a device sends over HTTP to the incident, the mail to its team, and the end.
/// </summary>
public sealed class DefaultRuleTests
{
    private const string Asset = "PRESS-1";

    [Fact]
    public async Task SyncBacklog_OlderThanADayForAnHour_TellsMaintenance()
    {
        await using var server = await WorkflowServer.Start();

        // A device that calls once a day is not offline meanwhile: the team would hear of that first, and be left in peace for a while.
        await server.Make($"/api/devices/{server.Device.Id}", """{"config":{"upload_interval_s":86400}}""", HttpMethod.Patch);
        var waits = $$$"""{"backlog":{"records":12,"bytes":3600,"oldest_ts":"{{{server.Now.AddHours(-25).UtcDateTime:O}}}"}}""";
        await server.Beat(waits);
        server.Clock.Leap(TimeSpan.FromMinutes(55));
        await server.Beat(waits);
        await HasNone(server, "sync_backlog");
        server.Clock.Leap(TimeSpan.FromMinutes(6));
        await server.Beat(waits);
        var incident = await server.Incident("sync_backlog");
        Assert.Equal(("medium", 86_400.0), (Text(incident, "severity"), incident.GetProperty("limit").GetDouble()));
        await server.MailTo("maintenance", "Sync backlog");

        await server.Beat("""{"backlog":{"records":0,"bytes":0}}""");
        await server.Incident("sync_backlog", "resolved");
    }

    [Fact]
    public async Task FirmwareMismatch_ForADay_TellsIt()
    {
        await using var server = await WorkflowServer.Start();
        await server.Make($"/api/devices/{server.Device.Id}", """{"config":{"firmware_version":"1.5.0"}}""", HttpMethod.Patch);
        await server.Beat("""{"firmware_version":"1.4.2"}""");
        server.Clock.Leap(TimeSpan.FromHours(23));
        await server.Beat("""{"firmware_version":"1.4.2"}""");
        await HasNone(server, "firmware_mismatch");
        server.Clock.Leap(TimeSpan.FromHours(1));
        await server.Beat("""{"firmware_version":"1.4.2"}""");
        var incident = await server.Incident("firmware_mismatch");
        Assert.Equal(
            ("low", "The device runs firmware 1.4.2 instead of 1.5.0."), (Text(incident, "severity"), Text(incident, "text")));
        await server.MailTo("it", "Wrong version");

        await server.Beat("""{"firmware_version":"1.5.0"}""");
        await server.Incident("firmware_mismatch", "resolved");
    }

    [Fact]
    public async Task RisingVibration_HourlyRmsAboveItsLimitForTenMinutes_TellsMaintenance()
    {
        await using var server = await WorkflowServer.Start();
        await Rate(server, "vibration_rms", 4);
        var begin = server.Now.AddHours(-3);

        // The mean of an hour is spoken of from half an hour on; six minutes of it are too few.
        await Upload(server, "vibration_rms", Minutes(begin, 0, 36, 6));
        await HasNone(server, "rising_vibration");
        await Upload(server, "vibration_rms", Minutes(begin, 37, 60, 6));
        var incident = await server.Incident("rising_vibration");
        Assert.Equal(("medium", $"asset:{Asset}", 6.0, 4.0), (
            Text(incident, "severity"), Text(incident, "subject"), incident.GetProperty("value").GetDouble(),
            incident.GetProperty("limit").GetDouble()));
        await server.MailTo("maintenance", "Rising vibration");

        await Upload(server, "vibration_rms", Minutes(begin, 61, 170, 1));
        await server.Incident("rising_vibration", "resolved");
    }

    [Theory]
    [InlineData("elevated_acoustics", "acoustics_level", "Elevated acoustics")]
    [InlineData("elevated_ultrasound", "ultrasound_level", "Elevated ultrasound")]
    public async Task Level_AboveItsLimitForFiveMinutes_TellsMaintenanceUntilItIsFivePercentBelow(string rule, string metric, string name)
    {
        await using var server = await WorkflowServer.Start();
        await Rate(server, metric, 80);
        var begin = server.Now.AddMinutes(-20);
        await Upload(server, metric, (begin, 90), (begin.AddMinutes(4), 92));
        await HasNone(server, rule);
        await Upload(server, metric, (begin.AddMinutes(5), 91));
        var incident = await server.Incident(rule);
        Assert.Equal(("medium", $"asset:{Asset}", 92.0, 80.0), (
            Text(incident, "severity"), Text(incident, "subject"), incident.GetProperty("value").GetDouble(),
            incident.GetProperty("limit").GetDouble()));
        await server.MailTo("maintenance", name);

        await Upload(server, metric, (begin.AddMinutes(6), 77));
        await Upload(server, metric, (begin.AddMinutes(7), 75));
        Assert.Equal(begin.AddMinutes(7), Time(await server.Incident(rule, "resolved"), "ended_at"), TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task VibrationForecast_TrendThatPassesItsLimitWithinTwoWeeks_IsAnIncidentUntilItTurns()
    {
        await using var server = await WorkflowServer.Start();
        await Rate(server, "vibration_rms", 10);
        var begin = server.Now.AddDays(-8);

        // One a day: it stands at 5 after four days and would pass 10 in five more.
        await Upload(server, "vibration_rms", Hours(begin, 0, 84, hour => 1 + (hour / 24.0)));
        await Upload(server, "vibration_rms", Hours(begin, 85, 96, hour => 1 + (hour / 24.0)));
        var incident = await server.Incident("vibration_forecast");
        Assert.Equal(("low", $"asset:{Asset}"), (Text(incident, "severity"), Text(incident, "subject")));
        Assert.Matches("vibration_rms .*rises by 1 .*passes 10 .*in about 5 days", Text(incident, "text"));
        Assert.DoesNotContain(await server.Incidents(), i => Text(i, "rule_id") == "rising_vibration");

        await Upload(server, "vibration_rms", Hours(begin, 97, 191, hour => 5 - ((hour - 96) / 24.0)));
        await server.Incident("vibration_forecast", "resolved");
    }

    private static IEnumerable<(DateTimeOffset, double)> Minutes(DateTimeOffset begin, int from, int to, double value) =>
        Enumerable.Range(from, to - from + 1).Select(minute => (begin.AddMinutes(minute), value));

    private static IEnumerable<(DateTimeOffset, double)> Hours(DateTimeOffset begin, int from, int to, Func<int, double> value) =>
        Enumerable.Range(from, to - from + 1).Select(hour => (begin.AddHours(hour), value(hour)));

    /// <summary>Sets a threshold of the device's model.</summary>
    private static async Task Rate(WorkflowServer server, string name, double value)
    {
        await server.Make("/api/config-profiles/seed", $$$"""{"thresholds":{"{{{name}}}":{{{value}}}}}""", HttpMethod.Put);
        server.Clock.Leap(TimeSpan.FromSeconds(30)); // Processes look for new settings every few seconds.
    }

    private static Task Upload(WorkflowServer server, string metric, params IEnumerable<(DateTimeOffset At, double Value)> points) =>
        server.Upload([.. points.Select(p => (p.At, Point(metric, p.Value.ToString(CultureInfo.InvariantCulture))))]);

    private static string Point(string metric, string value) =>
        $$"""{"series":"{{metric}}","val":{{value}},"unit":"u","asset_id":"{{Asset}}"}""";

    /// <summary>What is folded after it shows that all before has been.</summary>
    private static async Task HasNone(WorkflowServer server, string rule)
    {
        await server.Event("tamper_detected");
        await server.Incident("tamper_detected");
        Assert.DoesNotContain(await server.Incidents(), i => Text(i, "rule_id") == rule);
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private static DateTimeOffset Time(JsonElement json, string name) =>
        DateTimeOffset.Parse(Text(json, name), CultureInfo.InvariantCulture);
}
