using System.Net.Http.Headers;
using System.Text;
using EsoCore.Devices;
using EsoCore.Firmware;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Api;

/// <summary>Seeding, firmware versions and access tokens.</summary>
public sealed class FirmwareTests
{
    [Fact]
    public async Task Seeding_does_not_exist_for_others_than_the_operator_unless_enabled()
    {
        await using var off = await FrontDoor.Open();
        var refused = (await off.Send(new HttpRequestMessage(HttpMethod.Post, "/v1/seed"))).IsProblem(404, ProblemCodes.NotFound);
        Assert.Equal((await off.Send(new HttpRequestMessage(HttpMethod.Post, "/v1/nothing"))).Text, refused.Text);
        (await off.Send(off.AsOperator(HttpMethod.Post, path: "/v1/seed"))).Is(201);

        await using var on = await FrontDoor.Open(("SeedEnabled", "true"));
        var seeded = (await on.Send(new HttpRequestMessage(HttpMethod.Post, "/v1/seed"))).Is(201).Json;
        Assert.Equal("Test Project", seeded.GetProperty("project").GetProperty("name").GetString());
        var project = seeded.GetProperty("project").GetProperty("id").GetGuid();
        Assert.Equal(project, seeded.GetProperty("project_api_key").GetProperty("project_id").GetGuid());
        Assert.Equal(project, seeded.GetProperty("device").GetProperty("project_id").GetGuid());
        var device = seeded.GetProperty("device").GetProperty("id").GetGuid();
        Assert.Equal(device, seeded.GetProperty("device_api_key").GetProperty("device_id").GetGuid());

        var tell = FrontDoor.WithBasic(
            HttpMethod.Post, $"/v1/devices/{device}/firmware_version", seeded.GetProperty("device_api_key").GetProperty("id").GetGuid(),
            seeded.GetProperty("device_api_key_secret").GetString()!, """{"version":"1.2.3"}""");
        (await on.Send(tell)).Is(201);
        (await on.Send(on.Batch(secret: seeded.GetProperty("device_api_key_secret").GetString(), deviceId: device))).Is(200);
    }

    [Fact]
    public async Task A_device_tells_its_version_with_its_own_key_alone()
    {
        await using var door = await FrontDoor.Open();
        var path = $"/v1/devices/{door.Device.Id}/firmware_version";
        HttpRequestMessage Tell(Guid key, string secret, string json = """{"version":"1.2.3"}""", string? at = null) =>
            FrontDoor.WithBasic(HttpMethod.Post, at ?? path, key, secret, json);

        var reply = (await door.Send(Tell(door.Device.KeyId, FrontDoor.Secret))).Is(201);
        Assert.Equal($$"""{"device_id":"{{door.Device.Id}}","timestamp":"2026-11-21T12:00:00.000Z","version":"1.2.3"}""", reply.Text);

        foreach (var json in new[] { "{}", """{"version":""}""", """{"version":5}""", """{"version":null}""" })
            (await door.Send(Tell(door.Device.KeyId, FrontDoor.Secret, json))).IsProblem(400, ProblemCodes.BadRequest);
        (await door.Send(Tell(door.Device.KeyId, FrontDoor.Secret, "not json"))).IsProblem(400, ProblemCodes.BadJson);
        (await door.Send(Tell(door.Device.KeyId, "wrong"))).IsProblem(401, ProblemCodes.Unauthorized);
        (await door.Send(Tell(Guid.NewGuid(), FrontDoor.Secret))).IsProblem(401, ProblemCodes.Unauthorized);
        (await door.Send(new HttpRequestMessage(HttpMethod.Post, path))).IsProblem(401, ProblemCodes.Unauthorized);
        (await door.Send(Tell(door.ProjectKey, "project:secret"))).IsProblem(403, ProblemCodes.Forbidden);
        var other = door.Grains.AddDevice(door.ProjectId, "other");
        (await door.Send(Tell(other.KeyId, "other"))).IsProblem(403, ProblemCodes.Forbidden);
        (await door.Send(Tell(door.Device.KeyId, FrontDoor.Secret, at: "/v1/devices/nobody/firmware_version"))).IsProblem(403, ProblemCodes.Forbidden);
        door.Device.Outcome = DeviceOutcome.NotActive;
        (await door.Send(Tell(door.Device.KeyId, FrontDoor.Secret))).IsProblem(403, ProblemCodes.DeviceDisabled);
        door.Device.Code = ProblemCodes.DeviceNotClaimed;
        (await door.Send(Tell(door.Device.KeyId, FrontDoor.Secret))).IsProblem(403, ProblemCodes.DeviceNotClaimed);
    }

    [Fact]
    public async Task Telling_a_version_counts_as_a_call_of_the_device()
    {
        await using var door = await FrontDoor.Open(("DeviceRequestsPerSecond", "1"), ("DeviceBurst", "2"));
        async Task<Reply> Tell() => await door.Send(FrontDoor.WithBasic(
            HttpMethod.Post, $"/v1/devices/{door.Device.Id}/firmware_version", door.Device.KeyId, FrontDoor.Secret, """{"version":"1"}"""));

        (await Tell()).Is(201);
        (await door.Send(door.Batch())).Is(200);
        (await Tell()).IsProblem(429, ProblemCodes.RateLimited);
    }

