using EsoCore.Tests.Api;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Rules;

/// <summary>Rules, as a project key manages them.</summary>
public sealed class RuleRoutesTests
{
    private const string New = """
        {"id":"hot","name":"Hot","subject":"asset","severity":"low","scope":{"sites":["HALL"],"tags":{"line":"7"}},
        "condition":{"type":"threshold","metric":"temp","above":80},"reopen_within_s":60,"resolve_after_s":null,
        "actions":[{"type":"notify","to":["team:safety"],"via":["email"]},{"type":"ticket","kind":"maintenance","due_in_s":3600}]}
        """;

    [Fact]
    public async Task A_rule_is_made_read_changed_and_taken_away()
    {
        await using var door = await FrontDoor.Open();
        var made = (await door.Send(door.AsProject(HttpMethod.Post, "/api/rules", New))).Is(201);
        Assert.Equal("/api/rules/hot", made.Header("Location"));
        var etag = made.Header("ETag")!;
        Assert.Equal("asset", made.Json.GetProperty("subject").GetString());
        Assert.False(made.Json.GetProperty("actions")[0].TryGetProperty("kind", out _));
        (await door.Send(door.AsProject(HttpMethod.Post, "/api/rules", New))).IsProblem(409, "already_exists");

        var read = (await door.Send(door.AsProject(HttpMethod.Get, "/api/rules/hot"))).Is(200);
        Assert.Equal(80, read.Json.GetProperty("condition").GetProperty("above").GetInt32());
        Assert.Equal(2, read.Json.GetProperty("incidents").GetProperty("open").GetInt32());

        var change = door.AsProject(HttpMethod.Patch, "/api/rules/hot", """{"enabled":false,"severity":null}""");
        change.Headers.TryAddWithoutValidation("If-Match", etag);
        var changed = (await door.Send(change)).Is(200).Json;
        Assert.False(changed.GetProperty("enabled").GetBoolean());
        Assert.Equal("Hot", changed.GetProperty("name").GetString());
        Assert.Equal("7", changed.GetProperty("scope").GetProperty("tags").GetProperty("line").GetString());

        var stale = door.AsProject(HttpMethod.Patch, "/api/rules/hot", """{"enabled":true}""");
        stale.Headers.TryAddWithoutValidation("If-Match", etag);
        (await door.Send(stale)).Is(412);
        (await door.Send(door.AsProject(HttpMethod.Delete, "/api/rules/hot"))).Is(204);
        (await door.Send(door.AsProject(HttpMethod.Get, "/api/rules/hot"))).Is(404);
    }

    [Fact]
    public async Task What_was_read_can_be_sent_back()
    {
        await using var door = await FrontDoor.Open();
        foreach (var rule in (await door.Send(door.AsProject(HttpMethod.Get, "/api/rules"))).Is(200).Json.GetProperty("rules")
            .EnumerateArray())
            (await door.Send(door.AsProject(HttpMethod.Post, "/api/rules", rule.GetRawText()))).Is(201);
    }

    [Fact]
    public async Task All_faults_are_told_at_once_by_their_paths_as_sent()
    {
        await using var door = await FrontDoor.Open();
        var types = (await door.Send(door.AsProject(HttpMethod.Post, "/api/rules", """
            {"subject":"world","scope":{"devices":["x"]},"actions":[{"type":"dance"},5],"reopen_within_s":-1}
            """))).IsProblem(400, ProblemCodes.BadRequest);
        Assert.Equal(
            ["actions[0].type", "actions[1]", "condition", "name", "reopen_within_s", "scope.devices[0]", "subject"],
            types.Json.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()!)
                .Order(StringComparer.Ordinal));

        var content = await door.Send(door.AsProject(HttpMethod.Post, "/api/rules", """
            {"name":"x","severity":"grave","condition":{"type":"threshold"},"actions":[{"type":"notify","to":[]}]}
            """));
        Assert.Equal(
            ["actions[0].to", "condition.above", "condition.metric", "severity"],
            content.Json.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()!)
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_trial_takes_a_rule_and_two_times()
    {
        await using var door = await FrontDoor.Open();
        var tried = (await door.Send(door.AsProject(
            HttpMethod.Post, "/api/rules/try", $$"""{"rule":{{New}},"from":"2026-11-01T00:00:00Z","to":"2026-11-02T00:00:00Z"}"""))).Is(200)
                .Json;
        Assert.Equal((1, 2, 0),
            (tried.GetProperty("devices").GetInt32(), tried.GetProperty("records").GetInt32(), tried.GetProperty("episodes")
            .GetArrayLength()));

        var faulty = await door.Send(door.AsProject(
            HttpMethod.Post, "/api/rules/try",
            """{"rule":{"name":"x","condition":{"type":"event"}},"from":"2026-11-01T00:00:00Z","to":"2026-11-02T00:00:00Z"}"""));
        Assert.Equal("rule.condition.types", faulty.Json.GetProperty("errors")[0].GetProperty("field").GetString());
        (await door.Send(door.AsProject(
            HttpMethod.Post, "/api/rules/try", $$"""{"rule":{{New}},"from":"2026-11-01T00:00:00Z","to":"2026-12-31T00:00:00Z"}""")))
                .Is(400);
    }

    [Fact]
    public async Task The_openapi_document_names_every_type_of_condition()
    {
        await using var door = await FrontDoor.Open();
        var schema = (await door.Send(door.AsProject(HttpMethod.Get, "/api/rules/schema"))).Is(200).Json.GetProperty("$defs");
        var document = (await door.Send(new HttpRequestMessage(HttpMethod.Get, "/openapi/v1.json"))).Is(200).Json;
        var told = document.GetProperty("paths").GetProperty("/api/rules").GetProperty("post").GetProperty("description").GetString()!;
        foreach (var form in schema.GetProperty("condition").GetProperty("oneOf").EnumerateArray())
        {
            var condition = form.TryGetProperty("$ref", out var other) ? schema.GetProperty(other.GetString()!.Split('/')[^1]) : form;
            Assert.Contains(condition.GetProperty("properties").GetProperty("type").GetProperty("enum")[0].GetString()!, told);
        }
    }

    [Fact]
    public async Task The_ids_of_other_routes_are_refused()
    {
        await using var door = await FrontDoor.Open();
        (await door.Send(door.AsProject(HttpMethod.Post, "/api/rules", New.Replace("\"hot\"", "\"schema\"")))).Is(400);
        (await door.Send(door.AsProject(HttpMethod.Post, "/api/rules", New.Replace("\"hot\"", "\"a/b\"")))).Is(400);
    }
}
