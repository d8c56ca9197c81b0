using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using EsoCore.Silo.Hosting;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace EsoCore.Tests.Silo;

/// <summary>The server as a whole.</summary>
public sealed class ServerTests : IDisposable
{
    private static readonly string Batch = """
        [{"ts":"2025-01-15T14:30:22.123Z","series":"temp_ambient","val":23.5,"unit":"°C","meta":{"sensor_id":"SHT40_01"}},
         {"timestamp":"2025-01-15T14:30:22.223Z","metric":"temp_ambient","value":24.5,"unit":"°C","meta":{"sensor_id":"SHT40_01"}},
         {"ts":"2025-01-15T14:30:23Z","series":"power_outage","val":null,"unit":null,"meta":{"event_type":"power","severity":"critical"}},
         {"ts":"2025-01-15T14:30:24Z","series":"vibration","window_s":4,"stats":{"rms":0.8},"samples":8000},
         {"series":"lost","val":1}]
        """;

    private readonly string _data = Directory.CreateTempSubdirectory("esocore-silo-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task A_batch_is_taken_once_read_back_and_still_there_after_a_restart()
    {
        SeededDevice device;
        var batchId = Guid.NewGuid();
        await using (var silo = await RunningSilo.Start(_data, "--demo"))
        {
            Assert.Equal(200, (await silo.Send(HttpMethod.Get, "/health/ready")).Status);
            device = await silo.Seed();
            var (status, answer) = await silo.Upload(device, Batch, batchId);
            Assert.Equal(200, status);
            Assert.Equal((4, 0, 1), Counts(answer));
            Assert.Equal("bad_timestamp", answer.GetProperty("errors")[0].GetProperty("code").GetString());
            Assert.Equal((0, 4, 1), Counts((await silo.Upload(device, Batch)).Json));
            Assert.Equal(409, (await silo.Upload(device, "[]", batchId)).Status);
        }

        await using var again = await RunningSilo.Start(_data);
        Assert.Equal((4, 0, 1), Counts((await again.Upload(device, Batch, batchId)).Json));
        var base_ = $"/api/devices/{device.Id}";
        var twin = (await again.Send(HttpMethod.Get, base_ + "/twin", device.ProjectKey)).Json;
        Assert.Equal(4, twin.GetProperty("counters").GetProperty("accepted").GetInt32());
        Assert.Equal(24.5, twin.GetProperty("series")[0].GetProperty("last_value").GetDouble());
        Assert.Equal(2, (await again.Send(HttpMethod.Get, base_ + "/points?metric=temp_ambient", device.ProjectKey)).Json.GetProperty("points").GetArrayLength());
        var bucket = (await again.Send(HttpMethod.Get, base_ + "/points?metric=temp_ambient&bucket=1h", device.ProjectKey)).Json.GetProperty("buckets")[0];
        Assert.Equal((24.0, 2), (bucket.GetProperty("avg").GetDouble(), bucket.GetProperty("count").GetInt32()));
        Assert.Equal("critical", (await again.Send(HttpMethod.Get, base_ + "/events", device.ProjectKey)).Json.GetProperty("events")[0].GetProperty("severity").GetString());
        Assert.Equal(1, (await again.Send(HttpMethod.Get, base_ + "/windows", device.ProjectKey)).Json.GetProperty("windows").GetArrayLength());
        Assert.Equal(2, (await again.Send(HttpMethod.Get, base_ + "/batches", device.ProjectKey)).Json.GetProperty("batches").GetArrayLength());
        Assert.Equal(2, (await again.Send(HttpMethod.Get, base_ + "/rejected", device.ProjectKey)).Json.GetProperty("rejected").GetArrayLength());
        Assert.Equal(404, (await again.Send(HttpMethod.Post, "/v1/seed")).Status);
    }

    [Fact]
    public async Task Nothing_of_one_project_is_seen_with_the_key_of_another()
    {
        await using var silo = await RunningSilo.Start(_data, "--demo");
        var (mine, theirs) = (await silo.Seed(), await silo.Seed());
        await silo.Upload(mine, """[{"ts":"2025-01-15T14:30:22Z","series":"cycle_open","val":null,"asset_id":"A","meta":{"cycle_id":"1"}}]""");
        Assert.Equal(201, (await silo.Send(HttpMethod.Post, "/api/sites", mine.ProjectKey, """{"id":"S","name":"Hall"}""")).Status);
        Assert.Equal(201, (await silo.Send(HttpMethod.Put, "/api/config-profiles/seed", mine.ProjectKey, """{"upload_interval_s":30}""")).Status);
        await Eventually.Holds(
            async () => (await silo.Send(HttpMethod.Get, "/api/assets/A", mine.ProjectKey)).Status == 200,
            () => "The asset is never told of its first cycle.");

        foreach (var path in new[]
        {
            $"/api/devices/{mine.Id}", $"/api/devices/{mine.Id}/twin", $"/api/devices/{mine.Id}/points", $"/api/devices/{mine.Id}/windows",
            $"/api/devices/{mine.Id}/events", $"/api/devices/{mine.Id}/batches", $"/api/devices/{mine.Id}/rejected", "/api/sites/S", "/api/assets/A",
            "/api/config-profiles/seed", $"/v1/devices/{mine.Id}/firmware_version", $"/api/points?device={mine.Id}", $"/api/events?device={mine.Id}",
        })
        {
            Assert.Equal((200, path), ((await silo.Send(HttpMethod.Get, path, mine.ProjectKey)).Status, path));
            Assert.Equal((404, path), ((await silo.Send(HttpMethod.Get, path, theirs.ProjectKey)).Status, path));
        }

        foreach (var path in new[] { $"/api/devices/{mine.Id}", "/api/sites/S", "/api/assets/A" })
            Assert.Equal(404, (await silo.Send(HttpMethod.Patch, path, theirs.ProjectKey, """{"name":"x","type":"door"}""")).Status);
        foreach (var path in new[] { "/api/sites/S", "/api/assets/A", "/api/config-profiles/seed" })
            Assert.Equal(404, (await silo.Send(HttpMethod.Delete, path, theirs.ProjectKey)).Status);
        foreach (var path in new[] { "/api/events", "/api/points", "/api/sites", "/api/assets", "/api/config-profiles" })
            Assert.All((await silo.Send(HttpMethod.Get, path, theirs.ProjectKey)).Json.EnumerateObject(), list => Assert.Equal(0, list.Value.GetArrayLength()));
        Assert.Equal(403, (await silo.Send(HttpMethod.Post, $"/v1/devices/{mine.Id}/firmware_version", theirs.DeviceKey, """{"version":"1"}""")).Status);
    }

    [Fact]
    public async Task A_devices_settings_follow_its_profile_and_its_own()
    {
        await using var silo = await RunningSilo.Start(_data, "--demo");
        var seeded = await silo.Seed();
        var (_, made) = await silo.Send(HttpMethod.Post, "/api/devices", seeded.ProjectKey, """{"serial":"SN-1","model":"SD 400"}""");
        var device = new SeededDevice(made.GetProperty("device_id").GetString()!, made.GetProperty("device_key").GetProperty("secret").GetString()!, "", "");
        Assert.Equal(409, (await silo.Send(HttpMethod.Post, "/api/devices", seeded.ProjectKey, """{"serial":"SN-1","model":"x"}""")).Status);

        var before = await Config(silo, device);
        Assert.Equal(201, (await silo.Send(HttpMethod.Put, "/api/config-profiles/SD 400", seeded.ProjectKey, """{"upload_interval_s":30,"led":true}""")).Status);
        Assert.Equal(200, (await silo.Send(HttpMethod.Patch, $"/api/devices/{device.Id}", seeded.ProjectKey, """{"config":{"sampling_rates":{"Temp":2}}}""")).Status);
        var after = await Config(silo, device);

        Assert.True(after.GetProperty("config_version").GetInt64() > before.GetProperty("config_version").GetInt64());
        Assert.Equal(30, after.GetProperty("upload_interval_s").GetInt32());
        Assert.Equal(2, after.GetProperty("sampling_rates").GetProperty("Temp").GetInt32());
        Assert.True(after.GetProperty("led").GetBoolean());

        Assert.Equal(200, (await silo.Send(HttpMethod.Patch, $"/api/devices/{device.Id}", seeded.ProjectKey, """{"status":"disabled"}""")).Status);
        Assert.Equal(403, (await silo.Upload(device, "[]")).Status);
    }

    [Fact]
    public async Task A_demo_uploads_by_itself_and_goes_on_with_its_project_after_a_restart()
    {
        var first = await RunDemo();
        var second = await RunDemo();
        Assert.Equal(first, second);

        async Task<string> RunDemo()
        {
            await using var silo = await RunningSilo.Start(_data, "--demo");
            var path = Path.Combine(_data, "demo.env");
            await Eventually.Holds(async () => await Uploads(silo, path), () => "The demo's devices do not upload.");
            return string.Join('\n', File.ReadLines(path).Where(line => !line.StartsWith("ESOCORE_URL")));
        }

        static async Task<bool> Uploads(RunningSilo silo, string path)
        {
            if (!File.Exists(path))
                return false;
            var env = File.ReadLines(path).Where(line => line.Contains('=')).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
            var (status, twin) = await silo.Send(HttpMethod.Get, $"/api/devices/{env["DEVICE_ID"]}/twin", env["PROJECT_KEY"]);
            return status == 200 && twin.GetProperty("online").GetBoolean() && twin.GetProperty("counters").GetProperty("batches").GetInt32() > 0;
        }
    }

    [Fact]
    public async Task A_second_process_on_the_same_directory_is_refused()
    {
        await using var silo = await RunningSilo.Start(_data);
        var e = await Assert.ThrowsAsync<IOException>(() => RunningSilo.Start(_data));
        Assert.Contains("in use", e.Message);
    }

    [Fact]
    public async Task An_address_that_is_taken_is_told_in_one_line()
    {
        await using var silo = await RunningSilo.Start(_data);
        var (other, taken) = (Path.Combine(_data, "other"), silo.Http.BaseAddress!.ToString().TrimEnd('/'));
        var e = await Assert.ThrowsAsync<IOException>(() => RunningSilo.Start(other, "--urls", taken));
        var told = Listening.WhyNot(e)!;
        Assert.Contains($":{silo.Http.BaseAddress!.Port}", told);
        Assert.Contains("--urls", told);
        Assert.DoesNotContain('\n', told);
        Assert.Null(Listening.WhyNot(new IOException("The directory is in use.")));
    }

    [Fact]
    public async Task The_operators_password_that_is_printed_opens_the_installation()
    {
        var arguments = SiloArguments.Parse(["operator-key", "--data", _data]);
        Assert.Contains("--data", Assert.Throws<IOException>(() => OperatorKeyCommand.Run(arguments, TextWriter.Null)).Message);
        await using var silo = await RunningSilo.Start(_data);
        using var printed = new StringWriter();

        Assert.Equal(0, OperatorKeyCommand.Run(arguments, printed));

        var lines = printed.ToString().TrimEnd('\r', '\n').Split('\n');
        Assert.Equal(200, (await silo.Send(HttpMethod.Get, "/api/installation", Assert.Single(lines))).Status);
        Assert.Equal(401, (await silo.Send(HttpMethod.Get, "/api/installation", lines[0] + "x")).Status);
    }

    [Fact]
    public async Task An_option_out_of_its_bounds_stops_the_start_and_is_named()
    {
        var parsed = SiloArguments.Parse(["--data", _data, "--urls", "http://127.0.0.1:0"]);
        var settings = new Dictionary<string, string?>(parsed.Settings) { ["EsoCore:Api:MaxBatchBytes"] = "1", ["Serilog:MinimumLevel:Default"] = "Fatal" };
        var e = await Assert.ThrowsAsync<OptionsValidationException>(async () =>
        {
            await using var app = EsoCore.Silo.Program.Build(parsed with { Settings = settings });
            await app.StartAsync();
        });
        Assert.Contains("MaxBatchBytes", e.Message);
        Assert.Contains("65536", e.Message);
    }

    [Fact]
    public async Task Https_serves_the_certificate_and_its_renewal_without_a_restart()
    {
        var (cert, key) = (Path.Combine(_data, "c.pem"), Path.Combine(_data, "k.pem"));
        var first = WritePair(cert, key);
        await using var silo = await RunningSilo.Start(_data, "--urls", "https://127.0.0.1:0", "--cert", cert, "--key", key);
        Assert.Equal(HttpStatusCode.OK, (await silo.Http.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(first, await Presented());

        var second = WritePair(cert, key);
        File.SetLastWriteTimeUtc(cert, File.GetLastWriteTimeUtc(cert).AddSeconds(5));
        silo.Services.GetRequiredService<CertificateFiles>().Look();
        Assert.Equal(second, await Presented());

        File.WriteAllText(cert, "half a renewal");
        File.SetLastWriteTimeUtc(cert, File.GetLastWriteTimeUtc(cert).AddSeconds(10));
        silo.Services.GetRequiredService<CertificateFiles>().Look();
        Assert.Equal(second, await Presented());

        async Task<string> Presented()
        {
            using var socket = new System.Net.Sockets.TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, silo.Http.BaseAddress!.Port);
            await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
            await tls.AuthenticateAsClientAsync("localhost");
            return tls.RemoteCertificate!.GetCertHashString();
        }
    }

    [Fact]
    public void A_certificate_that_is_none_stops_the_start()
    {
        File.WriteAllText(Path.Combine(_data, "c.pem"), "nonsense");
        Assert.Throws<InvalidDataException>(() => new CertificateFiles(
            Path.Combine(_data, "c.pem"), Path.Combine(_data, "c.pem"), TimeProvider.System, NullLogger<CertificateFiles>.Instance));
    }

    private static async Task<JsonElement> Config(RunningSilo silo, SeededDevice device)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/iot/v1/config");
        request.Headers.Add("X-Device-Id", device.Id);
        request.Headers.Add("X-Auth-Key", device.Secret);
        using var response = (await silo.Http.SendAsync(request)).EnsureSuccessStatusCode();
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    private static (int Accepted, int Duplicates, int Rejected) Counts(JsonElement answer) => (
        answer.GetProperty("accepted").GetInt32(), answer.GetProperty("duplicates").GetInt32(), answer.GetProperty("rejected").GetInt32());

    private static string WritePair(string certPath, string keyPath)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
        File.WriteAllText(certPath, certificate.ExportCertificatePem());
        File.WriteAllText(keyPath, key.ExportPkcs8PrivateKeyPem());
        return certificate.GetCertHashString();
    }
}
