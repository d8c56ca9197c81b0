using System.Text.Json;
using EsoCore.Grains.Storage;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EsoCore.Tests.Workflows;

/// <summary>What is damaged or broken stops nothing but itself, seen from outside: uploads, incidents, messages and lists go on.</summary>
public sealed class PoisonTests
{
    /// <summary>Kinds of documents with the route and the field of their list.</summary>
    private static readonly (string Kind, string Path, string Field)[] Documents =
    [
        (ResourceKinds.Rule, "/api/rules", "rules"), (ResourceKinds.Channel, "/api/channels", "channels"),
        (ResourceKinds.Person, "/api/people", "people"), (ResourceKinds.Team, "/api/teams", "teams"),
        (ResourceKinds.Silence, "/api/silences", "silences"),
        (ResourceKinds.MaintenanceWindow, "/api/maintenance-windows", "maintenance_windows"),
        (ResourceKinds.EscalationPolicy, "/api/escalation-policies", "escalation_policies"),
        (ResourceKinds.OnCallSchedule, "/api/schedules", "schedules"), (ResourceKinds.Site, "/api/sites", "sites"),
        (ResourceKinds.Asset, "/api/assets", "assets"), (ResourceKinds.ConfigProfile, "/api/config-profiles", "config_profiles"),
    ];

    [Fact]
    public async Task PoisonedRule_StopsOnlyItself()
    {
        await using var server = await WorkflowServer.Start();
        var store = await Store.Of(server);
        await store.Write(ResourceKinds.Rule, "no-json", "{not json");
        await store.Write(ResourceKinds.Rule, "half", """{"rule":{"name":"Half"}}""");
        await server.Make("/api/rules", """
            {"id":"hot","name":"Too hot","enabled":true,"subject":"device","severity":"high",
            "condition":{"type":"threshold","metric":"temp","above":80}}
            """);
        await store.Change(ResourceKinds.Rule, "hot", body => body.Replace("\"threshold\"", "\"of_a_newer_program\""));
        server.Clock.Leap(TimeSpan.FromMinutes(2)); // Processes look for what others wrote every minute.
        await server.Event("power_outage", """{"severity":"critical"}""");
        await server.Incident("power_outage");
        await server.MailTo("maintenance", "Power outage");
        await server.TextTo("maintenance", "Power outage");
    }

    [Fact]
    public async Task PoisonedTemplate_CostsItsWordsAndNoMessage()
    {
        await using var server = await WorkflowServer.Start();
        var store = await Store.Of(server);
        await store.Write(ResourceKinds.Template, "email.opened", """{"subject":"{{title}}","text":"{{#each notices}}"}""");
        await store.Write(ResourceKinds.Template, "sms.opened", "{not json");
        await server.Event("emergency_stop_activated");
        await server.MailTo("safety", "Emergency stop");
        await server.TextTo("safety", "Emergency stop");
        var (_, list) = await server.Get("/api/deliveries");
        Assert.Contains(list.GetProperty("deliveries").EnumerateArray(), d =>
            d.GetProperty("kind").GetString() == "email"
            && d.GetProperty("template_fault").GetString()?.StartsWith("the template fails") == true);
        Assert.Equal(204, (await server.Send(HttpMethod.Delete, "/api/templates/sms.opened")).Status);
    }

    [Fact]
    public async Task PoisonedWebhook_IsTriedAgainWhileOthersAreTold()
    {
        await using var server = await WorkflowServer.Start();
        await using var hook = await HttpReceiver.StartAsync();
        hook.Answer = (request, http) =>
        {
            http.Abort();
            return Task.CompletedTask;
        };
        await server.Make("/api/channels",
            $$"""{"id":"hook","name":"Hook","kind":"webhook","url":"{{hook.Url}}/x","secret":"0123456789abcdef"}""");
        await server.Make("/api/teams/safety", """{"members":["channel:hook","person:safety"]}""", HttpMethod.Patch);
        await server.Make("/api/rules", """
            {"id":"hot","name":"Too hot","enabled":true,"subject":"device","severity":"critical",
            "condition":{"type":"threshold","metric":"temp","above":80},"actions":[{"type":"notify","to":["team:safety"]}]}
            """);
        server.Clock.Leap(TimeSpan.FromSeconds(30)); // Processes look for new rules every few seconds.
        await server.Upload((server.Now, """{"series":"temp","val":95,"unit":"°C"}"""));
        await server.MailTo("safety", "Too hot");
        await hook.Until(1);
        for (var tries = 2; tries <= 3; tries++)
        {
            server.Clock.Leap(TimeSpan.FromSeconds(10)); // What it comes too early for waits by the clock as it runs.
            await hook.Until(tries);
        }

        Assert.Single(hook.Requests.Select(r => r.Header("Idempotency-Key")).Distinct());
        await server.Event("tamper_detected");
        await server.MailTo("security", "Tampering");
    }