    [Fact]
    public async Task The_project_reads_the_whole_history_or_a_page_of_it()
    {
        await using var door = await FrontDoor.Open();
        for (var i = 0; i < 12_345; i++)
            door.History.Versions.Add(new FirmwareVersion(door.Device.Id, FrontDoor.Noon.AddMinutes(-i), $"v{i}", "api"));
        var path = $"/v1/devices/{door.Device.Id}/firmware_version";

        var all = (await door.Send(door.AsProject(HttpMethod.Get, path))).Is(200);
        Assert.Equal(12_345, all.Json.GetArrayLength());
        Assert.Equal("v12344", all.Json[12_344].GetProperty("version").GetString());
        Assert.Null(all.Header("Link"));

        var page = (await door.Send(door.AsProject(HttpMethod.Get, path + "?limit=2"))).Is(200);
        Assert.Equal(2, page.Json.GetArrayLength());
        Assert.Equal($"<{path}?limit=2&after=2>; rel=\"next\"", page.Header("Link"));
        var last = (await door.Send(door.AsProject(HttpMethod.Get, path + "?limit=10000&after=10000"))).Is(200);
        Assert.Equal(2_345, last.Json.GetArrayLength());
        Assert.Null(last.Header("Link"));

        (await door.Send(door.AsProject(HttpMethod.Get, $"/v1/devices/{Guid.NewGuid()}/firmware_version"))).IsProblem(404, ProblemCodes.NotFound);
        (await door.Send(FrontDoor.WithBasic(HttpMethod.Get, path, door.Device.KeyId, FrontDoor.Secret))).IsProblem(403, ProblemCodes.Forbidden);
        (await door.Send(new HttpRequestMessage(HttpMethod.Get, path))).IsProblem(401, ProblemCodes.Unauthorized);
    }

    [Fact]
    public async Task A_token_is_taken_wherever_Basic_is_for_an_hour()
    {
        await using var door = await FrontDoor.Open();
        var issued = (await door.Send(door.AsProject(HttpMethod.Post, "/v1/token"))).Is(200);
        Assert.Equal("no-store", issued.Header("Cache-Control"));
        Assert.Equal("Bearer", issued.Json.GetProperty("token_type").GetString());
        Assert.Equal(3_600, issued.Json.GetProperty("expires_in").GetInt32());
        var token = issued.Json.GetProperty("access_token").GetString()!;

        (await door.Send(Bearer(token, "/api/project"))).Is(200);
        (await door.Send(Bearer(token + "x", "/api/project"))).IsProblem(401, ProblemCodes.Unauthorized);
        var parts = token.Split('.');
        var none = Convert.ToBase64String("""{"alg":"none","kid":"1"}"""u8).TrimEnd('=');
        (await door.Send(Bearer($"{none}.{parts[1]}.", "/api/project"))).IsProblem(401, ProblemCodes.Unauthorized);
        door.Clock.Advance(TimeSpan.FromMinutes(60));
        (await door.Send(Bearer(token, "/api/project"))).IsProblem(401, ProblemCodes.Unauthorized);
        (await door.Send(new HttpRequestMessage(HttpMethod.Post, "/v1/token"))).IsProblem(401, ProblemCodes.Unauthorized);
    }

    [Fact]
    public async Task A_revoked_keys_tokens_end_with_it()
    {
        await using var door = await FrontDoor.Open();
        var token = (await door.Send(door.AsProject(HttpMethod.Post, "/v1/token"))).Json.GetProperty("access_token").GetString()!;
        (await door.Send(Bearer(token, "/api/project"))).Is(200);
        door.Grains.Credentials.Remove(door.ProjectKey);
        door.Clock.Advance(TimeSpan.FromMinutes(10));
        (await door.Send(Bearer(token, "/api/project"))).IsProblem(401, ProblemCodes.Unauthorized);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_credentials_name_a_key_or_a_device_and_the_token_uploads(bool byDeviceId)
    {
        await using var door = await FrontDoor.Open();
        var reply = await door.Send(Form(("grant_type", "client_credentials"), ("client_id", $"{(byDeviceId ? door.Device.Id : door.Device.KeyId)}"), ("client_secret", FrontDoor.Secret)));
        var token = reply.Is(200).Json.GetProperty("access_token").GetString()!;

        var batch = door.Batch(secret: null);
        batch.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        (await door.Send(batch)).Is(200);

        var foreign = door.Batch(secret: null, deviceId: door.Grains.AddDevice(door.ProjectId, "x").Id);
        foreign.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        (await door.Send(foreign)).IsProblem(401, ProblemCodes.Unauthorized);
    }

    [Fact]
    public async Task Faulty_grants_tell_the_error_word_of_the_standard()
    {
        await using var door = await FrontDoor.Open();
        async Task Check(HttpRequestMessage request, int status, string error) =>
            Assert.Equal(error, (await door.Send(request)).Is(status).Json.GetProperty("error").GetString());

        await Check(Form(("grant_type", "password")), 400, "unsupported_grant_type");
        await Check(Form(), 400, "invalid_request");
        await Check(Form(("grant_type", "client_credentials"), ("client_id", $"{door.ProjectKey}"), ("client_secret", "wrong")), 401, "invalid_client");
        await Check(Form(("grant_type", "client_credentials")), 401, "invalid_client");
        var basic = FrontDoor.WithBasic(HttpMethod.Post, "/oauth2/token", door.ProjectKey, "project:secret");
        basic.Content = new FormUrlEncodedContent([new("grant_type", "client_credentials")]);
        (await door.Send(basic)).Is(200);
        var json = new HttpRequestMessage(HttpMethod.Post, "/oauth2/token") { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        await Check(json, 415, "invalid_request");
    }

    private static HttpRequestMessage Bearer(string token, string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return request;
    }

    private static HttpRequestMessage Form(params (string Name, string Value)[] fields) => new(HttpMethod.Post, "/oauth2/token")
    {
        Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))),
    };
}
