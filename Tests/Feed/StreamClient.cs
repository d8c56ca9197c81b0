using System.Net.Http.Headers;
using System.Text;

namespace EsoCore.Tests.Feed;

/// <summary>One server-sent event.</summary>
internal sealed record ServerSent(string Kind, string Id, string Data);

/// <summary>Reads server-sent events as a browser does.</summary>
internal sealed class StreamClient : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    private StreamClient(HttpResponseMessage response, Stream body) =>
        (_response, _lines) = (response, new StreamReader(body, Encoding.UTF8));

    /// <summary>The id to go on from.</summary>
    public string LastId { get; private set; } = "";

    public HttpContentHeaders Headers => _response.Content.Headers;

    public static async Task<StreamClient> Open(HttpClient http, HttpRequestMessage request, string? lastId = null)
    {
        if (lastId is not null)
            request.Headers.Add("Last-Event-ID", lastId);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        return new StreamClient(response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>The next event; null: the stream has ended.</summary>
    public async Task<ServerSent?> Next()
    {
        var (kind, data) = ("", new StringBuilder());
        while (await _lines.ReadLineAsync() is { } line)
        {
            if (line.Length == 0 && data.Length > 0)
                return new ServerSent(kind, LastId, data.ToString());
            if (line.StartsWith("event: ", StringComparison.Ordinal))
                kind = line[7..];
            else if (line.StartsWith("id: ", StringComparison.Ordinal))
                LastId = line[4..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
                data.Append(line[6..]);
        }

        return null;
    }

    public void Dispose()
    {
        _lines.Dispose();
        _response.Dispose();
    }
}
