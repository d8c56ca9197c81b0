using System.Net;
using System.Text;

namespace EsoCore.Tests.Device;

/// <summary>A request as it reached the server.</summary>
internal sealed record SeenRequest(string Method, string PathAndQuery, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

/// <summary>Answers each request as the test says, without a socket, and remembers it.</summary>
internal sealed class FakeServer(Func<SeenRequest, HttpResponseMessage> answer) : HttpMessageHandler
{
    private readonly Lock _gate = new();
    private readonly List<SeenRequest> _seen = [];

    public IReadOnlyList<SeenRequest> Seen
    {
        get
        {
            lock (_gate)
                return [.. _seen];
        }
    }

    public IEnumerable<SeenRequest> Uploads => Seen.Where(r => r.PathAndQuery.EndsWith("/telemetry/batch", StringComparison.Ordinal));

    /// <summary>An answer with a JSON body.</summary>
    public static HttpResponseMessage Json(int status, string body, params (string Name, string Value)[] headers)
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, status < 400 ? "application/json" : "application/problem+json") };
        foreach (var (name, value) in headers)
            response.Headers.TryAddWithoutValidation(name, value);
        return response;
    }

    public static HttpResponseMessage Taken(int accepted = 1, string hint = "backoff_ms: 0", int config = 1) =>
        Json(200, $$"""{"accepted":{{accepted}},"duplicates":0,"rejected":0,"next_hint":"{{hint}}","config_version":{{config}}}""");

    public static HttpResponseMessage Problem(int status, string code, params (string Name, string Value)[] headers) =>
        Json(status, $$"""{"type":"about:blank","status":{{status}},"code":"{{code}}","detail":"because"}""", headers);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var headers = request.Headers.AsEnumerable();
        if (request.Content is not null)
            headers = headers.Concat(request.Content.Headers);
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var seen = new SeenRequest(
            request.Method.Method, request.RequestUri!.PathAndQuery,
            headers.ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase), body);
        lock (_gate)
            _seen.Add(seen);
        return answer(seen);
    }
}
