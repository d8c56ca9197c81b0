using System.Text;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Firmware;
using EsoCore.Telemetry;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Api;

/// <summary>The small device calls: handshake, heartbeat, config, OTA.</summary>
public sealed class DeviceCallTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("""{"device_id":"DEVICE001","timestamp":"2026-11-21T12:00:00Z"}""")]
    [InlineData("""{"timestamp":1795262400000}""")]
    public async Task A_handshake_needs_nothing_and_asks_nobody(string? body)
    {
        await using var door = await FrontDoor.Open();
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/iot/v1/auth/handshake/");
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");

        var reply = (await door.Send(request)).Is(200).FitsDevice();

        Assert.Equal("2026-11-21T12:00:00.000Z", reply.Json.GetProperty("server_time").GetString());
        Assert.Equal("1.0.0", reply.Json.GetProperty("version").GetString());
        Assert.NotEqual("", reply.Json.GetProperty("nonce").GetString());
        Assert.False(reply.Json.TryGetProperty("cursors", out _));
        Assert.Empty(door.Grains.Asked);
    }

    [Fact]
    public async Task An_authenticated_handshake_tells_the_cursors_as_far_as_they_fit()
    {
        await using var door = await FrontDoor.Open();
        var reply = (await door.Send(door.AsDevice(HttpMethod.Post, "/auth/handshake"))).Is(200);
        Assert.Equal(17, reply.Json.GetProperty("cursors").GetProperty("a.log").GetInt64());

        string Name(int i) => $"{i:D2}{new string('"', 45)}"; // Each quote is escaped.
        door.Device.Cursors = [.. Enumerable.Range(0, 64).Select(i => new FileCursor(Name(i), long.MaxValue - i))];
        var cut = (await door.Send(door.AsDevice(HttpMethod.Post, "/auth/handshake"))).Is(200).FitsDevice();
        var names = cut.Json.GetProperty("cursors").EnumerateObject().Select(cursor => cursor.Name).ToList();
        Assert.InRange(names.Count, 4, 63);
        Assert.Equal(Enumerable.Range(0, names.Count).Select(Name), names); // Those that moved last.

        var wrong = door.AsDevice(HttpMethod.Post, "/auth/handshake");
        wrong.Headers.Remove("X-Auth-Key");
        wrong.Headers.Add("X-Auth-Key", "wrong");
        Assert.False((await door.Send(wrong)).Is(200).Json.TryGetProperty("cursors", out _));
    }

    [Fact]
    public async Task Bodies_of_callers_who_show_nothing_are_small()
    {
        await using var door = await FrontDoor.Open();
        async Task<Reply> Send(string path, string type, int bytes) => await door.Send(new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(new string(' ', bytes), Encoding.UTF8, type),
        });

        (await Send("/api/iot/v1/auth/handshake", "application/json", 2_048)).IsProblem(400, ProblemCodes.BadJson);
        (await Send("/api/iot/v1/auth/handshake", "application/json", 2_049)).IsProblem(413, ProblemCodes.TooLarge);
        (await Send("/oauth2/token", "application/x-www-form-urlencoded", 4_096)).Is(400);
        (await Send("/oauth2/token", "application/x-www-form-urlencoded", 4_097)).IsProblem(413, ProblemCodes.TooLarge);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"device_id":"a","device_id":"b"}""")]
    [InlineData("\"\\ud800\"")]
    public async Task A_malformed_handshake_is_400(string body)
    {
        await using var door = await FrontDoor.Open();
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/iot/v1/auth/handshake") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        (await door.Send(request)).IsProblem(400, ProblemCodes.BadJson);
    }

    [Fact]
    public async Task A_heartbeat_tells_what_it_tells_and_nothing_else()
    {
        await using var door = await FrontDoor.Open();
        var reply = (await door.Send(door.AsDevice(HttpMethod.Post, "/heartbeat", """
            {"status":"ok","firmware_version":"1.2.3","uptime_s":5,"config_version":7,"config_error":null,"anything":{"else":1},
             "sd":{"used_bytes":1,"health_percent":99.5},"backlog":{"records":3,"oldest_ts":"2026-11-21T11:00:00Z"}}
            """))).Is(200).FitsDevice();

        Assert.Equal("""{"server_time":"2026-11-21T12:00:00.000Z","config_version":7,"ota_available":false}""", reply.Text);
        var report = Assert.Single(door.Device.Heartbeats);
        Assert.Equal(
            new HeartbeatReport(
                new DeviceCall(FrontDoor.Noon), "1.2.3", 7, null, "ok", 5, new SdHealth(1, null, null, 99.5), new Backlog(3, null, FrontDoor.Noon.AddHours(-1))),
            report);
    }

    [Fact]
    public async Task Every_fault_of_a_heartbeat_is_named()
    {
        await using var door = await FrontDoor.Open();
        var reply = (await door.Send(door.AsDevice(HttpMethod.Post, "/heartbeat", """
            {"status":5,"uptime_s":-1,"config_version":1.5,"sd":{"health_percent":101,"errors":"many"},"backlog":[],"firmware_version":"a\u0000b"}
            """))).IsProblem(400, ProblemCodes.BadRequest);

        Assert.Equal(
            ["backlog", "config_version", "firmware_version", "sd.errors", "sd.health_percent", "status", "uptime_s"],
            reply.Json.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()!).Order(StringComparer.Ordinal));
        Assert.Empty(door.Device.Heartbeats);
    }

    [Fact]
    public async Task Config_has_an_etag_and_empty_objects_where_nothing_is_set()
    {
        await using var door = await FrontDoor.Open();
        door.Device.Config = new DeviceConfig(7, new ConfigSettings(
            UploadIntervalS: 60,
            Extra: System.Collections.Immutable.ImmutableSortedDictionary<string, JsonText>.Empty.Add("led", new JsonText("{\"on\":true}"))));
        var reply = (await door.Send(door.AsDevice(HttpMethod.Get, "/config"))).Is(200).FitsDevice();

        Assert.Equal("\"7\"", reply.Header("ETag"));
        Assert.Equal(
            """{"config_version":7,"sampling_rates":{},"window_sizes":{},"thresholds":{},"ntp_servers":[],"endpoints":{},"upload_interval_s":60,"led":{"on":true}}""",
            reply.Text);
        Assert.Null(door.Device.HeldVersion);
    }

    [Theory]
    [InlineData("\"7\"", 7L, 304)]
    [InlineData("W/\"7\"", 7L, 304)]
    [InlineData("7", 7L, 304)]
    [InlineData("\"6\"", 6L, 200)]
    [InlineData("\"x\"", null, 200)]
    public async Task If_None_Match_is_the_version_that_the_device_holds(string tag, long? held, int status)
    {
        await using var door = await FrontDoor.Open();
        var request = door.AsDevice(HttpMethod.Get, "/config");
        request.Headers.TryAddWithoutValidation("If-None-Match", tag);

        var reply = (await door.Send(request)).Is(status);

        Assert.Equal(held, door.Device.HeldVersion);
        Assert.Equal("\"7\"", reply.Header("ETag"));
        Assert.Equal(status == 304, reply.Length == 0);
    }

    [Fact]
    public async Task Ota_check_tells_of_an_offer_or_of_none()
    {
        await using var door = await FrontDoor.Open();
        Assert.Equal(
            """{"available":false,"current_version":"1.0"}""",
            (await door.Send(door.AsDevice(HttpMethod.Get, "/ota/check?version=1.0"))).Is(200).Text);

        door.Device.Offer = new OtaOffer("2.0", "ab", 5, "sig", "https://x/y", null, true);
        Assert.Equal(
            """{"available":true,"version":"2.0","hash":"ab","size":5,"signature":"sig","download_url":"https://x/y","release_notes":null,"mandatory":true}""",
            (await door.Send(door.AsDevice(HttpMethod.Get, "/ota/check/"))).Is(200).Text);
    }

    [Theory]
    [InlineData("downloading", OtaStatus.Downloading)]
    [InlineData("downloaded", OtaStatus.Downloaded)]
    [InlineData("installing", OtaStatus.Installing)]
    [InlineData("rebooting", OtaStatus.Rebooting)]
    [InlineData("completed", OtaStatus.Completed)]
    [InlineData("success", OtaStatus.Completed)]
    [InlineData("failed", OtaStatus.Failed)]
    [InlineData("failure", OtaStatus.Failed)]
    [InlineData("rollback", OtaStatus.Rollback)]
    public async Task Each_word_for_an_ota_status_is_taken(string word, OtaStatus status)
    {
        await using var door = await FrontDoor.Open();
        var reply = await door.Send(door.AsDevice(HttpMethod.Post, "/ota/report", $$"""{"status":"{{word}}","version":"2.0","slot":"B"}"""));
        Assert.Equal("""{"status":"reported"}""", reply.Is(200).Text);
        Assert.Equal(new OtaReport(new DeviceCall(FrontDoor.Noon), status, "2.0", null, "B"), Assert.Single(door.Device.OtaReports));
    }

    [Theory]
    [InlineData("""{"status":"exploded"}""", 400)]
    [InlineData("""{"status":"Completed"}""", 400)]
    [InlineData("""{}""", 400)]
    [InlineData("", 400)]
    public async Task An_unknown_ota_status_is_400(string body, int status)
    {
        await using var door = await FrontDoor.Open();
        (await door.Send(door.AsDevice(HttpMethod.Post, "/ota/report", body))).Is(status);
        Assert.Empty(door.Device.OtaReports);
    }

    [Theory]
    [InlineData("GET", "/config")]
    [InlineData("GET", "/ota/check")]
    [InlineData("POST", "/ota/report")]
    [InlineData("POST", "/heartbeat")]
    public async Task Every_call_asks_for_the_key_and_answers_outcomes_alike(string method, string path)
    {
        await using var door = await FrontDoor.Open();
        var body = method == "POST" ? """{"status":"completed"}""" : null;
        var stranger = door.AsDevice(new HttpMethod(method), path, body);
        stranger.Headers.Remove("X-Auth-Key");
        (await door.Send(stranger)).IsProblem(401, ProblemCodes.Unauthorized);
        stranger = door.AsDevice(new HttpMethod(method), path, body);
        stranger.Headers.Remove("X-Device-Id");
        (await door.Send(stranger)).IsProblem(400, ProblemCodes.MissingHeader);

        foreach (var (outcome, status, code) in new[]
        {
            (DeviceOutcome.UnknownDevice, 401, ProblemCodes.Unauthorized), (DeviceOutcome.NotActive, 403, ProblemCodes.DeviceDisabled),
            (DeviceOutcome.NotActive, 403, ProblemCodes.DeviceNotClaimed), (DeviceOutcome.Unavailable, 503, ProblemCodes.Unavailable),
        })
        {
            (door.Device.Outcome, door.Device.Code) = (outcome, code);
            (await door.Send(door.AsDevice(new HttpMethod(method), path, body))).IsProblem(status, code);
        }
    }

    [Fact]
    public async Task A_small_body_over_its_limit_is_413_and_another_type_415()
    {
        await using var door = await FrontDoor.Open();
        (await door.Send(door.AsDevice(HttpMethod.Post, "/heartbeat", new string(' ', 65_537)))).IsProblem(413, ProblemCodes.TooLarge);
        var form = door.AsDevice(HttpMethod.Post, "/heartbeat", "a=b");
        form.Content!.Headers.ContentType = new("application/x-www-form-urlencoded");
        (await door.Send(form)).IsProblem(415, ProblemCodes.UnsupportedMediaType);
    }
}
