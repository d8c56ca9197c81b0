using System.Text.Json;
using EsoCore.Notifications;
using EsoCore.Projects;
using EsoCore.Tests.Notifications;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EsoCore.Tests.Silo;

public sealed partial class DocumentedAnswersTests
{
    private static async Task ManageNotifications(StrictClient client, RunningSilo silo)
    {
        await Edit(client, "/api/people", "people", "max", """{"id":"max","name":"Max","email":"max@example.com"}""", """
            {"quiet_hours":{"from":"22:00","to":"06:00","time_zone":"Europe/Berlin","below":"high"}}
            """);
        await client.Ask(201, HttpMethod.Post, "/api/people", client.ProjectKey, """{"id":"tom","name":"Tom"}""");
        await Edit(client, "/api/teams", "teams", "night", """{"id":"night","name":"Night","members":["person:tom"],"via":["email"]}""", """
            {"contact_email":"boss@example.com"}
            """);
        await Edit(client, "/api/silences", "silences", "s", """
            {"id":"s","matchers":{"rules":["sd_error"],"tags":{"line":"7"}},"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z","comment":"works"}
            """, """{"comment":"more works"}""",
            faulty: """{"id":"a/b","matchers":{},"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z","comment":"works"}""");
        await Edit(client, "/api/maintenance-windows", "maintenance_windows", "w", """
            {"id":"w","name":"Sundays","sites":["HALL"],"weekly":{"days":["sun"],"from":"02:00","to":"04:00","time_zone":"Europe/Berlin"}}
            """, """{"name":"Sunday mornings"}""");
        client.Names["/api/channels/{id}/test"] = "mail";
        await Edit(client, "/api/channels", "channels", "mail", """
            {"id":"mail","name":"Mail","kind":"email","settings":{"host":"127.0.0.1","port":9,"from":"a@example.com","to":["b@example.com"]}}
            """, """{"enabled":false}""", async () =>
        {
            // Nothing is sent into the machine's own network, unless the administrator allows it.
            var tested = await client.Ask(200, HttpMethod.Post, "/api/channels/{id}/test", client.ProjectKey);
            Assert.Equal("permanent", tested.GetProperty("outcome").GetString());
            await client.Ask(400, HttpMethod.Post, "/api/channels", client.ProjectKey, """{"name":"x","kind":"webhook"}""");
        }, """{"id":"a/b","name":"x","kind":"webhook"}""");

        foreach (var path in new[] { "/api/templates/{id}", "/api/templates/{id}/preview" })
            client.Names[path] = "email.opened";
        Assert.NotEqual(0, (await client.Get(200, "/api/templates")).GetProperty("templates").GetArrayLength());
        await client.Ask(200, HttpMethod.Post, "/api/templates/{id}/preview", client.ProjectKey, """{"text":"{{> none}}"}""");
        await client.Ask(201, HttpMethod.Put, "/api/templates/{id}", client.ProjectKey, """{"text":"{{title}}"}""");
        await client.Get(200, "/api/templates/{id}");
        await client.Ask(204, HttpMethod.Delete, "/api/templates/{id}", client.ProjectKey);
        await AskForDeliveries(client, silo);
    }

    /// <summary>A notice to a team of a project in which nobody can be told ends among the dead, where people find it.</summary>
    private static async Task AskForDeliveries(StrictClient client, RunningSilo silo)
    {
        var project = (await client.Get(200, "/api/project")).GetProperty("id").GetString();
        var notice = Notices.Of(Notices.Incident());
        await silo.Services.GetRequiredService<IGrainFactory>().GetGrain<INotifierGrain>($"{project}/team:it").Enqueue([notice]);
        JsonElement dead = default;
        await Eventually.Holds(
            async () =>
            {
                dead = (await client.Get(200, "/api/deliveries", "?status=dead")).GetProperty("deliveries");
                return dead.GetArrayLength() > 0;
            },
            () => "The message was never given up.");
        Assert.Equal("no_recipient", dead[0].GetProperty("reason").GetString());
        var id = dead[0].GetProperty("id").GetString()!;
        foreach (var path in new[] { "/api/deliveries/{id}", "/api/deliveries/{id}/send-again" })
            client.Names[path] = id;
        await client.Get(200, "/api/deliveries/{id}");
        await client.Ask(409, HttpMethod.Post, "/api/deliveries/{id}/send-again", client.ProjectKey);
        client.Names["/api/deliveries/{id}/send-again"] = Guid.NewGuid().ToString("D");
        await client.Ask(404, HttpMethod.Post, "/api/deliveries/{id}/send-again", client.ProjectKey);
    }

    private static async Task Edit(
        StrictClient client, string path, string list, string id, string made, string changed, Func<Task>? between = null,
        string faulty = """{"id":"a/b","name":"x"}""")
    {
        var one = path + "/{id}";
        client.Names[one] = id;
        await client.Ask(201, HttpMethod.Post, path, client.ProjectKey, made);
        await client.Ask(409, HttpMethod.Post, path, client.ProjectKey, made);
        await client.Ask(400, HttpMethod.Post, path, client.ProjectKey, faulty);
        Assert.NotEqual(0, (await client.Get(200, path)).GetProperty(list).GetArrayLength());
        await client.Get(200, one);
        if (between is not null)
            await between();
        await client.Ask(200, HttpMethod.Patch, one, client.ProjectKey, changed);
        await client.Ask(204, HttpMethod.Delete, one, client.ProjectKey);
        await client.Get(404, one);
    }
}
