using System.Security.Cryptography;
using System.Text;
using EsoCore.Api;
using EsoCore.Devices;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Api;

/// <summary>Signed calls and their nonces.</summary>
public sealed class SignatureTests
{
    [Fact]
    public async Task A_signed_batch_needs_no_secret_and_binds_all_that_it_covers()
    {
        await using var door = await FrontDoor.Open();
        var request = door.Batch(secret: null);
        request.Headers.Add("X-Timestamp", "2026-11-21T12:01:00Z");
        request.Headers.Add("X-Upload-Cursor", "a:5");
        await Sign(request);
        (await door.Send(request)).Is(200);

        foreach (var header in new[] { "X-Timestamp", "X-Upload-Cursor", "Idempotency-Key" })
        {
            var tampered = door.Batch(secret: null);
            tampered.Headers.Add("X-Timestamp", "2026-11-21T12:01:00Z");
            tampered.Headers.Add("X-Upload-Cursor", "a:5");
            await Sign(tampered);
            tampered.Headers.Remove(header);
            tampered.Headers.Add(header, header switch { "X-Timestamp" => "2026-11-21T12:01:01Z", "X-Upload-Cursor" => "a:6", _ => $"{Guid.NewGuid()}" });
            (await door.Send(tampered)).IsProblem(401, ProblemCodes.Unauthorized);
        }

        Assert.Single(door.Device.Uploads);
    }

    [Fact]
    public async Task The_signature_covers_path_and_query_as_sent()
    {
        await using var door = await FrontDoor.Open();
        var request = door.AsDevice(HttpMethod.Get, "/ota/check?version=1%2F2");
        request.Headers.Remove("X-Auth-Key");
        request.Headers.Add("X-Timestamp", "2026-11-21T12:00:00Z");
        await Sign(request, path: "/api/iot/v1/ota/check?version=1%2F2");
        (await door.Send(request)).Is(200);

        var other = door.AsDevice(HttpMethod.Get, "/ota/check?version=9");
        other.Headers.Remove("X-Auth-Key");
        other.Headers.Add("X-Timestamp", "2026-11-21T12:00:00Z");
        await Sign(other, path: "/api/iot/v1/ota/check");
        (await door.Send(other)).IsProblem(401, ProblemCodes.Unauthorized);
    }

    [Fact]
    public async Task A_known_vector_is_what_the_specification_says()
    {
        // Written out once more by hand, so that a change on both ends of ours cannot pass unseen.
        var secretKey = HMACSHA256.HashData("device:secret"u8, "esocore-body-signature-v1"u8);
        await using var door = await FrontDoor.Open();
        var request = door.AsDevice(HttpMethod.Post, "/heartbeat", "{}");
        request.Headers.Remove("X-Auth-Key");
        request.Headers.Add("X-Timestamp", "1795262400000");
        var text = "POST\n/api/iot/v1/heartbeat\n1795262400000\n\n\n\n\n\n" + Convert.ToHexStringLower(SHA256.HashData("{}"u8));
        request.Headers.Add("X-Signature", "v1=" + Convert.ToHexStringLower(HMACSHA256.HashData(secretKey, Encoding.UTF8.GetBytes(text))));

        (await door.Send(request)).Is(200);
    }

    [Fact]
    public async Task A_policy_that_requires_a_signature_refuses_a_bare_secret()
    {
        await using var door = await FrontDoor.Open();
        var device = door.Grains.AddDevice(door.ProjectId, FrontDoor.Secret, signatureRequired: true);
        (await door.Send(door.Batch(deviceId: device.Id))).IsProblem(401, ProblemCodes.BadSignature);

        var signed = door.Batch(deviceId: device.Id);
        signed.Headers.Add("X-Timestamp", "2026-11-21T12:00:00Z");
        await Sign(signed);
        (await door.Send(signed)).Is(200);
    }

    [Fact]
    public async Task A_signed_call_needs_a_time_or_a_nonce()
    {
        await using var door = await FrontDoor.Open();
        var request = door.Batch(secret: null);
        await Sign(request);
        (await door.Send(request)).IsProblem(400, ProblemCodes.MissingHeader);
    }

    [Fact]
    public async Task A_signed_nonce_stands_in_for_the_clock_and_reaches_the_grain()
    {
        await using var door = await FrontDoor.Open();
        var nonce = await Handshake(door, door.Device.Id);
        var request = door.Batch(secret: null);
        request.Headers.Add("X-Timestamp", "2001-01-01T00:00:00Z");
        request.Headers.Add("X-Nonce", nonce);
        await Sign(request);
        (await door.Send(request)).Is(200);
        Assert.Equal(nonce, Assert.Single(door.Device.Uploads).Call.Nonce);

        var unsigned = door.Batch();
        unsigned.Headers.Add("X-Nonce", nonce);
        (await door.Send(unsigned)).Is(200);
        Assert.Null(door.Device.Uploads.Last().Call.Nonce); // Whoever did not sign it did not use it up.
    }