    [Fact]
    public async Task PoisonedRows_AreNamedAndCanBeDeletedAndMadeAnew()
    {
        await using var server = await WorkflowServer.Start();
        var store = await Store.Of(server);
        foreach (var (kind, _, _) in Documents)
        {
            await store.Write(kind, "torn", "{not json");
            await store.Write(kind, "empty", "null");
        }

        await store.Row(WorkKinds.Incident);
        await store.Row(WorkKinds.Delivery);
        await store.Row(WorkKinds.Ticket);
        server.Clock.Leap(TimeSpan.FromMinutes(2));
        foreach (var model in new[] { "empty", "torn" })
        {
            // Only from here on the model has a device, and its profile is read.
            await server.Make($"/api/devices/{server.Device.Id}", $$"""{"model":"{{model}}"}""", HttpMethod.Patch);
            await server.Upload((server.Now, """{"series":"temp","val":20,"unit":"°C"}"""));
        }

        await server.Event("sd_error");
        await server.Incident("sd_error");
        await server.MailTo("maintenance", "Card error");
        await server.Ticket("part_replacement");
        Assert.Equal(200, (await server.Get("/api/deliveries")).Status);

        foreach (var (_, path, field) in Documents)
        {
            var (status, list) = await server.Get(path);
            Assert.True(status == 200, $"{path}: {list}");
            Assert.Equal(["empty", "torn"], list.GetProperty("damaged").EnumerateArray().Select(id => id.GetString()).Order());
            var idField = field is "assets" ? "asset_id" : field is "config_profiles" ? "model" : "id";
            Assert.DoesNotContain(list.GetProperty(field).EnumerateArray(), item => item.GetProperty(idField).GetString() == "torn");
            foreach (var id in new[] { "torn", "empty" })
                Assert.Equal(204, (await server.Send(HttpMethod.Delete, $"{path}/{id}")).Status);
            Assert.False((await server.Get(path)).Json.TryGetProperty("damaged", out _), path);
        }

        await server.Make("/api/people", """{"id":"torn","name":"Made anew"}""");
        await store.Write(ResourceKinds.Person, "empty", "null", version: 2);
        await server.Make("/api/people", """{"id":"other","name":"Other"}""");
        var damaged = (await server.Get("/api/people")).Json.GetProperty("damaged");
        Assert.Equal("empty", Assert.Single(damaged.EnumerateArray()).GetString());
    }

    /// <summary>The server's store, beside its grains.</summary>
    private sealed record Store(IResourceStore Resources, IWorkStore Work, Guid Project, DateTimeOffset Now)
    {
        public static async Task<Store> Of(WorkflowServer server)
        {
            var (_, twin) = await server.Get($"/api/devices/{server.Device.Id}/twin");
            return new Store(
                server.Services.GetRequiredService<IResourceStore>(), server.Services.GetRequiredService<IWorkStore>(),
                twin.GetProperty("project_id").GetGuid(), server.Now);
        }

        public async Task Write(string kind, string id, string body, long version = 0) =>
            Assert.True(await Resources.Write(Project, kind, id, body, version, default));

        public async Task Change(string kind, string id, Func<string, string> change)
        {
            var stored = (await Resources.Find(Project, kind, id, default))!;
            Assert.NotEqual(stored.Body, change(stored.Body));
            Assert.True(await Resources.Write(Project, kind, id, change(stored.Body), stored.Version, default));
        }

        public async Task Row(string kind) => Assert.True(await Work.Commit(
            new WorkCommit(Project, $"poison/{kind}", 0, "{}",
                [new WorkItem(kind, Guid.NewGuid(), $"poison/{kind}", "open", "high", null, null, null, null, null, Now, "{not json")], []),
            default));
    }
}
