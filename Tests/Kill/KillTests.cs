using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EsoCore.Benchmarks.Server;
using EsoCore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace EsoCore.Tests.Kill;

/// <summary>
/// kill -9 of the server at random moments under load. Nothing acknowledged is missing, nothing is stored twice, the twins agree with
/// the store, and what the assets and the site count agrees with the events: at least once made exactly once.
/// </summary>
public class KillTests(ITestOutputHelper output)
{
    private const int Kills = 24;
    private const int Devices = 6;
    private const int RecordsABatch = 60;

    [Fact]
    public async Task Kill_AtRandomMomentsUnderLoad_LosesAndDoublesNothing()
    {
        var data = Directory.CreateTempSubdirectory("esocore-kill-").FullName;
        using var silo = new ServerProcess(data);
        await silo.Start();
        var project = await SeededProject.Create(silo, Devices);
        var load = new KillLoad(silo, project, RecordsABatch);
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var uploads = project.DeviceIds.Select(load.Run).ToArray();
        for (var kill = 0; kill < Kills; kill++)
        {
            // The moment is drawn in requests, so that it falls anywhere inside a request, a commit or an answer.
            await load.Requests(random.Next(1, 40));
            silo.Kill();
            await silo.Start();
            load.Restarted();
        }

        load.Finish();
        await Task.WhenAll(uploads);
        output.WriteLine($"{Kills} kills, {load.Acknowledged} batches acknowledged, {load.Retries} re-sent, {load.Replayed} answered by the ledger");
        Assert.True(load.Retries > 0, "No request was ever cut: the test did not test.");
        foreach (var id in project.DeviceIds)
            await Agree(project, load, id);
        await CountsAgree(silo, project, load);
        // One kill more with everything delivered: whatever was still unconfirmed is sent again before the cycle that follows, so a
        // repeat that counts twice shows in the sums after it.
        silo.Kill();
        await silo.Start();
        foreach (var id in project.DeviceIds)
            await load.OneMoreCycle(id);
        await CountsAgree(silo, project, load);
        silo.Dispose();
        Directory.Delete(data, recursive: true);
    }

    private static async Task Agree(SeededProject project, KillLoad load, Guid device)
    {
        var sent = load.SentBy(device);
        var points = await project.ReadAll($"/api/devices/{device}/points?limit=10000", "points");
        var stored = points.Select(p => (
            Metric: p.GetProperty("metric").GetString()!, Ts: p.GetProperty("ts").GetDateTimeOffset(), Value: p.GetProperty("value").GetDouble())).ToList();
        Assert.Equal(sent.Points.Order(), stored.Order());
        var events = await project.ReadAll($"/api/devices/{device}/events?limit=10000", "events");
        Assert.Equal(sent.Cycles.Order(), events.Select(e => e.GetProperty("ts").GetDateTimeOffset()).Order());
        var twin = await project.Read($"/api/devices/{device}/twin");
        var counters = twin.GetProperty("counters");
        Assert.Equal(sent.Records, counters.GetProperty("accepted").GetInt64());
        Assert.Equal(sent.AnsweredDuplicates, counters.GetProperty("duplicates").GetInt64());
        Assert.Equal(sent.Batches, counters.GetProperty("batches").GetInt64());
        foreach (var series in twin.GetProperty("series").EnumerateArray())
        {
            var own = stored.Where(p => p.Metric == series.GetProperty("metric").GetString()).ToList();
            Assert.Equal(own.Count, series.GetProperty("points").GetInt64());
            Assert.Equal(own.Max(p => p.Ts), series.GetProperty("last_ts").GetDateTimeOffset());
        }

        Assert.Equal(sent.Batches, (await project.ReadAll($"/api/devices/{device}/batches?limit=10000", "batches")).Count);
    }

    private static async Task CountsAgree(ServerProcess silo, SeededProject project, KillLoad load)
    {
        foreach (var device in project.DeviceIds)
        {
            var expected = load.SentBy(device).Cycles.Count;
            await Eventually.Holds(
                async () => Cycles(await project.Read($"/api/assets/{project.AssetOf(device)}")) is var (opened, closed) && opened + closed >= expected,
                () => $"The asset of {device} never heard of all {expected} cycle events:\n{silo.Log}");
            var (opened, closed) = Cycles(await project.Read($"/api/assets/{project.AssetOf(device)}"));
            Assert.Equal(expected, opened + closed);
        }

        await Eventually.Holds(
            async () => (await project.Read("/api/sites/hall")).GetProperty("online").GetInt32() == project.DeviceIds.Count,
            () => "The site does not know who is online.");
    }

    private static (long Opened, long Closed) Cycles(JsonElement asset)
    {
        var cycles = asset.GetProperty("cycles");
        return (cycles.GetProperty("opened").GetInt64(), cycles.GetProperty("closed").GetInt64());
    }
}
