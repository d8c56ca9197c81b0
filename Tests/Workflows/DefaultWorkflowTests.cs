using System.Globalization;
using System.Text.Json;
using Xunit;

namespace EsoCore.Tests.Workflows;

/// <summary>
/// The workflows that every project begins with, each from the upload over HTTP to the incident, its tickets, and the messages at a real
/// mail server and a real gateway.
/// </summary>
public sealed class DefaultWorkflowTests
{
    /// <summary>Records and answers carry times to the millisecond.</summary>
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    [Fact]
    public async Task ConnectivityLost_ForOverFiveMinutes_TellsMaintenanceAndEscalatesThirtyAfterTheLoss()
    {
        await using var server = await WorkflowServer.Start();
        await server.Event("connectivity_lost");
        server.Clock.Leap(TimeSpan.FromMinutes(4));
        await server.Event("asset_obstruction"); // What is folded after it shows that the first has been.
        Assert.DoesNotContain(await server.Incidents(), i => i.GetProperty("rule_id").GetString() == "connectivity_lost");
        server.Clock.Leap(TimeSpan.FromMinutes(2));
        var incident = await server.Incident("connectivity_lost");
        await server.MailTo("maintenance", "Connection lost");
        Assert.Equal(0, incident.GetProperty("escalation_level").GetInt32());
        Assert.DoesNotContain(server.Gateway.Requests, text => WorkflowServer.IsTo(text, "maintenance"));

        server.Clock.Leap(TimeSpan.FromMinutes(26)); // 32 minutes after the loss, 26 after the opening.
        await server.TextTo("maintenance", "Connection lost");
        Assert.Equal(1, (await server.Incident("connectivity_lost")).GetProperty("escalation_level").GetInt32());

        await server.Event("connectivity_restored");
        await server.Incident("connectivity_lost", "resolved");
    }

    [Fact]
    public async Task ConnectivityLost_RestoredInTime_MakesNoIncident()
    {
        await using var server = await WorkflowServer.Start();
        var lost = server.Now.AddHours(-1);
        await server.Upload(
            (lost, WorkflowServer.Record("connectivity_lost")), (lost.AddMinutes(3), WorkflowServer.Record("connectivity_restored")));
        server.Clock.Leap(TimeSpan.FromMinutes(10));
        await server.Event("tamper_detected");
        await server.Incident("tamper_detected");
        Assert.Single(await server.Incidents());
    }

    [Fact]
    public async Task PowerOutage_Critical_TextsAndMailsAtOnceAndMakesAMaintenanceTicket()
    {
        await using var server = await WorkflowServer.Start();
        var since = server.Now;
        await server.Event("power_outage", """{"severity":"critical","main_voltage":0.0}""");
        Assert.Equal("critical", (await server.Incident("power_outage")).GetProperty("severity").GetString());
        await server.MailTo("maintenance", "Power outage");
        await server.TextTo("maintenance", "Power outage");
        var due = TimeSpan.FromHours(4);
        Assert.InRange(Time(await server.Ticket("maintenance"), "due_at"), since + due - Millisecond, server.Now + due);
        await server.Event("power_restored");
        await server.Incident("power_outage", "resolved");
    }

    [Fact]
    public async Task SafeShutdown_AnyOccurrence_IsCriticalAndPreparesASiteVisit()
    {
        await using var server = await WorkflowServer.Start();
        await server.Event("safe_shutdown_initiated");
        Assert.Equal("critical", (await server.Incident("safe_shutdown_initiated")).GetProperty("severity").GetString());
        await server.MailTo("maintenance", "Safe shutdown");
        await server.TextTo("maintenance", "Safe shutdown");
        await server.Ticket("site_visit");
    }

    [Fact]
    public async Task SupercapLow_BelowEightyPercentOfRated_TellsMaintenanceToCheckBackupPower()
    {
        await using var server = await WorkflowServer.Start();
        await server.Make("/api/config-profiles/seed", """{"thresholds":{"supercap_v":5.0}}""", HttpMethod.Put);
        server.Clock.Leap(TimeSpan.FromSeconds(30)); // Processes look for new settings every few seconds.
        await server.Event("supercap_low", """{"voltage":4.1}""");
        await server.Event("supercap_low", """{"voltage":3.9}""");
        var incident = await server.Incident("supercap_low");
        Assert.Equal((1, 3.9, 4.0), (
            incident.GetProperty("count").GetInt32(), incident.GetProperty("value").GetDouble(), incident.GetProperty("limit").GetDouble()));
        await server.MailTo("maintenance", "Backup power low");
        await server.Ticket("backup_power_check");
    }

    [Fact]
    public async Task SafetyEdge_OftenWithinAnHour_AsksForAnAuditAndAnAlignmentCheck()
    {
        await using var server = await WorkflowServer.Start();
        for (var i = 0; i < 4; i++)
            await server.Event("safety_edge_triggered", $$"""{"n":{{i}}}""");
        await server.Event("tamper_detected");
        await server.Incident("tamper_detected");
        Assert.DoesNotContain(await server.Incidents(), i => i.GetProperty("rule_id").GetString() == "safety_edge_triggered");
        await server.Event("safety_edge_triggered", """{"n":5}""");
        await server.Incident("safety_edge_triggered");
        await server.MailTo("safety", "Safety edge");
        await server.Ticket("safety_audit");
        await server.Ticket("alignment_check");
    }

