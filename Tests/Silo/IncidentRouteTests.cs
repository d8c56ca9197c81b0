using System.Text.Json;
using EsoCore.Escalation;
using EsoCore.Incidents;
using EsoCore.Tests.Incidents;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EsoCore.Tests.Silo;

/// <summary>Incidents, tickets, policies and schedules through the whole server.</summary>
public sealed class IncidentRouteTests : IAsyncLifetime
{
    private readonly string _data = Directory.CreateTempSubdirectory("esocore-incidents-").FullName;
    private RunningSilo _silo = null!;
    private SeededDevice _device = null!;

    public async Task InitializeAsync()
    {
        _silo = await RunningSilo.Start(_data, "--demo");
        _device = await _silo.Seed();
    }

    public async Task DisposeAsync()
    {
        await _silo.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Incident_IsListedShownAndActedUpon()
    {
        var id = await Open();
        var (status, list) = await Get("/api/incidents?status=open,acknowledged&severity=high&rule=tamper");
        Assert.Equal(200, status);
        var incident = Assert.Single(list.GetProperty("incidents").EnumerateArray());
        Assert.Equal(id, incident.GetProperty("id").GetString());
        Assert.Equal(("open", "tamper", 1),
            (Text(incident, "status"), Text(incident, "rule_id"), incident.GetProperty("count").GetInt32()));
        Assert.Empty((await Get("/api/incidents?status=resolved")).Json.GetProperty("incidents").EnumerateArray());
        Assert.Equal(400, (await Get("/api/incidents?status=gone&severity=very&device=x&from=now")).Status);
        Assert.Equal(4, (await Get("/api/incidents?status=gone&severity=very&device=x&from=now")).Json.GetProperty("errors")
            .GetArrayLength());

        Assert.Equal(200, (await Post($"/api/incidents/{id}/acknowledge")).Status);
        Assert.Equal(400, (await Post($"/api/incidents/{id}/comments", "{}")).Status);
        Assert.Equal(200, (await Post($"/api/incidents/{id}/comments", """{"text":"on my way"}""")).Status);
        Assert.Equal("ann", Text((await Post($"/api/incidents/{id}/assign", """{"assignee":"ann"}""")).Json, "assignee"));
        Assert.Equal("suppressed", Text((await Post($"/api/incidents/{id}/suppress")).Json, "status"));
        Assert.Equal("open", Text((await Post($"/api/incidents/{id}/unsuppress")).Json, "status"));
        var resolved = (await Post($"/api/incidents/{id}/resolve", """{"text":"door closed"}""")).Json;
        Assert.StartsWith("key:", Text(resolved, "resolved_by"));
        Assert.Equal(404, (await Post($"/api/incidents/{Guid.NewGuid()}/resolve")).Status);

        var details = (await Get($"/api/incidents/{id}")).Json;
        Assert.Equal(
            ["incident.acknowledged", "incident.assigned", "incident.commented", "incident.opened", "incident.resolved",
                "incident.suppressed", "incident.unsuppressed"],
            details.GetProperty("trail").EnumerateArray().Select(l => Text(l, "action"))
                .Where(action => action.StartsWith("incident.", StringComparison.Ordinal)) // What people are told follows in its own time.
                .Order());
        Assert.Empty(details.GetProperty("consequence_list").EnumerateArray());
        var log = (await Get($"/api/log?item={id}&action=incident.commented")).Json.GetProperty("log");
        Assert.Equal("on my way", Text(Assert.Single(log.EnumerateArray()).GetProperty("body"), "text"));
    }

    [Fact]
    public async Task Ticket_MadeByHand_IsChangedOverItsVersion()
    {
        var incident = await Open();
        Assert.Equal(400, (await Post("/api/tickets", """{"kind":"party","title":"x"}""")).Status);
        Assert.Equal(400, (await Post("/api/tickets",
            $$"""{"kind":"maintenance","title":"x","incident_id":"{{Guid.NewGuid()}}"}""")).Status);
        var (status, made) = await Post(
            "/api/tickets",
            $$"""{"kind":"site_visit","title":"Look","due_at":"2026-12-01T00:00:00Z","incident_id":"{{incident}}","site_id":"H"}""");
        Assert.Equal(201, status);
        var id = Text(made, "id");
        Assert.Equal(("open", incident), (Text(made, "status"), Text(made, "incident_id")));
        Assert.Single((await Get($"/api/tickets?incident={incident}&status=open,in_progress")).Json.GetProperty("tickets")
            .EnumerateArray());
        Assert.Equal(412, (await Send(HttpMethod.Patch, $"/api/tickets/{id}", """{"status":"done"}""", "\"9\"")).Status);
        var done = await Send(HttpMethod.Patch, $"/api/tickets/{id}", """{"status":"done","notes":"oiled","due_at":null}""", "\"1\"");
        Assert.Equal((200, "done", "oiled"), (done.Status, Text(done.Json, "status"), Text(done.Json, "notes")));
        Assert.Equal(JsonValueKind.Null, done.Json.GetProperty("due_at").ValueKind);
        Assert.Equal("\"2\"", (await Send(HttpMethod.Get, $"/api/tickets/{id}")).ETag);
        Assert.Equal(404, (await Get($"/api/tickets/{Guid.NewGuid()}")).Status);
        Assert.Equal(2, (await Get($"/api/log?item={id}")).Json.GetProperty("log").GetArrayLength());
    }

    [Fact]
    public async Task Ticket_FaultsOfFormAndContent_AreToldTogether()
    {
        Assert.Equal(
            ["assignee", "due_at", "incident_id", "kind"],
            Fields(await Post("/api/tickets", $$"""
                {"kind":"party","title":"x","due_at":"soon","assignee":5,"incident_id":"{{Guid.NewGuid()}}"}
                """)));
        Assert.Equal(
            ["incident_id", "kind", "title"],
            Fields(await Post("/api/tickets", $$"""{"kind":"party","incident_id":"{{Guid.NewGuid()}}"}""")));
        Assert.Empty((await Get("/api/tickets")).Json.GetProperty("tickets").EnumerateArray());

        var made = (await Post("/api/tickets", """{"kind":"maintenance","title":"x"}""")).Json;
        var path = $"/api/tickets/{Text(made, "id")}";
        var faulty = await Send(HttpMethod.Patch, path, """{"kind":"party","title":"","due_at":"soon","status":"gone"}""");
        Assert.Equal(["due_at", "kind", "status", "title"], Fields((faulty.Status, faulty.Json)));
        Assert.Equal("\"1\"", (await Send(HttpMethod.Get, path)).ETag);

        static IEnumerable<string> Fields((int Status, JsonElement Json) refused)
        {
            Assert.Equal(400, refused.Status);
            return refused.Json.GetProperty("errors").EnumerateArray().Select(error => Text(error, "field")).Order();
        }
    }

    [Fact]
    public async Task PoliciesAndSchedules_AreKept_AndTellWhoIsOnDuty()
    {
        var faulty = await Post("/api/escalation-policies", """{"name":"x","levels":[{"to":["nobody"]},{"to":3}]}""");
        Assert.Equal(400, faulty.Status);
        foreach (var person in (string[])["ann", "ben", "zoe"])
            Assert.Equal(201, (await Post("/api/people", $$"""{"id":"{{person}}","name":"{{person}}"}""")).Status);
        Assert.Equal(201, (await Post("/api/schedules", """
            {"id":"night","name":"Night","time_zone":"Europe/Berlin",
             "layers":[{"people":["ann","ben"],"unit":"weekly","starts_on":"2026-03-02","hand_over":"09:00"}],
             "overrides":[{"person":"zoe","from":"2026-05-01T00:00:00Z","to":"2026-05-02T00:00:00Z"}]}
            """)).Status);
        var (status, policy) = await Post("/api/escalation-policies", """
            {"id":"standard","name":"Standard",
             "levels":[{"after_s":300,"to":["team:maintenance"]},{"after_s":600,"to":["schedule:night"],"via":["sms"]}],
             "repeat_every_s":900,"max_repeats":3,"quiet":{"time_zone":"Europe/Berlin","from":"22:00","to":"06:00","below":"high"}}
            """);
        Assert.Equal((201, 600), (status, policy.GetProperty("levels")[1].GetProperty("after_s").GetInt32()));
        Assert.Equal(
            409, (await Post("/api/escalation-policies", """{"id":"standard","name":"S","levels":[{"to":["team:it"]}]}""")).Status);
        var changed = await Send(HttpMethod.Patch, "/api/escalation-policies/standard", """{"quiet":null,"max_repeats":0}""", "\"1\"");
        Assert.Equal((200, "\"2\"", JsonValueKind.Null), (changed.Status, changed.ETag, changed.Json.GetProperty("quiet").ValueKind));
        Assert.Equal(2, changed.Json.GetProperty("levels").GetArrayLength());
        await Send(HttpMethod.Patch, "/api/escalation-policies/standard", """{"max_repeats":4}""", "\"2\"");
        changed = await Send(HttpMethod.Patch, "/api/escalation-policies/standard", """{"max_repeats":null}""", "\"3\"");
        Assert.Equal((200, 0), (changed.Status, changed.Json.GetProperty("max_repeats").GetInt32()));
        Assert.Equal(400, (await Send(HttpMethod.Patch, "/api/escalation-policies/standard", """{"levels":null}""", "\"4\"")).Status);
        Assert.Single((await Get("/api/escalation-policies")).Json.GetProperty("escalation_policies").EnumerateArray());

        Assert.Equal("ann", await OnCall("2026-03-09T07:59:59Z"));
        Assert.Equal("ben", await OnCall("2026-03-09T08:00:00Z"));
        Assert.Equal("zoe", await OnCall("2026-05-01T12:00:00Z"));
        Assert.Equal(200, (await Get("/api/schedules/night/oncall")).Status);
        Assert.Equal(400, (await Get("/api/schedules/night/oncall?at=0001-01-01T00:00:00Z")).Status);
        Assert.Equal(404, (await Get("/api/schedules/day/oncall")).Status);
        Assert.Equal(204, (await Send(HttpMethod.Delete, "/api/schedules/night", match: "\"1\"")).Status);
        Assert.Equal(404, (await Get("/api/schedules/night")).Status);

        async Task<string> OnCall(string at) =>
            (await Get($"/api/schedules/night/oncall?at={at}")).Json.GetProperty("people")[0].GetString()!;
    }

    /// <summary>Has an incident opened, as a device's rules would.</summary>
    private async Task<string> Open()
    {
        var grains = _silo.Services.GetRequiredService<IGrainFactory>();
        var project = Guid.Parse(Text((await Get("/api/project")).Json, "id"));
        var key = SubjectKey.Device(Episodes.Logger).GrainKey(project, "tamper");
        await grains.GetGrain<IIncidentGrain>(key).Tell([Episodes.Episode("tampering", 0, null)]);
        return Text((await Get("/api/incidents")).Json.GetProperty("incidents")[0], "id");
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private async Task<(int Status, JsonElement Json)> Get(string path) => await _silo.Send(HttpMethod.Get, path, _device.ProjectKey);

    private async Task<(int Status, JsonElement Json)> Post(string path, string? json = null) =>
        await _silo.Send(HttpMethod.Post, path, _device.ProjectKey, json);

    private async Task<(int Status, JsonElement Json, string? ETag)> Send(HttpMethod method, string path, string? json = null,
        string? match = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(_device.ProjectKey)));
        if (match is not null)
            request.Headers.TryAddWithoutValidation("If-Match", match);
        if (json is not null)
            request.Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using var response = await _silo.Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement, response.Headers.ETag?.Tag);
    }
}
