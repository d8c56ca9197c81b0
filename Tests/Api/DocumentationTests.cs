using System.Text.Json;
using EsoCore.Wire;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EsoCore.Tests.Api;

/// <summary>The OpenAPI document, the problem documents of the framework's own refusals, and what operations see.</summary>
public sealed class DocumentationTests
{
    [Fact]
    public async Task The_openapi_document_names_every_route_once()
    {
        await using var door = await FrontDoor.Open();
        var document = (await door.Send(new HttpRequestMessage(HttpMethod.Get, "/openapi/v1.json"))).Is(200).Json;
        var described = (
            from path in document.GetProperty("paths").EnumerateObject()
            from operation in path.Value.EnumerateObject()
            select (Route: $"{operation.Name.ToUpperInvariant()} {path.Name}", Operation: operation.Value)).ToList();

        var mapped =
            from endpoint in door.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            where !endpoint.RoutePattern.RawText!.Contains("openapi")
            where endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null
            from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
            select $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}";
        Assert.Equal(mapped.Order(), described.Select(d => d.Route).Order());

        var ids = described.Select(d => d.Operation.GetProperty("operationId").GetString()).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.All(described, d => Assert.NotEqual("", d.Operation.GetProperty("summary").GetString()));
        Assert.All(described, d => Assert.Contains(d.Operation.GetProperty("responses").EnumerateObject(), r => r.Name is "200" or "201" or "204"));
        Assert.All(described, d => Assert.True(d.Operation.GetProperty("responses").TryGetProperty("500", out _), d.Route));
    }

    [Fact]
    public async Task Every_reference_in_the_document_leads_somewhere_and_every_path_parameter_is_described()
    {
        await using var door = await FrontDoor.Open();
        var reply = (await door.Send(new HttpRequestMessage(HttpMethod.Get, "/openapi/v1.json"))).Is(200);
        foreach (var reference in References(reply.Json))
        {
            var target = reply.Json;
            foreach (var step in reference[2..].Split('/'))
                Assert.True(target.TryGetProperty(step, out target), reference);
        }

        foreach (var path in reply.Json.GetProperty("paths").EnumerateObject().Where(path => path.Name.Contains('{')))
        {
            foreach (var operation in path.Value.EnumerateObject())
                Assert.Contains(operation.Value.GetProperty("parameters").EnumerateArray(), p => p.GetProperty("in").GetString() == "path");
        }
    }

    [Fact]
    public async Task The_document_tells_how_to_prove_oneself()
    {
        await using var door = await FrontDoor.Open();
        var document = (await door.Send(new HttpRequestMessage(HttpMethod.Get, "/openapi/v1.json"))).Json;
        Assert.Equal(
            ["basic", "bearer", "deviceKey"],
            document.GetProperty("components").GetProperty("securitySchemes").EnumerateObject().Select(s => s.Name).Order());
        var batch = document.GetProperty("paths").GetProperty("/api/iot/v1/telemetry/batch").GetProperty("post");
        var headers = batch.GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString()).ToList();
        Assert.Superset(
            new HashSet<string?> { "X-Device-Id", "X-Auth-Key", "Idempotency-Key", "Content-SHA256", "X-Upload-Cursor", "X-Time-Correction", "X-Signature" },
            headers.ToHashSet());
        foreach (var status in new[] { "400", "401", "403", "409", "413", "415", "429", "500", "503" })
            Assert.True(batch.GetProperty("responses").GetProperty(status).GetProperty("content").TryGetProperty("application/problem+json", out _));
    }

    [Fact]
    public async Task The_documentation_page_is_served()
    {
        await using var door = await FrontDoor.Open();
        foreach (var path in new[] { "/docs", "/" })
        {
            var reply = (await door.Send(new HttpRequestMessage(HttpMethod.Get, path))).Is(200);
            Assert.Equal("text/html", reply.MediaType);
            Assert.Contains("swagger", reply.Text);
        }
    }

    [Theory]
    [InlineData("GET", "/nowhere", 404, ProblemCodes.NotFound)]
    [InlineData("GET", "/api/iot/v1/telemetry/batch", 405, "method_not_allowed")]
    [InlineData("DELETE", "/api/iot/v1/config/", 405, "method_not_allowed")]
    [InlineData("PUT", "/api/devices", 405, "method_not_allowed")]
    public async Task The_frameworks_own_refusals_are_problem_documents(string method, string path, int status, string code)
    {
        await using var door = await FrontDoor.Open();
        (await door.Send(new HttpRequestMessage(new HttpMethod(method), path))).IsProblem(status, code);
    }

    [Fact]
    public async Task A_handlers_exception_is_a_problem_document_without_its_words()
    {
        await using var door = await FrontDoor.Open();
        door.Grains.Credentials.Gate = Task.FromException(new InvalidOperationException("inner words"));
        var reply = (await door.Send(door.AsProject(HttpMethod.Get, "/api/project"))).IsProblem(500, ProblemCodes.Internal);
        Assert.DoesNotContain("inner words", reply.Text);
    }

    [Fact]
    public async Task Metrics_count_batches_and_refusals_as_prometheus_text()
    {
        await using var door = await FrontDoor.Open();
        (await door.Send(door.Batch())).Is(200);
        (await door.Send(door.Batch(secret: "wrong"))).Is(401);

        var reply = (await door.Send(new HttpRequestMessage(HttpMethod.Get, "/metrics"))).Is(200);

        Assert.Equal("text/plain", reply.MediaType);
        foreach (var line in new[]
        {
            "# TYPE esocore_batches_total counter", "esocore_batches_total{outcome=\"accepted\"} ", "esocore_points_total ", "esocore_duplicates_total ",
            "esocore_rejected_total ", "esocore_refusals_total{reason=\"unauthorized\"} ", "# TYPE esocore_upload_duration_seconds histogram",
            "esocore_upload_duration_seconds_bucket{le=\"+Inf\"} ", "process_resident_memory_bytes ", "esocore_body_budget_used_bytes 0",
        })
            Assert.Contains("\n" + line, "\n" + reply.Text);
        Assert.All(reply.Text.TrimEnd('\n').Split('\n'), line => Assert.Matches(@"^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[^{}]*\})? [-+0-9.eE]+|[a-z_]+_bucket\{.*\} [0-9]+)$", line));
    }

    [Fact]
    public async Task Health_is_live_and_ready()
    {
        await using var door = await FrontDoor.Open();
        Assert.Equal("""{"status":"live"}""", (await door.Send(new HttpRequestMessage(HttpMethod.Get, "/health/live"))).Is(200).Text);
        Assert.Equal("""{"status":"ready"}""", (await door.Send(new HttpRequestMessage(HttpMethod.Get, "/health/ready"))).Is(200).Text);
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(
            member => member is { Name: "$ref", Value.ValueKind: JsonValueKind.String } ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
