using System.Text.Json;
using EsoCore.Api;
using EsoCore.Firmware;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Api;

/// <summary>A strict client that goes by the OpenAPI document can send what the server takes.</summary>
public sealed class SchemaTests
{
    [Fact]
    public async Task Every_example_is_as_its_schema_says()
    {
        await using var door = await FrontDoor.Open();
        var document = await Document(door);
        var checkedNow = 0;
        foreach (var (method, path, operation) in document.Operations)
        {
            var request = operation.TryGetProperty("requestBody", out var taken) ? taken.GetProperty("content").EnumerateObject() : default;
            foreach (var body in request.Where(body => body.Value.TryGetProperty("examples", out _)))
            {
                foreach (var example in body.Value.GetProperty("examples").EnumerateObject())
                    Holds($"{method} {path} {example.Name}", body.Value.GetProperty("schema"), example.Value.GetProperty("value"));
            }

            foreach (var answer in operation.GetProperty("responses").EnumerateObject())
            {
                foreach (var body in answer.Value.TryGetProperty("content", out var bodies) ? bodies.EnumerateObject() : default)
                {
                    if (body.Value.TryGetProperty("example", out var example))
                        Holds($"{method} {path} {answer.Name}", body.Value.GetProperty("schema"), example);
                    if (document.Checker.Resolve(body.Value.GetProperty("schema")).TryGetProperty("examples", out var several))
                        Holds($"{method} {path} {answer.Name}", body.Value.GetProperty("schema"), several[0]);
                }
            }
        }

        Assert.True(checkedNow > 50, $"{checkedNow}"); // Most of them the problem's, once for each refusal.

        void Holds(string where, JsonElement schema, JsonElement value)
        {
            checkedNow++;
            var faults = document.Checker.Check(schema, value, closed: true);
            Assert.True(faults.Count == 0, $"{where}: {string.Join("; ", faults)}");
        }
    }

