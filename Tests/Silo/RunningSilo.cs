using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EsoCore.Silo.Hosting;
using EsoCore.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EsoCore.Tests.Silo;

/// <summary>The whole server in this process: real grains, real storage, real HTTP on loopback.</summary>
internal sealed class RunningSilo : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RunningSilo(WebApplication app, HttpClient http) => (_app, Http) = (app, http);

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    public static Task<RunningSilo> Start(string data, params string[] args) => Start(data, new Dictionary<string, string?>(), args);

    /// <summary>Starts with further settings by configuration key.</summary>
    public static Task<RunningSilo> Start(string data, IReadOnlyDictionary<string, string?> more, params string[] args) =>
        Start(data, more, clock: null, args);

    /// <summary>Starts with a clock of the test's, too.</summary>
    public static Task<RunningSilo> Start(string data, IReadOnlyDictionary<string, string?> more, TimeProvider? clock, params string[] args) =>
        Start(data, more, clock, CancellationToken.None, args);

    /// <summary>Starts what may never get ready: null when it has not within the time.</summary>
    public static async Task<RunningSilo?> StartWithin(TimeSpan limit, string data, IReadOnlyDictionary<string, string?> more, params string[] args)
    {
        using var late = new CancellationTokenSource(limit, TimeProvider.System);
        try
        {
            return await Start(data, more, clock: null, late.Token, args);
        }
        catch (Exception) when (late.IsCancellationRequested)
        {
            // Told to stop, an engine may say what it was waiting for instead.
            return null;
        }
    }

    private static async Task<RunningSilo> Start(
        string data, IReadOnlyDictionary<string, string?> more, TimeProvider? clock, CancellationToken cancel, string[] args)
    {
        var parsed = SiloArguments.Parse(["--data", data, .. args.Contains("--urls") ? [] : new[] { "--urls", "http://127.0.0.1:0" }, .. args]);
        Assert.Empty(parsed.Faults);
        var settings = new Dictionary<string, string?>(parsed.Settings) { ["Serilog:MinimumLevel:Default"] = "Fatal" };
        foreach (var (key, value) in more)
            settings[key] = value;
        foreach (var source in new[] { "Microsoft", "Microsoft.Hosting.Lifetime" })
            settings[$"Serilog:MinimumLevel:Override:{source}"] = "Fatal";
        var app = EsoCore.Silo.Program.Build(
            parsed with { Settings = settings }, clock is null ? null : services => services.AddTestClock(clock));
        try
        {
            await app.StartAsync(cancel);
        }
        catch
        {
            await app.DisposeAsync(); // Else its data directory would stay taken.
            throw;
        }

        var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
        return new RunningSilo(app, new HttpClient(handler) { BaseAddress = new Uri(app.Urls.First()) });
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    public async Task<(int Status, JsonElement Json)> Send(HttpMethod method, string path, string? basic = null, string? json = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (basic is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(basic)));
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        return await Send(request);
    }

    public Task<(int Status, JsonElement Json)> Upload(SeededDevice device, string records, Guid? batchId = null) =>
        Upload(device, Encoding.UTF8.GetBytes(records), null, batchId);

    public async Task<(int Status, JsonElement Json)> Upload(SeededDevice device, byte[] body, string? encoding, Guid? batchId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/iot/v1/telemetry/batch") { Content = new ByteArrayContent(body) };
        request.Headers.Add("X-Device-Id", device.Id);
        request.Headers.Add("X-Auth-Key", device.Secret);
        request.Headers.Add("Idempotency-Key", $"{batchId ?? Guid.NewGuid()}");
        request.Headers.Add("Content-SHA256", Convert.ToHexStringLower(SHA256.HashData(body)));
        if (encoding is not null)
            request.Content.Headers.ContentEncoding.Add(encoding);
        return await Send(request);
    }

    /// <summary>
    /// Uploads as a device does: the same batch again while the server says that it is away, as one on a busy machine may be for a while.
    /// </summary>
    public async Task<(int Status, JsonElement Json)> UploadUntilTaken(SeededDevice device, string records, Guid? batchId = null)
    {
        var (id, answer) = (batchId ?? Guid.NewGuid(), default((int Status, JsonElement Json)));
        await Eventually.Holds(
            async () => (answer = await Upload(device, records, id)).Status != StatusCodes.Status503ServiceUnavailable,
            () => $"The batch is never taken: {answer.Json}");
        return answer;
    }

    /// <summary>A device's heartbeat.</summary>
    public async Task<(int Status, JsonElement Json)> Beat(SeededDevice device, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/iot/v1/heartbeat")
        {
            Content = new StringContent(json, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("X-Device-Id", device.Id);
        request.Headers.Add("X-Auth-Key", device.Secret);
        return await Send(request);
    }

    public async Task<SeededDevice> Seed()
    {
        // A front door may not have reached a silo yet; what a failed attempt has made harms nobody.
        var (status, seed) = default((int, JsonElement));
        await Eventually.Holds(
            async () =>
            {
                (status, seed) = await Send(HttpMethod.Post, "/v1/seed");
                return status != StatusCodes.Status503ServiceUnavailable;
            },
            () => $"Nothing can be made: {seed}");
        Assert.Equal(201, status);
        return new SeededDevice(
            seed.GetProperty("device").GetProperty("id").GetString()!,
            seed.GetProperty("device_api_key_secret").GetString()!,
            $"{seed.GetProperty("device_api_key").GetProperty("id").GetString()}:{seed.GetProperty("device_api_key_secret").GetString()}",
            $"{seed.GetProperty("project_api_key").GetProperty("id").GetString()}:{seed.GetProperty("project_api_key_secret").GetString()}");
    }

    private async Task<(int, JsonElement)> Send(HttpRequestMessage request)
    {
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }
}

/// <summary>A device made by <c>POST /v1/seed</c>.</summary>
internal sealed record SeededDevice(string Id, string Secret, string DeviceKey, string ProjectKey);