    [Fact]
    public async Task EmergencyStop_AnyActivation_TellsTheSafetyTeamAtOnceAndIsLogged()
    {
        await using var server = await WorkflowServer.Start();
        await server.Event("emergency_stop_activated");
        var incident = await server.Incident("emergency_stop_activated");
        Assert.Equal("critical", incident.GetProperty("severity").GetString());
        await server.TextTo("safety", "Emergency stop");
        await server.MailTo("safety", "Emergency stop");
        await IsLogged(incident, server);
    }

    [Fact]
    public async Task LightCurtain_OutsideOperatingHoursOnly_TellsSecurity()
    {
        await using var server = await WorkflowServer.Start();

        // Open today and tomorrow: midnight may pass meanwhile.
        var (today, tomorrow) = (DayOf(server.Now), DayOf(server.Now.AddDays(1)));
        const string Open = """[{"from":"00:00","to":"24:00"}]""";
        await server.Make("/api/sites",
            $$$"""{"id":"HALL","name":"Hall","operating_hours":{"{{{today}}}":{{{Open}}},"{{{tomorrow}}}":{{{Open}}}}}""");
        await server.Make($"/api/devices/{server.Device.Id}", """{"site_id":"HALL"}""", HttpMethod.Patch);
        server.Clock.Leap(TimeSpan.FromSeconds(30));
        await server.Upload((server.Now, WorkflowServer.Record("light_curtain_breach")));
        await server.Event("sd_error");
        await server.Incident("sd_error");
        Assert.Single(await server.Incidents());
        await server.Upload((server.Now.AddDays(-2), WorkflowServer.Record("light_curtain_breach")));
        await server.Incident("light_curtain_breach");
        await server.TextTo("security", "Light curtain");
        await server.MailTo("security", "Light curtain");
    }

    [Fact]
    public async Task ServerUnreachable_MoreThanFiveRetries_TellsItToCheckTheServer()
    {
        await using var server = await WorkflowServer.Start();
        await server.Event("server_unreachable", """{"retry_count":5}""");
        await server.Event("server_unreachable", """{"retry_count":6}""");
        Assert.Equal(6, (await server.Incident("server_unreachable")).GetProperty("value").GetDouble());
        await server.MailTo("it", "Server unreachable");
        await server.Ticket("server_check");
    }

    [Fact]
    public async Task SensorFault_SchedulesMaintenanceAndDisablesWhatDependsOnTheSensor()
    {
        await using var server = await WorkflowServer.Start();
        await server.Make("/api/rules", """
            {"id":"hot","name":"Too hot","enabled":true,"subject":"device","severity":"high","condition":{"type":"threshold","metric":"temp","above":80}}
            """);
        server.Clock.Leap(TimeSpan.FromSeconds(30));
        const string Hot = """{"series":"temp","val":95,"unit":"°C","meta":{"sensor_id":"S1"}}""";
        await server.Event("sensor_fault", """{"sensor_id":"S1"}""");
        await server.Incident("sensor_fault");
        await server.MailTo("maintenance", "Sensor fault");
        await server.Ticket("maintenance");
        await server.Upload((server.Now, Hot));
        await server.Event("tamper_detected");
        await server.Incident("tamper_detected");
        Assert.DoesNotContain(await server.Incidents(), i => i.GetProperty("rule_id").GetString() == "hot");

        await server.Event("sensor_restored", """{"event_type":"system","sensor_id":"S1"}""");
        await server.Incident("sensor_fault", "resolved");
        var restored = server.Now;
        await server.Upload((restored, Hot));

        // Begun by what was measured after the fault, not by what was measured during it and is only told late.
        var hot = await server.Incident("hot");
        Assert.Equal(restored, Time(hot, "started_at"), Millisecond);
        Assert.Equal(1, hot.GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Tampering_TellsSecurityAtOnceAndIsLogged()
    {
        await using var server = await WorkflowServer.Start();
        await server.Event("tamper_detected");
        var incident = await server.Incident("tamper_detected");
        Assert.Equal("critical", incident.GetProperty("severity").GetString());
        await server.TextTo("security", "Tampering");
        await server.MailTo("security", "Tampering");
        await IsLogged(incident, server);
    }

    [Fact]
    public async Task CardError_IsAnEmergencyAndPreparesAReplacement()
    {
        await using var server = await WorkflowServer.Start();
        await server.Event("sd_error");
        await server.Incident("sd_error");
        await server.TextTo("maintenance", "Card error");
        await server.MailTo("maintenance", "Card error");
        await server.Ticket("part_replacement");
    }

    private static string DayOf(DateTimeOffset at) => at.DayOfWeek.ToString()[..3].ToLowerInvariant();

    private static DateTimeOffset Time(JsonElement json, string name) =>
        DateTimeOffset.Parse(json.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);

    private static async Task IsLogged(JsonElement incident, WorkflowServer server)
    {
        var (_, log) = await server.Get($"/api/log?item={incident.GetProperty("id").GetString()}");
        Assert.Contains(log.GetProperty("log").EnumerateArray(), line => line.GetProperty("action").GetString() == "incident.opened");
    }
}