    [Fact]
    public async Task A_nonce_is_bound_to_its_device_and_good_for_five_minutes()
    {
        await using var door = await FrontDoor.Open();
        var foreign = await Handshake(door, Guid.NewGuid());
        (await SendWith(foreign)).IsProblem(401, ProblemCodes.BadNonce);

        var mine = await Handshake(door, door.Device.Id);
        (await SendWith(mine[..^2] + (mine[^2] == 'A' ? "B" : "A") + mine[^1])).IsProblem(401, ProblemCodes.BadNonce);
        (await SendWith("x")).IsProblem(401, ProblemCodes.BadNonce);
        door.Clock.Advance(TimeSpan.FromMinutes(5));
        (await SendWith(mine)).Is(200);
        door.Clock.Advance(TimeSpan.FromMilliseconds(1));
        (await SendWith(mine)).IsProblem(401, ProblemCodes.BadNonce);

        async Task<Reply> SendWith(string nonce)
        {
            var request = door.Batch(secret: null);
            request.Headers.Add("X-Nonce", nonce);
            await Sign(request);
            return await door.Send(request);
        }
    }

    [Fact]
    public async Task A_used_nonce_is_401_for_every_kind_of_call()
    {
        await using var door = await FrontDoor.Open();
        door.Device.Outcome = DeviceOutcome.NonceUsed;
        (await door.Send(door.AsDevice(HttpMethod.Post, "/heartbeat", "{}"))).IsProblem(401, ProblemCodes.BadNonce);
        (await door.Send(door.AsDevice(HttpMethod.Get, "/config"))).IsProblem(401, ProblemCodes.BadNonce);
    }

    [Fact]
    public async Task A_wrong_signature_of_a_known_device_looks_like_an_unknown_device_whatever_else_is_wrong()
    {
        await using var door = await FrontDoor.Open(("DeviceRequestsPerSecond", "1"), ("DeviceBurst", "1"));
        var disabled = door.Grains.AddDevice(door.ProjectId, FrontDoor.Secret, DeviceStatus.Disabled);
        var unknown = (await Forge(Guid.NewGuid(), "2026-11-21T12:00:00Z")).IsProblem(401, ProblemCodes.Unauthorized);

        foreach (var (id, clock) in new[] { (door.Device.Id, "2026-11-21T12:00:00Z"), (door.Device.Id, "2001-01-01T00:00:00Z"), (disabled.Id, "2026-11-21T12:00:00Z") })
            Assert.Equal(unknown.Text, (await Forge(id, clock)).IsProblem(401, ProblemCodes.Unauthorized).Text);
        Assert.Equal(unknown.Text, (await Forge(door.Device.Id, null, "forged nonce")).IsProblem(401, ProblemCodes.Unauthorized).Text);

        var late = door.Batch(secret: null);
        late.Headers.Add("X-Timestamp", "2001-01-01T00:00:00Z");
        await Sign(late);
        (await door.Send(late)).IsProblem(401, ProblemCodes.ClockSkew);
        (await door.Send(door.Batch())).Is(200); // None of these counted against the device.

        async Task<Reply> Forge(Guid id, string? clock, string? nonce = null)
        {
            var request = door.Batch(secret: null, deviceId: id);
            if (clock is not null)
                request.Headers.Add("X-Timestamp", clock);
            if (nonce is not null)
                request.Headers.Add("X-Nonce", nonce);
            request.Headers.Add("X-Signature", "v1=" + new string('0', 64));
            return await door.Send(request);
        }
    }

    [Theory]
    [InlineData("/heartbeat")]
    [InlineData("/ota/report")]
    public async Task A_forged_small_call_is_answered_alike_for_known_and_unknown_ids_whatever_its_body(string path)
    {
        await using var door = await FrontDoor.Open();
        foreach (var (bytes, status) in new[] { (2, 401), (JsonForm.MaxBytes, 401), (JsonForm.MaxBytes + 1, 413) })
        {
            foreach (var chunked in new[] { false, true })
            {
                var known = (await Forge(door.Device.Id)).Is(status);
                Assert.Equal(known.Text, (await Forge(Guid.NewGuid())).Is(status).Text);

                async Task<Reply> Forge(Guid id)
                {
                    var request = door.AsDevice(HttpMethod.Post, path, new string(' ', bytes));
                    request.Headers.Remove("X-Auth-Key");
                    request.Headers.Remove("X-Device-Id");
                    request.Headers.Add("X-Device-Id", id.ToString("D"));
                    request.Headers.Add("X-Timestamp", "2026-11-21T12:00:00Z");
                    request.Headers.Add("X-Signature", "v1=" + new string('0', 64));
                    request.Headers.TransferEncodingChunked = chunked;
                    return await door.Send(request);
                }
            }
        }
    }

    private static async Task<string> Handshake(FrontDoor door, Guid deviceId)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/iot/v1/auth/handshake")
        {
            Content = new StringContent($$"""{"device_id":"{{deviceId.ToString("D").ToUpperInvariant()}}"}""", Encoding.UTF8, "application/json"),
        };
        return (await door.Send(request)).Is(200).Json.GetProperty("nonce").GetString()!;
    }

    private static async Task Sign(HttpRequestMessage request, string path = FrontDoor.BatchPath)
    {
        string Header(string name) => request.Headers.TryGetValues(name, out var values) ? values.Single() : "";
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync();
        var parts = new SignedParts(
            request.Method.Method, path, Header("X-Timestamp"), Header("X-Nonce"), Header("Idempotency-Key"), "", Header("X-Upload-Cursor"),
            Header("X-Time-Correction"), Convert.ToHexStringLower(SHA256.HashData(body)));
        request.Headers.Add("X-Signature", BodySignature.HeaderValue(BodySignature.DeriveKey(FrontDoor.Secret), parts));
    }
}
