using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using EsoCore.Api;
using EsoCore.Devices;
using EsoCore.History;
using EsoCore.Telemetry;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Api;

/// <summary>Every row of the status table of a batch.</summary>
public sealed class BatchStatusTests
{
    /// <summary>How often in a row the machine may have stood still for a second between two requests.</summary>
    private const int MaxStalls = 100;

    [Fact]
    public async Task A_good_batch_reaches_the_device_as_sent_and_its_answer_comes_back_as_it_is()
    {
        await using var door = await FrontDoor.Open();
        var request = door.Batch();
        request.Headers.Add("X-Upload-Cursor", "log:a.ndjson:17");
        request.Headers.Add("X-Time-Correction", "server; epoch=boot-7");
        request.Headers.Add("X-Timestamp", "2026-11-21T09:00:00Z");

        var reply = await door.Send(request);

        reply.Is(200).FitsDevice();
        Assert.Equal("backoff_ms: 0", reply.Json.GetProperty("next_hint").GetString());
        Assert.Null(reply.Header("Idempotency-Replayed"));
        var upload = Assert.Single(door.Device.Uploads);
        Assert.Equal(new FileCursor("log:a.ndjson", 17), upload.Cursor);
        Assert.Equal(new CorrectionRequest("boot-7"), upload.Correction);
        Assert.Equal(door.Clock.GetUtcNow() - TimeSpan.FromHours(3), upload.DeviceTime);
        Assert.Equal(door.Clock.GetUtcNow(), upload.Call.ReceivedAt);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(upload.Body.Span)), upload.BodyHash);
        Assert.Equal(BatchFormat.Json, upload.Format);
        Assert.Null(upload.ContentEncoding);
    }

    [Fact]
    public async Task A_replay_says_so()
    {
        await using var door = await FrontDoor.Open();
        door.Device.OnUpload = _ => Task.FromResult(new UploadAnswer(UploadOutcome.Replayed, """{"accepted":9}"""u8.ToArray()));

        var reply = (await door.Send(door.Batch())).Is(200);

        Assert.Equal("true", reply.Header("Idempotency-Replayed"));
        Assert.Equal("""{"accepted":9}""", reply.Text);
    }

    [Theory]
    [InlineData(UploadOutcome.IdempotencyConflict, null, 409, ProblemCodes.IdempotencyConflict)]
    [InlineData(UploadOutcome.Malformed, ProblemCodes.BadCompression, 400, ProblemCodes.BadCompression)]
    [InlineData(UploadOutcome.Malformed, null, 400, ProblemCodes.BadJson)]
    [InlineData(UploadOutcome.TooLarge, null, 413, ProblemCodes.TooLarge)]
    [InlineData(UploadOutcome.UnknownDevice, null, 401, ProblemCodes.Unauthorized)]
    [InlineData(UploadOutcome.NotActive, null, 403, ProblemCodes.DeviceDisabled)]
    [InlineData(UploadOutcome.NotActive, ProblemCodes.DeviceNotClaimed, 403, ProblemCodes.DeviceNotClaimed)]
    [InlineData(UploadOutcome.NonceUsed, null, 401, ProblemCodes.BadNonce)]
    [InlineData(UploadOutcome.Unavailable, null, 503, ProblemCodes.Unavailable)]
    public async Task Each_outcome_of_the_grain_has_its_status(UploadOutcome outcome, string? code, int status, string expected)
    {
        await using var door = await FrontDoor.Open();
        door.Device.OnUpload = _ => Task.FromResult(new UploadAnswer(outcome, Code: code, Detail: new string('x', 5_000)));

        var reply = (await door.Send(door.Batch())).IsProblem(status, expected);

        if (status == 503)
            AssertHint(reply);
    }

    [Fact]
    public async Task What_the_grain_throws_is_500_and_what_says_later_is_503()
    {
        await using var door = await FrontDoor.Open();

        door.Device.OnUpload = _ => throw new InvalidOperationException("secret detail");
        Assert.DoesNotContain("secret detail", (await door.Send(door.Batch())).IsProblem(500, ProblemCodes.Internal).Text);

        door.Device.OnUpload = _ => throw new StorageUnavailableException("away");
        AssertHint((await door.Send(door.Batch())).IsProblem(503, ProblemCodes.Unavailable));

        door.Device.OnUpload = _ => throw new TimeoutException("late");
        AssertHint((await door.Send(door.Batch())).IsProblem(503, ProblemCodes.Unavailable));
    }

    [Fact]
    public async Task An_upload_that_is_soon_given_up_is_made_once_more_with_the_same_bytes()
    {
        await using var door = await FrontDoor.Open();
        var bodies = new List<string>();
        door.Device.OnUpload = upload =>
        {
            bodies.Add(Encoding.UTF8.GetString(upload.Body.Span));
            return bodies.Count == 1
                ? throw new TimeoutException("lost") : Task.FromResult(new UploadAnswer(UploadOutcome.Accepted, "{}"u8.ToArray()));
        };
        (await door.Send(door.Batch())).Is(200);
        Assert.Equal(2, bodies.Count);
        Assert.Equal(bodies[0], bodies[1]);
    }

    [Fact]
    public async Task An_upload_that_is_given_up_late_is_left_to_the_device()
    {
        await using var door = await FrontDoor.Open();
        var calls = 0;
        door.Device.OnUpload = _ =>
        {
            calls++;
            door.Clock.Advance(TimeSpan.FromSeconds(30));
            throw new TimeoutException("late");
        };
        AssertHint((await door.Send(door.Batch())).IsProblem(503, ProblemCodes.Unavailable));
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task Unknown_device_malformed_id_and_wrong_secret_look_the_same_and_ask_no_grain()
    {
        await using var door = await FrontDoor.Open();
        var unknown = await door.Send(door.Batch(deviceId: Guid.NewGuid()));
        var wrong = await door.Send(door.Batch(secret: "wrong"));
        var malformedId = door.Batch();
        malformedId.Headers.Remove("X-Device-Id");
        malformedId.Headers.Add("X-Device-Id", "DEVICE001");
        var malformed = await door.Send(malformedId);

        unknown.IsProblem(401, ProblemCodes.Unauthorized);
        Assert.Equal(unknown.Text, wrong.IsProblem(401, ProblemCodes.Unauthorized).Text);
        Assert.Equal(unknown.Text, malformed.IsProblem(401, ProblemCodes.Unauthorized).Text);
        Assert.DoesNotContain(door.Grains.Asked, asked => asked.Interface == typeof(IDeviceGrain));
    }

    [Fact]
    public async Task Without_credentials_a_batch_is_401()
    {
        await using var door = await FrontDoor.Open();
        (await door.Send(door.Batch(secret: null))).IsProblem(401, ProblemCodes.Unauthorized);
        var anonymous = door.Batch(secret: null);
        anonymous.Headers.Remove("X-Device-Id");
        (await door.Send(anonymous)).IsProblem(401, ProblemCodes.Unauthorized);
    }

    [Theory]
    [InlineData("X-API-Key", "device:secret")]
    [InlineData("Authorization", "Api-Key device:secret")]
    [InlineData("Authorization", "Bearer device:secret")]
    [InlineData("Authorization", "bearer  device:secret")]
    public async Task A_secret_is_taken_from_each_header_that_devices_in_the_field_use(string header, string value)
    {
        await using var door = await FrontDoor.Open();
        var request = door.Batch(secret: null);
        request.Headers.TryAddWithoutValidation(header, value);

        (await door.Send(request)).Is(200);
    }

    [Theory]
    [InlineData(DeviceStatus.Unclaimed, ProblemCodes.DeviceNotClaimed)]
    [InlineData(DeviceStatus.Disabled, ProblemCodes.DeviceDisabled)]
    public async Task A_device_out_of_service_is_403_once_its_secret_is_right(DeviceStatus status, string code)
    {
        await using var door = await FrontDoor.Open();
        var device = door.Grains.AddDevice(door.ProjectId, "s", status);

        (await door.Send(door.Batch(secret: "s", deviceId: device.Id))).IsProblem(403, code);
        (await door.Send(door.Batch(secret: "wrong", deviceId: device.Id))).IsProblem(401, ProblemCodes.Unauthorized);
    }

    [Fact]
    public async Task A_body_other_than_its_hash_is_400()
    {
        await using var door = await FrontDoor.Open();
        var request = door.Batch();
        request.Headers.Remove("Content-SHA256");
        request.Headers.Add("Content-SHA256", new string('a', 64));

        (await door.Send(request)).IsProblem(400, ProblemCodes.HashMismatch);
        Assert.Empty(door.Device.Uploads);
    }

    [Theory]
    [InlineData("brotli", "application/json", ProblemCodes.UnsupportedEncoding)]
    [InlineData("gzip, gzip", "application/json", ProblemCodes.UnsupportedEncoding)]
    [InlineData("gzip", "text/csv", ProblemCodes.UnsupportedMediaType)]
    [InlineData(null, "application/json; charset=utf-16", ProblemCodes.UnsupportedMediaType)]
    public async Task Unknown_encodings_and_media_types_are_415(string? encoding, string type, string code)
    {
        await using var door = await FrontDoor.Open();
        var request = door.Batch();
        request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (encoding is not null)
            request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);

        (await door.Send(request)).IsProblem(415, code);
    }

    [Fact]
    public async Task Gzip_and_ndjson_are_forwarded_unopened()
    {
        await using var door = await FrontDoor.Open();
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write("{}\n"u8);
        var request = door.Batch(packed.ToArray());
        request.Content!.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        request.Content.Headers.ContentEncoding.Add("GZIP");

        (await door.Send(request)).Is(200);

        var upload = Assert.Single(door.Device.Uploads);
        Assert.Equal("gzip", upload.ContentEncoding);
        Assert.Equal(BatchFormat.NdJson, upload.Format);
        Assert.Equal(packed.ToArray(), upload.Body.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_over_the_limit_is_413_with_and_without_a_stated_length(bool chunked)
    {
        await using var door = await FrontDoor.Open(("MaxBatchBytes", "65536"));
        (await door.Send(Sized(65_536))).Is(200);
        (await door.Send(Sized(65_537))).IsProblem(413, ProblemCodes.TooLarge);
        Assert.Equal(0, door.Used());

        HttpRequestMessage Sized(int bytes)
        {
            var request = door.Batch(Encoding.ASCII.GetBytes(new string(' ', bytes)));
            request.Headers.TransferEncodingChunked = chunked;
            return request;
        }
    }

    [Fact]
    public async Task Over_the_body_budget_is_503_and_the_budget_is_given_back()
    {
        await using var door = await FrontDoor.Open(("BodyBudgetBytes", $"{1024 * 1024}"));
        var started = new TaskCompletionSource();
        var finish = new TaskCompletionSource<UploadAnswer>();
        door.Device.OnUpload = _ =>
        {
            started.TrySetResult();
            return finish.Task;
        };
        var first = door.Send(door.Batch(new byte[600_000]));
        await started.Task;

        AssertHint((await door.Send(door.Batch(new byte[600_000]))).IsProblem(503, ProblemCodes.Unavailable));

        finish.SetResult(new UploadAnswer(UploadOutcome.Accepted, "{}"u8.ToArray()));
        (await first).Is(200);
        Assert.Equal(0, door.Used());
        (await door.Send(door.Batch(new byte[600_000]))).Is(200);
    }

    [Fact]
    public async Task A_device_over_its_rate_is_429_and_comes_back_later()
    {
        await using var door = await FrontDoor.Open(("DeviceRequestsPerSecond", "1"), ("DeviceBurst", "2"));
        (await door.Send(door.Batch())).Is(200);
        (await door.Send(door.Batch())).Is(200);

        AssertHint((await door.Send(door.Batch())).IsProblem(429, ProblemCodes.RateLimited));

        door.Clock.Advance(TimeSpan.FromSeconds(1));
        (await door.Send(door.Batch())).Is(200);
    }

    [Fact]
    public async Task An_address_over_its_rate_is_429_but_probes_get_through()
    {
        await using var door = await FrontDoor.Open(("AddressRequestsPerSecond", "1"), ("AddressBurst", "1"));
        (await door.Send(door.Batch())).Is(200);

        // These buckets fill by the real clock: on a machine that stands still for a second, one more gets through.
        var reply = await door.Send(door.Batch());
        for (var more = 0; reply.Status == HttpStatusCode.OK && more < MaxStalls; more++)
            reply = await door.Send(door.Batch());
        AssertHint(reply.IsProblem(429, ProblemCodes.RateLimited));
        (await door.Http.GetAsync("/health/live")).EnsureSuccessStatusCode();
    }

    [Fact]
    public async Task Too_many_uploads_of_one_device_in_flight_are_429()
    {
        await using var door = await FrontDoor.Open(("DeviceUploadsInFlight", "1"));
        var started = new TaskCompletionSource();
        var finish = new TaskCompletionSource<UploadAnswer>();
        door.Device.OnUpload = _ =>
        {
            started.TrySetResult();
            return finish.Task;
        };
        var first = door.Send(door.Batch());
        await started.Task;

        (await door.Send(door.Batch())).IsProblem(429, ProblemCodes.RateLimited);

        finish.SetResult(new UploadAnswer(UploadOutcome.Accepted, "{}"u8.ToArray()));
        (await first).Is(200);
    }

    [Fact]
    public async Task Maintenance_mode_is_503()
    {
        await using var door = await FrontDoor.Open(("Maintenance", "true"));
        AssertHint((await door.Send(door.Batch())).IsProblem(503, ProblemCodes.Unavailable));
        AssertHint((await door.Send(door.AsDevice(HttpMethod.Post, "/heartbeat", "{}"))).IsProblem(503, ProblemCodes.Unavailable));
        (await door.Send(new HttpRequestMessage(HttpMethod.Post, "/api/iot/v1/auth/handshake"))).Is(200); // It asks no part of the server.
        var tell = FrontDoor.WithBasic(
            HttpMethod.Post, $"/v1/devices/{door.Device.Id}/firmware_version", door.Device.KeyId, FrontDoor.Secret, """{"version":"1"}""");
        AssertHint((await door.Send(tell)).IsProblem(503, ProblemCodes.Unavailable));
    }

    [Fact]
    public async Task Maintenance_of_the_whole_installation_is_503_within_5_seconds_and_over_as_soon()
    {
        await using var door = await FrontDoor.Open();
        (await door.Send(door.Batch())).Is(200);
        await Set("""{"maintenance":true}""");
        door.Clock.Advance(TimeSpan.FromSeconds(5));
        AssertHint((await door.Send(door.Batch())).IsProblem(503, ProblemCodes.Unavailable));
        AssertHint((await door.Send(door.AsDevice(HttpMethod.Post, "/heartbeat", "{}"))).IsProblem(503, ProblemCodes.Unavailable));
        (await door.Send(door.AsProject(HttpMethod.Get, "/api/project"))).Is(200);
        await Set("{}");
        door.Clock.Advance(TimeSpan.FromSeconds(5));
        (await door.Send(door.Batch())).Is(200);

        async Task Set(string settings) => (await door.Send(door.AsOperator(HttpMethod.Put, settings))).Is(200);
    }

    [Fact]
    public async Task The_installation_is_the_operators_alone()
    {
        await using var door = await FrontDoor.Open();
        (await door.Send(door.AsProject(HttpMethod.Get, "/api/installation"))).IsProblem(401, ProblemCodes.Unauthorized);
        (await door.Send(door.AsProject(HttpMethod.Put, "/api/installation", "{}"))).IsProblem(401, ProblemCodes.Unauthorized);
        (await door.Send(new HttpRequestMessage(HttpMethod.Get, "/api/installation"))).IsProblem(401, ProblemCodes.Unauthorized);
        var password = OperatorKey.PasswordOf(new FakeKeys().Current(KeyPurposes.Operator));
        foreach (var (user, wrong) in new[]
        {
            ("operator", ""), ("operator", password[..^1]), ("operator", password + "A"), ("operator", FrontDoor.Secret),
            ("operator", OperatorKey.PasswordOf(new FakeKeys().Current(KeyPurposes.AccessToken))), ("Operator", password), ("", password),
            ($"{door.Device.KeyId:D}", FrontDoor.Secret),
        })
        {
            foreach (var method in new[] { HttpMethod.Get, HttpMethod.Put })
            {
                var request = FrontDoor.WithBasic(method, "/api/installation", user, wrong, method == HttpMethod.Put ? "{}" : null);
                (await door.Send(request)).IsProblem(401, ProblemCodes.Unauthorized);
            }
        }

        var bearer = new HttpRequestMessage(HttpMethod.Get, "/api/installation");
        bearer.Headers.Add("Authorization", "Bearer " + password);
        (await door.Send(bearer)).IsProblem(401, ProblemCodes.Unauthorized);
        var read = (await door.Send(door.AsOperator(HttpMethod.Get))).Is(200);
        Assert.Equal("""{"maintenance":false,"sampling_scale":1}""", read.Text);
        Assert.Equal("\"0\"", read.Header("ETag"));
    }

    [Fact]
    public async Task A_setting_of_the_installation_that_does_not_exist_is_refused_and_ends_no_maintenance()
    {
        await using var door = await FrontDoor.Open();
        (await door.Send(door.AsOperator(HttpMethod.Put, """{"maintenance":true}"""))).Is(200);
        (await door.Send(door.AsOperator(HttpMethod.Put, """{"maintenence":true}"""))).IsProblem(400, ProblemCodes.BadRequest);
        Assert.Equal("""{"maintenance":true,"sampling_scale":1}""", (await door.Send(door.AsOperator(HttpMethod.Get))).Is(200).Text);
    }

    private static void AssertHint(Reply reply)
    {
        Assert.True(int.Parse(reply.Header("Retry-After")!) >= 1);
        Assert.StartsWith("backoff_ms: ", reply.Json.GetProperty("next_hint").GetString());
        Assert.NotEqual("backoff_ms: 0", reply.Json.GetProperty("next_hint").GetString());
    }
}