    [Fact]
    public async Task Examples_of_batches_are_taken_and_the_ndjson_ones_are_records()
    {
        await using var door = await FrontDoor.Open();
        var document = await Document(door);
        var batch = document.Operation(HttpMethod.Post, FrontDoor.BatchPath);
        var content = batch.GetProperty("requestBody").GetProperty("content");
        Assert.Equal(
            ["array", "cycle", "envelope", "event", "window"],
            content.GetProperty("application/json").GetProperty("examples").EnumerateObject().Select(example => example.Name).Order());

        var lines = content.GetProperty("application/x-ndjson");
        Assert.Equal("string", lines.GetProperty("schema").GetProperty("type").GetString());
        var record = document.Checker.Resolve(ApiDocument.RequestSchema(batch)).GetProperty("anyOf")[1].GetProperty("items");
        foreach (var line in lines.GetProperty("example").GetString()!.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            Assert.Empty(document.Checker.Check(record, JsonDocument.Parse(line).RootElement, closed: true));
    }

    [Theory]
    [InlineData("POST", "/api/iot/v1/telemetry/batch", "records")]
    [InlineData("POST", "/api/iot/v1/heartbeat", "")]
    [InlineData("POST", "/api/iot/v1/auth/handshake", "")]
    [InlineData("POST", "/api/iot/v1/ota/report", "status")]
    [InlineData("POST", "/api/devices", "model,serial")]
    [InlineData("PATCH", "/api/devices/{id}", "")]
    [InlineData("POST", "/api/sites", "name")]
    [InlineData("PATCH", "/api/sites/{id}", "")]
    [InlineData("POST", "/api/assets", "asset_id,type")]
    [InlineData("PATCH", "/api/assets/{id}", "")]
    [InlineData("PUT", "/api/config-profiles/{model}", "")]
    [InlineData("PATCH", "/api/project", "retention_days")]
    [InlineData("POST", "/api/incidents/{id}/resolve", "")]
    [InlineData("POST", "/api/incidents/{id}/comments", "text")]
    [InlineData("POST", "/api/incidents/{id}/assign", "assignee")]
    [InlineData("POST", "/api/tickets", "kind,title")]
    [InlineData("PATCH", "/api/tickets/{id}", "")]
    [InlineData("POST", "/api/escalation-policies", "levels,name")]
    [InlineData("PATCH", "/api/escalation-policies/{id}", "")]
    [InlineData("POST", "/api/schedules", "layers,name")]
    [InlineData("PATCH", "/api/schedules/{id}", "")]
    [InlineData("POST", "/api/people", "name")]
    [InlineData("PATCH", "/api/people/{id}", "")]
    [InlineData("POST", "/api/teams", "name")]
    [InlineData("PATCH", "/api/teams/{id}", "")]
    [InlineData("POST", "/api/channels", "kind,name")]
    [InlineData("PATCH", "/api/channels/{id}", "")]
    [InlineData("POST", "/api/channels/{id}/test", "")]
    [InlineData("POST", "/api/silences", "comment,from,matchers,to")]
    [InlineData("PATCH", "/api/silences/{id}", "")]
    [InlineData("POST", "/api/maintenance-windows", "name")]
    [InlineData("PATCH", "/api/maintenance-windows/{id}", "")]
    [InlineData("PUT", "/api/templates/{id}", "text")]
    [InlineData("POST", "/api/templates/{id}/preview", "")]
    [InlineData("POST", "/v1/devices/{id}/firmware_version", "version")]
    public async Task A_request_must_hold_only_what_the_server_cannot_do_without(string method, string path, string required)
    {
        await using var door = await FrontDoor.Open();
        var document = await Document(door);
        var schema = ApiDocument.RequestSchema(document.Operation(new HttpMethod(method), path));
        if (schema.TryGetProperty("anyOf", out var alternatives))
            schema = alternatives[0];
        schema = document.Checker.Resolve(schema);
        var names = schema.TryGetProperty("required", out var list) ? list.EnumerateArray().Select(name => name.GetString()) : [];
        Assert.Equal(required, string.Join(',', names.Order()));
    }

    [Theory]
    [InlineData("POST", "/api/channels", "kind", "email,slack,sms,teams,ticket,webhook")]
    [InlineData("PATCH", "/api/channels/{id}", "kind", "email,slack,sms,teams,ticket,webhook,null")]
    [InlineData("POST", "/api/channels", "settings.security", "starttls,tls,none,null")]
    [InlineData("POST", "/api/channels", "settings.method", "POST,PUT,GET,null")]
    [InlineData("POST", "/api/channels", "settings.content_type", "application/json,application/x-www-form-urlencoded,text/plain,null")]
    [InlineData("POST", "/api/teams", "via[]", "email,slack,sms,teams,ticket,webhook")]
    [InlineData("PATCH", "/api/teams/{id}", "via[]", "email,slack,sms,teams,ticket,webhook")]
    [InlineData("POST", "/api/escalation-policies", "levels[].via[]", "email,slack,sms,teams,ticket,webhook")]
    [InlineData("POST", "/api/people", "quiet_hours.below", "info,low,medium,high,critical,null")]
    [InlineData("POST", "/api/silences", "matchers.severities[]", "info,low,medium,high,critical")]
    [InlineData("POST", "/api/maintenance-windows", "weekly.days[]", "mon,tue,wed,thu,fri,sat,sun")]
    [InlineData("POST", "/api/schedules", "quiet.days[]", "mon,tue,wed,thu,fri,sat,sun")]
    [InlineData("POST", "/api/escalation-policies", "quiet.below", "low,medium,high,critical")]
    [InlineData("POST", "/api/tickets", "kind",
        "maintenance,site_visit,part_replacement,alignment_check,backup_power_check,safety_audit,server_check")]
    public async Task A_request_names_the_words_that_the_server_takes(string method, string path, string field, string words)
    {
        await using var door = await FrontDoor.Open();
        var document = await Document(door);
        var schema = ApiDocument.RequestSchema(document.Operation(new HttpMethod(method), path));
        foreach (var step in field.Replace("[]", ".[]").Split('.'))
        {
            schema = document.Checker.Resolve(schema);
            if (schema.TryGetProperty("oneOf", out var alternatives)) // What may be null is that or something.
                schema = document.Checker.Resolve(alternatives.EnumerateArray().Last());
            schema = step == "[]" ? schema.GetProperty("items") : schema.GetProperty("properties").GetProperty(step);
        }

        Assert.Equal(words, string.Join(',', schema.GetProperty("enum").EnumerateArray().Select(word => word.GetString() ?? "null")));
    }

    [Fact]
    public async Task An_offer_of_firmware_and_windows_with_samples_are_as_the_document_says()
    {
        await using var door = await FrontDoor.Open();
        var document = await Document(door);
        door.Device.Offer = new OtaOffer("2.0", "ab", 5, "sig", "https://x/y", null, true);
        Holds("/api/iot/v1/ota/check", await door.Send(door.AsDevice(HttpMethod.Get, "/ota/check")));
        Holds("/api/devices/{id}/windows", await door.Send(door.AsProject(HttpMethod.Get, $"/api/devices/{door.Device.Id}/windows")));

        void Holds(string path, Reply reply)
        {
            var schema = ApiDocument.AnswerSchema(document.Operation(HttpMethod.Get, path), 200, "application/json");
            Assert.Empty(document.Checker.Check(schema!.Value, reply.Is(200).Json, closed: true));
        }
    }

    [Fact]
    public void The_checker_finds_each_kind_of_fault()
    {
        var schema = JsonDocument.Parse("""
            {"type":"object","required":["a"],
             "properties":{"a":{"type":["integer","null"]},"b":{"enum":["x"]},"c":{"type":"array","items":{"type":"string"}},
             "d":{"oneOf":[{"type":"null"},{"type":"object","additionalProperties":{"type":"number"}}]}}}
            """).RootElement;
        var checker = new SchemaChecker(schema);
        Assert.Empty(Faults("""{"a":null,"b":"x","c":["s"],"d":{"k":1}}"""));
        foreach (var (json, part) in new[]
        {
            ("[]", "is not"), ("{}", "a is missing"), ("""{"a":1.5}""", "$.a"), ("""{"a":1,"b":"y"}""", "$.b"),
            ("""{"a":1,"c":[1]}""", "$.c[0]"), ("""{"a":1,"d":{"k":"1"}}""", "$.d"), ("""{"a":1,"e":1}""", "does not tell of e"),
        })
            Assert.Contains(part, Assert.Single(Faults(json)));
        Assert.Empty(checker.Check(schema, JsonDocument.Parse("""{"a":1,"e":1}""").RootElement, closed: false));
        var unknown = JsonDocument.Parse("""{"multipleOf":1}""").RootElement;
        Assert.Contains("multipleOf", Assert.Single(checker.Check(unknown, schema, closed: false)));

        List<string> Faults(string json) => checker.Check(schema, JsonDocument.Parse(json).RootElement, closed: true);
    }

    private static async Task<ApiDocument> Document(FrontDoor door) =>
        new((await door.Send(new HttpRequestMessage(HttpMethod.Get, "/openapi/v1.json"))).Is(200).Json);
}
