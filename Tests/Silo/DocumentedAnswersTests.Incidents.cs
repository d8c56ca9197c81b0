using System.Text.Json;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Silo;

public sealed partial class DocumentedAnswersTests
{
    /// <summary>The outage among the records uploaded at first has made an incident and a ticket by now.</summary>
    private static async Task ManageIncidents(StrictClient client)
    {
        JsonElement incidents = default;
        await Eventually.Holds(
            async () =>
            {
                var page = await client.Get(200, "/api/incidents", "?rule=power_outage&status=open,acknowledged");
                incidents = page.GetProperty("incidents");
                return incidents.GetArrayLength() > 0;
            },
            () => "The outage made no incident.");
        var id = incidents[0].GetProperty("id").GetString()!;
        client.Names["/api/incidents/{id}"] = id;
        var acts = new (string Verb, string? Body)[]
        {
            ("acknowledge", null), ("assign", """{"assignee":"Max"}"""), ("comments", """{"text":"On my way."}"""),
            ("suppress", """{"text":"Works."}"""), ("unsuppress", null), ("resolve", """{"text":"Fuse replaced."}"""),
        };
        foreach (var (verb, body) in acts)
        {
            client.Names[$"/api/incidents/{{id}}/{verb}"] = id;
            await client.Ask(200, HttpMethod.Post, $"/api/incidents/{{id}}/{verb}", client.ProjectKey, body);
        }

        await client.Ask(400, HttpMethod.Post, "/api/incidents/{id}/comments", client.ProjectKey, """{"text":""}""");
        Assert.Equal("resolved", (await client.Get(200, "/api/incidents/{id}")).GetProperty("status").GetString());
        await client.Get(400, "/api/incidents", "?status=burning");
        Assert.NotEqual(0, (await client.Get(200, "/api/log", $"?item={id}")).GetProperty("log").GetArrayLength());

        var made = await client.Ask(201, HttpMethod.Post, "/api/tickets", client.ProjectKey, """
            {"kind":"maintenance","title":"Look at the fuse","due_at":"2026-02-01T12:00:00Z"}
            """);
        client.Names["/api/tickets/{id}"] = made.GetProperty("id").GetString()!;
        await client.Ask(400, HttpMethod.Post, "/api/tickets", client.ProjectKey, """{"kind":"maintenance","title":" "}""");
        await client.Ask(200, HttpMethod.Patch, "/api/tickets/{id}", client.ProjectKey, """{"status":"done"}""");
        await client.Get(200, "/api/tickets/{id}");
        Assert.NotEqual(0, (await client.Get(200, "/api/tickets")).GetProperty("tickets").GetArrayLength());

        foreach (var person in (string[])["max", "eva"])
            await client.Ask(201, HttpMethod.Post, "/api/people", client.ProjectKey, $$"""{"id":"{{person}}","name":"{{person}}"}""");
        await Edit(client, "/api/escalation-policies", "escalation_policies", "p", """
            {"id":"p","name":"Night","levels":[{"after_s":0,"to":["team:maintenance"]},{"after_s":900,"to":["person:max"],"via":["sms"]}],
            "repeat_every_s":1800,"max_repeats":3}
            """, """{"quiet":{"time_zone":"Europe/Berlin","from":"22:00","to":"06:00","days":[],"below":"high"}}""",
            faulty: """{"id":"a/b","name":"x","levels":[]}""");
        client.Names["/api/schedules/{id}/oncall"] = "s";
        await Edit(client, "/api/schedules", "schedules", "s", """
            {"id":"s","name":"Week","time_zone":"Europe/Berlin",
            "layers":[{"people":["max","eva"],"unit":"weekly","starts_on":"2026-01-05"}],
            "overrides":[{"person":"eva","from":"2026-01-07T00:00:00Z","to":"2026-01-08T00:00:00Z"}]}
            """, """{"overrides":[],"name":"All weeks"}""", async () =>
        {
            var duty = await client.Get(200, "/api/schedules/{id}/oncall", "?at=2026-01-07T12:00:00Z");
            Assert.Equal("eva", duty.GetProperty("people")[0].GetString());
        }, """{"id":"a/b","name":"x","layers":[]}""");
    }
}
