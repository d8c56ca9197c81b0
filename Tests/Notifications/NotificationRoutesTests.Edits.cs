using System.Text.Json.Nodes;
using EsoCore.Api;
using EsoCore.Grains.Storage;
using EsoCore.Notifications;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>Edits that meet others, and the trail that they leave.</summary>
public sealed partial class NotificationRoutesTests
{
    [Fact]
    public async Task Change_WithoutIfMatchAndOvertaken_IsBuiltOnWhatStandsThen()
    {
        (await Send("POST", "/api/people", """{"id":"max","name":"Max","email":"max@example.com"}""")).Is(201);
        Overtake(times: 1);
        var changed = (await Send("PATCH", "/api/people/max", """{"slack":"U024BE7LH"}""")).Is(200);
        Assert.Equal("\"3\"", changed.Header("ETag"));
        Assert.Equal(
            ("U024BE7LH", "+49170001"),
            (changed.Json.GetProperty("slack").GetString(), changed.Json.GetProperty("phone").GetString()));

        Overtake(times: 1);
        (await Send("PATCH", "/api/people/max", """{"slack":"U024BE7LX"}""", "\"3\"")).IsProblem(412, "precondition_failed");
        Assert.Equal("U024BE7LH", (await Send("GET", "/api/people/max")).Json.GetProperty("slack").GetString());
    }

    [Fact]
    public async Task Change_WithoutIfMatchAndOvertakenEachTime_AsksToBeSentAgain()
    {
        (await Send("POST", "/api/people", """{"id":"max","name":"Max","email":"max@example.com"}""")).Is(201);
        var before = _cluster.Cluster.Stores.Calls("WriteResource");
        Overtake(times: int.MaxValue);
        (await Send("PATCH", "/api/people/max", """{"slack":"U024BE7LH"}""")).IsProblem(503, "unavailable");
        Assert.Equal(2 * Definitions.MaxChangeAttempts, _cluster.Cluster.Stores.Calls("WriteResource") - before);
    }

    [Fact]
    public async Task Edits_AreInTheTrail_WithWhoMadeThemAndNoSecret()
    {
        (await Send("POST", "/api/channels",
            $$"""{"id":"hook","name":"Hook","kind":"webhook","url":"{{_receiver.Url}}/a","secret":"0123456789abcdef"}""")).Is(201);
        (await Send("PATCH", "/api/channels/hook", """{"name":"Other","secret":"fedcba9876543210"}""")).Is(200);
        (await Send("PATCH", "/api/channels/hook", """{"kind":"pigeon"}""")).IsProblem(400, "invalid");
        (await Send("DELETE", "/api/channels/hook")).Is(204);
        (await Send("POST", "/api/people", """{"id":"max","name":"Max","email":"max@example.com"}""")).Is(201);
        (await Send("PATCH", "/api/teams/safety", """{"members":["person:max"]}""")).Is(200);
        (await Send("PATCH", "/api/rules/power_outage", """{"enabled":false}""")).Is(200);
        (await Send("DELETE", "/api/rules/power_outage")).Is(204);
        var lines = _cluster.Cluster.Stores.Log;
        Assert.Equal(
            [
                ("channel.created", """{"kind":"channel","id":"hook","version":1}"""),
                ("channel.changed", """{"kind":"channel","id":"hook","version":2}"""),
                ("channel.deleted", """{"kind":"channel","id":"hook","version":3}"""),
                ("person.created", """{"kind":"person","id":"max","version":1}"""),
                ("team.changed", """{"kind":"team","id":"safety","version":1}"""),
                ("rule.changed", """{"kind":"rule","id":"power_outage","version":1}"""),
                ("rule.deleted", """{"kind":"rule","id":"power_outage","version":2}"""),
            ],
            lines.Select(l => (l.Action, l.Body)));
        Assert.All(lines, line => Assert.Equal(($"key:{_key.Id:D}", _cluster.Time.GetUtcNow()), (line.Actor, line.At)));
    }

    [Fact]
    public async Task Delivery_WithNowhereToGo_SaysForWhomItWasAndIsRefusedUntilThereIsAWay()
    {
        (await Send("POST", "/api/people", """{"id":"max","name":"Max","phone":"+4917012345"}""")).Is(201);
        var incident = Notices.Incident() with { ProjectId = _project };
        await _cluster.Grains.GetGrain<INotifierGrain>($"{_project:D}/person:max").Enqueue([Notices.Of(incident)]);
        await _cluster.Pass(() => _cluster.Work.Items.Any(i => i.Status == "dead"));
        var dead = (await Send("GET", "/api/deliveries?status=dead")).Is(200).Json.GetProperty("deliveries")[0];
        Assert.Equal(("no_channel", "person:max", """[{"id":"person:max","name":"Max"}]"""),
            (dead.GetProperty("reason").GetString(), dead.GetProperty("recipient").GetString(),
                dead.GetProperty("meant_for").GetRawText().Replace(" ", "").Replace("\n", "")));
        var again = $"/api/deliveries/{dead.GetProperty("id").GetString()}/send-again";
        (await Send("POST", again)).IsProblem(409, "no_address");
        (await Send("PATCH", "/api/people/max", """{"email":"max@example.com"}""")).Is(200);
        Assert.Equal("max@example.com", (await Send("POST", again)).Is(200).Json.GetProperty("address").GetString());
        Assert.Equal("[critical] Power outage", Assert.Single(await _smtp.Until(1)).Subject);
    }

    /// <summary>Before an edit of a person is written, another server's comes first, this often.</summary>
    private void Overtake(int times)
    {
        var (stores, isOther, left) = (_cluster.Cluster.Stores, false, times);
        stores.Fault = method =>
        {
            if (method != "WriteResource" || isOther || left-- <= 0)
                return null;
            isOther = true;
            var stored = stores.Find(_project, ResourceKinds.Person, "max", default).Result!;
            var body = JsonNode.Parse(stored.Body)!;
            body["phone"] = $"+4917000{stored.Version}";
            _ = stores.Write(_project, ResourceKinds.Person, "max", body.ToJsonString(), stored.Version, default);
            isOther = false;
            return null;
        };
    }
}
