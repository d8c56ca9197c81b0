using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EsoCore.Api;
using EsoCore.Grains;
using EsoCore.History;
using EsoCore.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace EsoCore.Tests.Api;

/// <summary>The front door on a real Kestrel at 127.0.0.1, before fake grains and under a clock that stands.</summary>
internal sealed class FrontDoor : IAsyncDisposable
{
    public const string Secret = "device:secret";
    public const string BatchPath = "/api/iot/v1/telemetry/batch";

    /// <summary>When every test begins.</summary>
    public static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    private readonly WebApplication _app;

    private FrontDoor(WebApplication app, FakeGrains grains, FakeTimeProvider clock, FakeHistory history)
    {
        (_app, Grains, Clock, History) = (app, grains, clock, history);
        Device = grains.AddDevice(ProjectId, Secret);
        ProjectKey = grains.Credentials.AddProjectKey(ProjectId, "project:secret");
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public Guid ProjectId { get; } = Guid.NewGuid();

    public Guid ProjectKey { get; }

    public FakeGrains Grains { get; }

    public FakeDevice Device { get; }

    public FakeTimeProvider Clock { get; }

    public FakeHistory History { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<FrontDoor> Open(params (string Name, string Value)[] settings)
    {
        var (grains, clock) = (new FakeGrains(), new FakeTimeProvider(Noon));
        var history = new FakeHistory(grains);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(s => $"{ApiOptions.Section}:{s.Name}", s => (string?)s.Value));
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddSingleton<IGrainFactory>(grains);
        builder.Services.AddSingleton<IHistory>(history);
        builder.Services.AddSingleton<IInstallationKeys, FakeKeys>();
        builder.Services.AddInstallationSwitches();
        builder.Services.AddEsoCoreApi();
        var app = builder.Build();
        app.UseEsoCoreApi();
        app.MapEsoCoreApi();
        await app.StartAsync();
        return new FrontDoor(app, grains, clock, history);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }

    /// <summary>A batch that is taken, for a test to spoil.</summary>
    public HttpRequestMessage Batch(byte[]? body = null, string? secret = Secret, Guid? deviceId = null)
    {
        body ??= Encoding.UTF8.GetBytes("""[{"ts":"2026-11-21T12:00:00Z","series":"temp_ambient","val":23.5,"unit":"°C"}]""");
        var request = new HttpRequestMessage(HttpMethod.Post, BatchPath) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-Device-Id", (deviceId ?? Device.Id).ToString("D"));
        if (secret is not null)
            request.Headers.Add("X-Auth-Key", secret);
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString("D"));
        request.Headers.Add("Content-SHA256", Convert.ToHexStringLower(SHA256.HashData(body)));
        return request;
    }

    public HttpRequestMessage AsDevice(HttpMethod method, string path, string? json = null)
    {
        var request = new HttpRequestMessage(method, "/api/iot/v1" + path);
        request.Headers.Add("X-Device-Id", Device.Id.ToString("D"));
        request.Headers.Add("X-Auth-Key", Secret);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        return request;
    }

    public HttpRequestMessage AsProject(HttpMethod method, string path, string? json = null) =>
        WithBasic(method, path, ProjectKey, "project:secret", json);

    public HttpRequestMessage AsOperator(HttpMethod method, string? json = null, string path = "/api/installation")
    {
        var password = OperatorKey.PasswordOf(new FakeKeys().Current(KeyPurposes.Operator));
        return WithBasic(method, path, OperatorKey.User, password, json);
    }

    public static HttpRequestMessage WithBasic(HttpMethod method, string path, Guid key, string secret, string? json = null) =>
        WithBasic(method, path, $"{key:D}", secret, json);

    public static HttpRequestMessage WithBasic(HttpMethod method, string path, string user, string secret, string? json = null)
    {
        var request = new HttpRequestMessage(method, path);
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{secret}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", basic);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        return request;
    }

    public async Task<Reply> Send(HttpRequestMessage request)
    {
        using var response = await Http.SendAsync(request);
        return new Reply(response, await response.Content.ReadAsByteArrayAsync());
    }
}

/// <summary>A response, read to its end.</summary>
internal sealed class Reply(HttpResponseMessage response, byte[] body)
{
    public HttpStatusCode Status => response.StatusCode;

    public string? MediaType => response.Content.Headers.ContentType?.MediaType;

    public string Text => Encoding.UTF8.GetString(body);

    public int Length => body.Length;

    public JsonElement Json => JsonDocument.Parse(body).RootElement;

    public IEnumerable<(string Name, string Value)> Headers =>
        response.Headers.Concat(response.Content.Headers).Select(header => (header.Key, string.Join(",", header.Value)));

    public string? Header(string name) => Headers.Where(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value).FirstOrDefault();

    /// <summary>Asserts a problem document of this status and code that a device has room for.</summary>
    public Reply IsProblem(int status, string code)
    {
        Assert.True((int)Status == status, $"Expected {status} {code}, got {(int)Status}: {Text}");
        Assert.Equal("application/problem+json", MediaType);
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.Equal(code, Json.GetProperty("code").GetString());
        FitsDevice();
        return this;
    }

    public Reply Is(int status)
    {
        Assert.True((int)Status == status, $"Expected {status}, got {(int)Status}: {Text}");
        return this;
    }

    /// <summary>Asserts what field devices have room for.</summary>
    public Reply FitsDevice()
    {
        Assert.True(Length <= 2_048, $"{Length} bytes");
        Assert.True(Headers.Count() <= 16, $"{Headers.Count()} headers");
        Assert.All(Headers, header => Assert.True(header.Name.Length + header.Value.Length <= 128, header.Name));
        return this;
    }
}

/// <summary>Keys that are the same in every test; 1 is the current one, 2 was before.</summary>
internal sealed class FakeKeys : IInstallationKeys
{
    public DerivedKey Current(string purpose) => Find(purpose, 1)!;

    public DerivedKey? Find(string purpose, byte keyId) =>
        keyId is 1 or 2 ? new DerivedKey(keyId, SHA256.HashData(Encoding.UTF8.GetBytes($"{purpose}/{keyId}"))) : null;
}

internal static class FrontDoorExtensions
{
    /// <summary>Bytes of the body budget in use.</summary>
    public static long Used(this FrontDoor door) => door.Services.GetRequiredService<ByteBudget>().Used;
}
