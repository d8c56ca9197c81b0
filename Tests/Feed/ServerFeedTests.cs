using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using EsoCore.Feed;
using EsoCore.Tests.Devices;
using EsoCore.Tests.Silo;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Feed;

/// <summary>The feed of the whole server, by the real clock: what a device uploads, what becomes of it, and that it falls silent.</summary>
public sealed class ServerFeedTests : IDisposable
{
    private static readonly Dictionary<string, string?> Settings = new()
    {
        ["EsoCore:Api:SeedEnabled"] = "true",
        ["EsoCore:Devices:LivenessGrace"] = "00:00:01",
    };

    private readonly string _data = Directory.CreateTempSubdirectory("esocore-feed-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Stream_ShowsEventsAndTwins_AndThatADeviceFellSilent_UntilTheServerStops()
    {
        var silo = await RunningSilo.Start(_data, Settings);
        using var client = await Watch(silo);
        await silo.DisposeAsync();
        Assert.Null(await Bounded(End(client)));
    }

    [Fact]
    public async Task Stream_ShowsAnIncidentAndThatItWasAcknowledged()
    {
        await using var silo = await RunningSilo.Start(_data, Settings);
        var device = await silo.Seed();
        using var client = await Open(silo, device);
        var uploaded = await silo.Upload(device, """[{"ts":"2026-01-15T14:30:23Z","series":"tamper_detected","val":null,"unit":null}]""");
        Assert.Equal(200, uploaded.Status);
        var opened = JsonDocument.Parse((await Bounded(Next(client, FeedKinds.Incident, _ => true))).Data).RootElement;
        Assert.Equal(
            ("tamper_detected", $"device:{device.Id}", "open", "critical"),
            (Text(opened, "rule_id"), Text(opened, "subject"), Text(opened, "status"), Text(opened, "severity")));

        // Until somebody does, nothing says that it was.
        var id = Text(opened, "id");
        Assert.False(opened.TryGetProperty("acknowledged_by", out _));
        Assert.Equal(200, (await silo.Send(HttpMethod.Post, $"/api/incidents/{id}/acknowledge", device.ProjectKey)).Status);
        var acknowledged = JsonDocument.Parse(
            (await Bounded(Next(client, FeedKinds.Incident, i => Text(i, "status") != "open"))).Data).RootElement;
        Assert.Equal((id, "acknowledged"), (Text(acknowledged, "id"), Text(acknowledged, "status")));
        Assert.StartsWith("key:", Text(acknowledged, "acknowledged_by"));
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    /// <summary>A reader that hears all from here on.</summary>
    private static async Task<StreamClient> Open(RunningSilo silo, SeededDevice device)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/stream");
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(device.ProjectKey)));
        var client = await StreamClient.Open(silo.Http, request);
        await Bounded(Next(client, "ready", _ => true));
        return client;
    }

    private static async Task<StreamClient> Watch(RunningSilo silo)
    {
        var device = await silo.Seed();
        var changed = await silo.Send(
            HttpMethod.Patch, $"/api/devices/{device.Id}", device.ProjectKey, """{"config":{"upload_interval_s":1}}""");
        Assert.Equal(200, changed.Status);
        var client = await Open(silo, device);
        var uploaded = await silo.Upload(device, """[{"ts":"2026-01-15T14:30:23Z","series":"power_outage","val":null,"unit":null}]""");
        Assert.Equal(200, uploaded.Status);
        await Bounded(Next(client, FeedKinds.Event, e => e.GetProperty("event_type").GetString() == "power_outage"));
        await IsShownOnline(silo, device, client);
        await Bounded(Next(client, FeedKinds.Twin, t => !t.GetProperty("online").GetBoolean()));
        return client;
    }

    /// <summary>
    /// The device goes on uploading until it is shown: only the newest twin is told, and on a machine that stood still for two seconds that
    /// is the one that fell silent.
    /// </summary>
    private static async Task IsShownOnline(RunningSilo silo, SeededDevice device, StreamClient client)
    {
        var shown = Next(client, FeedKinds.Twin, t => t.GetProperty("online").GetBoolean());
        var second = 0;
        await Eventually.Holds(
            async () =>
            {
                if (shown.IsCompleted)
                    return true;
                var uploaded = await silo.Upload(device, $"[{Records.Point("temp", ++second, 1)}]");
                Assert.Equal(200, uploaded.Status);
                return false;
            },
            () => "The device was never shown online.");
        await shown;
    }

    /// <summary>Reads until something comes; its absence ends the test.</summary>
    private static async Task<ServerSent> Next(StreamClient client, string kind, Func<JsonElement, bool> isIt)
    {
        while (await client.Next() is { } next)
        {
            if (next.Kind == kind && isIt(JsonDocument.Parse(next.Data).RootElement))
                return next;
        }

        throw new InvalidOperationException("The stream has ended.");
    }

    private static async Task<ServerSent?> End(StreamClient client)
    {
        try
        {
            while (await client.Next() is not null)
            {
                // What was under way.
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Cut off is an end as well: the client of the test goes with its server.
        }

        return null;
    }

    /// <summary>The limit only keeps a broken test from hanging.</summary>
    private static Task<T> Bounded<T>(Task<T> task) => task.WaitAsync(TimeSpan.FromMinutes(2));
}
