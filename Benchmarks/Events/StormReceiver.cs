using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EsoCore.Benchmarks.Events;

/// <summary>A webhook's target that notes when each incident was first told of.</summary>
internal sealed class StormReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<Guid, (string Rule, long At)> _told = new();
    private int _messages;
    private int _notices;

    private StormReceiver(WebApplication app) => _app = app;

    internal string Url => _app.Urls.Single();

    /// <summary>Messages that came.</summary>
    internal int Messages => Volatile.Read(ref _messages);

    /// <summary>Notices that they told of, those only counted included.</summary>
    internal int Notices => Volatile.Read(ref _notices);

    /// <summary>When an incident was told of first, in full or by name, as a timestamp of the system's clock; null: it never was.</summary>
    internal long? ToldAt(Guid incident) => _told.TryGetValue(incident, out var told) ? told.At : null;

    /// <summary>How many of a rule's incidents were told of, in full or by name.</summary>
    internal int Told(string rule) => _told.Values.Count(told => told.Rule == rule);

    internal static async Task<StormReceiver> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new StormReceiver(app);
        app.Run(receiver.Take);
        await app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task Take(HttpContext http)
    {
        var at = TimeProvider.System.GetTimestamp();
        using var message = await JsonDocument.ParseAsync(http.Request.Body);
        Interlocked.Increment(ref _messages);
        Interlocked.Add(ref _notices, message.RootElement.GetProperty("total").GetInt32());
        foreach (var notice in message.RootElement.GetProperty("notices").EnumerateArray())
            Note(notice.GetProperty("incident"), "id", at);
        foreach (var named in message.RootElement.GetProperty("named").EnumerateArray())
            Note(named, "incident_id", at);
    }

    private void Note(JsonElement incident, string id, long at) =>
        _told.TryAdd(incident.GetProperty(id).GetGuid(), (incident.GetProperty("rule_id").GetString()!, at));
}
