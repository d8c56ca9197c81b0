using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EsoCore.Tests.Support;

/// <summary>A request as it came.</summary>
internal sealed record ReceivedRequest(
    string Method, string Path, string Query, ImmutableDictionary<string, string> Headers, byte[] Body, DateTimeOffset At)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

/// <summary>
/// A real HTTP server at 127.0.0.1 that keeps what it is sent. A server under test must allow it:
/// <c>EsoCore:Notifications:AllowedNetworks:0 = 127.0.0.0/8</c>.
/// </summary>
internal sealed class HttpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Waiting<ReceivedRequest> _requests = new();

    private HttpReceiver(WebApplication app) => _app = app;

    /// <summary>Its address, without a slash at the end.</summary>
    public string Url => _app.Urls.Single();

    /// <summary>What came so far, in order.</summary>
    public ImmutableArray<ReceivedRequest> Requests => _requests.Items;

    /// <summary>What to answer; the request is kept before. Default: 200 with <c>ok</c>.</summary>
    public Func<ReceivedRequest, HttpContext, Task> Answer { get; set; } = (_, http) => http.Response.WriteAsync("ok");

    /// <summary>Starts it.</summary>
    /// <param name="certificate">Its certificate where it is to speak TLS.</param>
    public static async Task<HttpReceiver> StartAsync(X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(certificate is null ? "http://127.0.0.1:0" : "https://127.0.0.1:0");
        if (certificate is not null)
            builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(tls =>
                tls.ServerCertificate = certificate));
        var app = builder.Build();
        var receiver = new HttpReceiver(app);
        app.Run(receiver.Take);
        await app.StartAsync();
        return receiver;
    }

    /// <summary>Answers this status from now on.</summary>
    public void AnswerStatus(int status) => Answer = (_, http) =>
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsync($"answer {status}");
    };

    /// <summary>Waits until so many came that fit, and gives these.</summary>
    /// <param name="patience">How long at most; four minutes unless told.</param>
    public Task<ImmutableArray<ReceivedRequest>> Until(
        int count, Func<ReceivedRequest, bool>? fits = null, TimeSpan? patience = null) => _requests.Until(count, fits, patience);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task Take(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        var headers = http.Request.Headers.ToImmutableDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var request = new ReceivedRequest(
            http.Request.Method, http.Request.Path.Value ?? "", http.Request.QueryString.Value ?? "", headers, body.ToArray(),
            TimeProvider.System.GetUtcNow());
        _requests.Add(request);
        await Answer(request, http);
    }
}

/// <summary>A list that can be waited for. The time limit only keeps a broken test from hanging.</summary>
internal sealed class Waiting<T>
{
    /// <summary>Much longer than the pauses after which the product tries again what failed on a busy machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly Lock _gate = new();
    private readonly List<(Func<bool> Holds, TaskCompletionSource Waiter)> _waiters = [];
    private ImmutableArray<T> _items = [];

    public ImmutableArray<T> Items
    {
        get
        {
            lock (_gate)
                return _items;
        }
    }

    public void Add(T item)
    {
        lock (_gate)
        {
            _items = _items.Add(item);
            foreach (var (_, waiter) in _waiters.Where(w => w.Holds()))
                waiter.TrySetResult();
        }
    }

    public async Task<ImmutableArray<T>> Until(int count, Func<T, bool>? fits = null, TimeSpan? patience = null)
    {
        fits ??= _ => true;
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            bool Holds() => _items.Count(fits) >= count;
            if (Holds())
                waiter.TrySetResult();
            else
                _waiters.Add((Holds, waiter));
        }

        await waiter.Task.WaitAsync(patience ?? Patience);
        return [.. Items.Where(fits)];
    }
}
