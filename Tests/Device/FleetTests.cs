using System.Buffers;
using System.Text;
using System.Text.Json;
using EsoCore.Device;
using EsoCore.Tests.Support;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Device;

public sealed class FleetTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Run_ToItsEnd_UploadsEveryRecordOnce()
    {
        var server = new FakeServer(Answer);
        using var fleet = new Fleet(Options(3, TimeSpan.FromSeconds(30)), _clock, server);
        var summary = Run(fleet);
        var lines = server.Uploads.SelectMany(Lines).ToList();
        Assert.Equal(lines.Count, lines.Distinct().Count());
        Assert.Equal(summary.Recorded, lines.Count);
        Assert.Equal((summary.Recorded, 0L, 0L), (summary.Accepted, summary.Rejected, summary.Retries));
        Assert.InRange(summary.Recorded, 3 * 300, 3 * 320);
        Assert.Equal(3, server.Seen.Count(r => r.PathAndQuery.EndsWith("/heartbeat", StringComparison.Ordinal)));
        Assert.Equal(summary.Batches, server.Uploads.Count());
        Assert.True(summary.RawBytes > summary.SentBytes);
    }

    [Fact]
    public void Run_ServerFailsNowAndThen_LosesNothing()
    {
        var calls = 0;
        var taken = new HashSet<string>();
        var server = new FakeServer(r =>
        {
            if (!r.PathAndQuery.EndsWith("/telemetry/batch", StringComparison.Ordinal))
                return Answer(r);
            var failing = Interlocked.Increment(ref calls) % 3;
            if (failing == 1)
                return FakeServer.Problem(503, "unavailable");
            lock (taken)
                taken.UnionWith(Lines(r));
            return failing == 2 ? throw new HttpRequestException("cut after it was stored") : Answer(r);
        });
        using var fleet = new Fleet(Options(2, TimeSpan.FromSeconds(60)), _clock, server);
        var summary = Run(fleet);
        Assert.True(summary.Retries > 0);
        Assert.NotNull(summary.LastProblem);
        // What the last attempt could not send is still on the card, never more than that.
        var sent = server.Uploads.SelectMany(Lines).Distinct().Count();
        Assert.InRange(taken.Count, 1, summary.Recorded);
        Assert.True(summary.Accepted <= sent && sent <= summary.Recorded);
        foreach (var same in server.Uploads.GroupBy(r => r.Header(WireHeaders.IdempotencyKey)))
            Assert.Single(same.Select(r => r.Header(WireHeaders.ContentSha256)).Distinct());
    }

    [Fact]
    public void Run_AfterALeftOpenCycle_TellsWhatIsOpenOnlyWhenAllWasTaken()
    {
        var left = new OpenCycle("DOOR-1-0-1", _clock.GetUtcNow().AddMinutes(-5));
        var settled = new List<OpenCycle?>();
        var server = new FakeServer(Answer);
        var options = Options(1, TimeSpan.FromMinutes(3));
        options = options with { Devices = [options.Devices[0] with { LeftOpen = left }], CycleSettled = (_, cycle) => settled.Add(cycle) };
        using var fleet = new Fleet(options, _clock, server);
        Run(fleet);

        var events = server.Uploads.SelectMany(Lines).Where(line => line.Contains("\"cycle_")).ToList();
        Assert.Single(events, line => line.Contains("cycle_close") && line.Contains(left.Id));
        Assert.DoesNotContain(left, settled);
        var opened = events.Where(line => line.Contains("cycle_open")).ToList();
        Assert.All(settled.OfType<OpenCycle>(), open => Assert.Contains(opened, line => line.Contains($"\"{open.Id}\"")));
        Assert.Contains(settled, open => open is not null);
    }

    [Fact]
    public void Run_Cancelled_ReturnsItsCounts()
    {
        using var cancel = new CancellationTokenSource(TimeSpan.FromSeconds(12), _clock);
        using var fleet = new Fleet(Options(2, null), _clock, new FakeServer(Answer));
        var summary = Run(fleet, cancel.Token);
        Assert.InRange(summary.Batches, 4, 6);
        Assert.Equal(TimeSpan.FromSeconds(12), summary.Elapsed);
        Assert.Equal(summary, fleet.Snapshot());
    }

    [Fact]
    public async Task Provision_WithoutAKey_SeedsAndMakesSiteAssetsAndDevices()
    {
        var server = new FakeServer(r => r.PathAndQuery switch
        {
            "/v1/seed" => FakeServer.Json(201, """{"project":{"id":"p"},"project_api_key":{"id":"k"},"project_api_key_secret":"s:1"}"""),
            "/api/sites" => FakeServer.Problem(409, "exists"),
            "/api/assets" => FakeServer.Json(201, "{}"),
            _ => FakeServer.Json(201, """{"device_id":"d-1","device_key":{"id":"i","secret":"x"}}"""),
        });
        using var http = new HttpClient(server);
        var provisioner = new FleetProvisioner(http, new Uri("http://server.test"));
        var key = await provisioner.SeedAsync(default);
        Assert.Equal("k:s:1", key);
        var devices = await provisioner.ProvisionAsync(key, 6, "run", default);
        Assert.Equal([MachineKind.Door, MachineKind.Door, MachineKind.Cnc, MachineKind.Robot, MachineKind.Pump, MachineKind.Door], devices.Select(d => d.Kind));
        Assert.Equal(["DOOR-1", "DOOR-2", "CNC-3", "ROBOT-4", "PUMP-5", "DOOR-6"], devices.Select(d => d.AssetId));
        Assert.All(server.Seen.Skip(1), r => Assert.Equal("Basic " + Convert.ToBase64String("k:s:1"u8), r.Header("Authorization")));
        Assert.Equal(("d-1", "x"), (devices[0].Credentials.DeviceId, devices[0].Credentials.Secret));
    }

    [Fact]
    public async Task Seed_SwitchedOff_SaysWhatToDo()
    {
        using var http = new HttpClient(new FakeServer(_ => FakeServer.Problem(404, "not_found")));
        var error = await Assert.ThrowsAsync<ProvisioningException>(() => new FleetProvisioner(http, new Uri("http://server.test")).SeedAsync(default));
        Assert.Contains("--project-key", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LatencyHistogram_Quantiles_AreWithinFivePercent()
    {
        var histogram = new LatencyHistogram();
        for (var i = 1; i <= 1_000; i++)
            histogram.Add(TimeSpan.FromMilliseconds(i));
        Assert.InRange(histogram.Quantile(0.5).TotalMilliseconds, 500, 525);
        Assert.InRange(histogram.Quantile(0.99).TotalMilliseconds, 990, 1_040);
        Assert.Equal(TimeSpan.Zero, new LatencyHistogram().Quantile(0.5));
    }

    private static HttpResponseMessage Answer(SeenRequest request) => request.PathAndQuery.Split('/')[^1] switch
    {
        "handshake" => FakeServer.Json(200, """{"nonce":"n","server_time":"2025-01-15T14:00:00Z","version":"1.0.0","cursors":{}}"""),
        "config" => FakeServer.Json(200, """{"config_version":1}""", ("ETag", "\"1\"")),
        "heartbeat" => FakeServer.Json(200, """{"server_time":"2025-01-15T14:00:00Z","config_version":1,"ota_available":false}"""),
        _ => FakeServer.Taken(Lines(request).Count),
    };

    private static List<string> Lines(SeenRequest request)
    {
        var sink = new ArrayBufferWriter<byte>();
        Assert.True(ContentCodec.TryParse(request.Header("Content-Encoding"), out var coding));
        ContentCodec.Decode(coding, request.Body, sink);
        return [.. Encoding.UTF8.GetString(sink.WrittenSpan).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static FleetOptions Options(int devices, TimeSpan? duration) => new()
    {
        Server = new Uri("http://server.test"),
        Devices = [.. Enumerable.Range(0, devices).Select(i => new FleetDevice(new DeviceCredentials($"d-{i}", "secret"), FleetProvisioner.MachineOf(i).Kind, "main-hall", FleetProvisioner.MachineOf(i).AssetId))],
        Interval = TimeSpan.FromSeconds(5),
        Duration = duration,
    };

    private FleetSnapshot Run(Fleet fleet, CancellationToken cancellation = default) => new ClockPump(_clock).Run(() => fleet.RunAsync(cancellation));
}
