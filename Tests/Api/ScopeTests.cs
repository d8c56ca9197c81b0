using EsoCore.Wire;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EsoCore.Tests.Api;

/// <summary>Nobody sees or changes anything outside the project of the key, on any route.</summary>
public sealed class ScopeTests
{
    private static readonly string[] Open =
        ["/", "/v1/seed", "/v1/token", "/oauth2/token", "/health/live", "/health/ready", "/metrics", "/openapi/{documentName}.json"];

    [Fact]
    public async Task Another_projects_key_finds_nothing_and_changes_nothing()
    {
        await using var door = await FrontDoor.Open();
        var stranger = door.Grains.Credentials.AddProjectKey(Guid.NewGuid(), "s");
        (await door.Send(door.AsProject(HttpMethod.Post, "/api/sites", """{"id":"S","name":"x"}"""))).Is(201);
        (await door.Send(door.AsProject(HttpMethod.Post, "/api/assets", """{"asset_id":"A","type":"door"}"""))).Is(201);
        (await door.Send(door.AsProject(HttpMethod.Put, "/api/config-profiles/M", "{}"))).Is(201);

        var tried = new List<string>();
        foreach (var (method, pattern) in Routes(door).Where(route => route.Pattern.Contains('{') && !Open.Contains(route.Pattern)))
        {
            if ((method, pattern) is ("POST", "/v1/devices/{id}/firmware_version") or ("PUT", "/api/config-profiles/{model}"))
                continue; // The one takes devices' keys alone; the other creates in the caller's own project.
            var path = pattern.Replace("{id}", pattern.Contains("sites") ? "S" : pattern.Contains("assets") ? "A" : $"{door.Device.Id}").Replace("{model}", "M");
            var body = method is "PATCH" ? "{}" : null;
            tried.Add(pattern);
            (await door.Send(FrontDoor.WithBasic(new HttpMethod(method), path, stranger, "s", body))).IsProblem(404, ProblemCodes.NotFound);
        }

        Assert.True(tried.Count >= 15, string.Join(' ', tried));
        (await door.Send(FrontDoor.WithBasic(HttpMethod.Get, $"/api/points?device={door.Device.Id}", stranger, "s"))).IsProblem(404, ProblemCodes.NotFound);
        (await door.Send(FrontDoor.WithBasic(HttpMethod.Get, $"/api/events?device={door.Device.Id}", stranger, "s"))).IsProblem(404, ProblemCodes.NotFound);
        Assert.Empty((await door.Send(FrontDoor.WithBasic(HttpMethod.Get, "/api/devices", stranger, "s"))).Is(200).Json.GetProperty("devices").EnumerateArray());
        foreach (var path in new[] { "/api/sites/S", "/api/assets/A", "/api/config-profiles/M", $"/api/devices/{door.Device.Id}" })
            Assert.Equal("\"1\"", (await door.Send(door.AsProject(HttpMethod.Get, path))).Is(200).Header("ETag"));
    }

    [Fact]
    public async Task A_devices_key_opens_no_management_route_and_no_key_opens_none()
    {
        await using var door = await FrontDoor.Open();
        foreach (var (method, pattern) in Routes(door).Where(route => route.Pattern.StartsWith("/api/") && !IsOthers(route.Pattern)))
        {
            var path = pattern.Replace("{id}", $"{door.Device.Id}").Replace("{model}", "M");
            var body = method is "PATCH" or "POST" or "PUT" ? "{}" : null;
            (await door.Send(FrontDoor.WithBasic(new HttpMethod(method), path, door.Device.KeyId, FrontDoor.Secret, body))).IsProblem(403, ProblemCodes.Forbidden);
            (await door.Send(FrontDoor.WithBasic(new HttpMethod(method), path, door.ProjectKey, "wrong", body))).IsProblem(401, ProblemCodes.Unauthorized);
            (await door.Send(new HttpRequestMessage(new HttpMethod(method), path))).IsProblem(401, ProblemCodes.Unauthorized);
        }
    }

    [Fact]
    public async Task Every_route_that_is_not_known_to_be_open_refuses_a_caller_without_a_key()
    {
        await using var door = await FrontDoor.Open();
        foreach (var (method, pattern) in Routes(door).Where(route => !Open.Contains(route.Pattern) && !route.Pattern.EndsWith("handshake")))
        {
            var request = pattern.EndsWith("batch") ? door.Batch(secret: null) : new HttpRequestMessage(new HttpMethod(method), pattern.Replace("{id}", $"{Guid.NewGuid()}"));
            (await door.Send(request)).IsProblem(401, ProblemCodes.Unauthorized);
        }
    }

    /// <summary>The devices' routes, and the one that takes the operator's password instead of a key.</summary>
    private static bool IsOthers(string pattern) => pattern.StartsWith("/api/iot") || pattern == "/api/installation";

    private static IEnumerable<(string Method, string Pattern)> Routes(FrontDoor door) =>
        from endpoint in door.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
        select (method, "/" + endpoint.RoutePattern.RawText!.Trim('/'));
}
