using System.Text;
using EsoCore.Device;
using EsoCore.Tests.Support;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Device;

public sealed class DeviceClientTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task Handshake_WithTheSecret_GivesNonceAndCursors()
    {
        var (server, client) = Make(_ => FakeServer.Json(200, """{"nonce":"n-1","server_time":"2025-01-15T14:00:01Z","version":"1.0.0","cursors":{"a.ndjson":7}}"""));
        var handshake = await client.HandshakeAsync(default);
        Assert.Equal(("n-1", 7L), (handshake.Nonce, handshake.Cursors!["a.ndjson"]));
        Assert.Contains("\"device_id\":\"D1\"", Encoding.UTF8.GetString(server.Seen[0].Body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetConfig_Unchanged_IsAskedForByTag()
    {
        var (server, client) = Make(r => r.Header("If-None-Match") == "\"7\""
            ? new HttpResponseMessage(System.Net.HttpStatusCode.NotModified)
            : FakeServer.Json(200, """{"config_version":7,"upload_interval_s":30,"sampling_rates":{}}""", ("ETag", "\"7\"")));
        var config = await client.GetConfigAsync(default);
        Assert.Equal((7L, TimeSpan.FromSeconds(30)), (config!.Version, config.UploadInterval));
        Assert.Null(await client.GetConfigAsync(default));
        Assert.Equal(2, server.Seen.Count);
    }

    [Fact]
    public async Task Heartbeat_TellsWhatIsKnownAndNothingElse()
    {
        var (server, client) = Make(_ => FakeServer.Json(200, """{"server_time":"2025-01-15T14:00:01Z","config_version":3,"ota_available":true}"""));
        var answer = await client.HeartbeatAsync(new Heartbeat { FirmwareVersion = "1.0", UptimeSeconds = 5, Sd = new HeartbeatCard(1, 2, 0, 99), Backlog = new HeartbeatBacklog(4, 5, null) }, default);
        Assert.Equal((3L, true), (answer.ConfigVersion, answer.OtaAvailable));
        Assert.Equal(
            """{"firmware_version":"1.0","uptime_s":5,"sd":{"used_bytes":1,"total_bytes":2,"errors":0,"health_percent":99},"backlog":{"records":4,"bytes":5}}""",
            Encoding.UTF8.GetString(server.Seen[0].Body));
    }

    [Fact]
    public async Task CheckFirmware_NoneOrOffered()
    {
        var (server, client) = Make(r => r.PathAndQuery.EndsWith("version=1.0%2B2", StringComparison.Ordinal)
            ? FakeServer.Json(200, """{"available":false,"current_version":"1.0+2"}""")
            : FakeServer.Json(200, """{"available":true,"version":"2.0","hash":"ab","size":10,"download_url":"http://server.test/f","mandatory":true}"""));
        Assert.Null(await client.CheckFirmwareAsync("1.0+2", default));
        var offer = await client.CheckFirmwareAsync("1.0", default);
        Assert.Equal(("2.0", 10L, true), (offer!.Version, offer.Size, offer.Mandatory));
        Assert.Equal("/api/iot/v1/ota/check?version=1.0", server.Seen[1].PathAndQuery);
    }

    [Fact]
    public async Task ReportFirmware_SendsTheReport()
    {
        var (server, client) = Make(_ => FakeServer.Json(200, """{"status":"reported"}"""));
        await client.ReportFirmwareAsync(new FirmwareReport("failed", "2.0", "hash mismatch", "B"), default);
        Assert.Equal("""{"status":"failed","version":"2.0","error":"hash mismatch","slot":"B"}""", Encoding.UTF8.GetString(server.Seen[0].Body));
    }

    [Theory]
    [InlineData(500, "{}")]
    [InlineData(404, "not json")]
    [InlineData(200, "not json")]
    [InlineData(200, "null")]
    public async Task AnyCall_NotAnsweredAsDocumented_IsADeviceCallException(int status, string body)
    {
        var (_, client) = Make(_ => FakeServer.Json(status, body));
        await Assert.ThrowsAsync<DeviceCallException>(() => client.HeartbeatAsync(new Heartbeat(), default));
    }

    [Fact]
    public async Task Signed_GetWithoutBody_CoversTheHashOfNothing()
    {
        var (server, client) = Make(_ => FakeServer.Json(200, """{"config_version":1}"""), RequestProof.Signature);
        await client.GetConfigAsync(default);
        var seen = server.Seen[0];
        var parts = new SignedParts("GET", "/api/iot/v1/config", seen.Header(WireHeaders.Timestamp)!, "", "", "", "", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        Assert.True(BodySignature.Verify(BodySignature.DeriveKey("secret"), parts, seen.Header(WireHeaders.Signature)));
    }

    [Fact]
    public void Credentials_AsText_HideTheSecret() => Assert.Equal("D1", new DeviceCredentials("D1", "secret").ToString());

    private (FakeServer Server, DeviceClient Client) Make(Func<SeenRequest, HttpResponseMessage> answer, RequestProof proof = RequestProof.Secret)
    {
        var server = new FakeServer(answer);
        return (server, new DeviceClient(new HttpClient(server), new DeviceCredentials("D1", "secret"), new DeviceClientOptions { Server = new Uri("http://server.test"), Proof = proof }, _clock));
    }
}
