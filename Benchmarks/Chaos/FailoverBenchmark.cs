using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using EsoCore.Benchmarks.Server;
using EsoCore.Benchmarks.Small;

namespace EsoCore.Benchmarks.Chaos;

/// <summary>
/// After kill -9 of one of three silos: for how long the uploads of a device keep failing, with no retries but the next batch, and how long
/// any call takes. Then a planned shutdown, during which no call may fail.
/// </summary>
internal static class FailoverBenchmark
{
    private const int Devices = 60;
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(12);

    private sealed record Call(int Device, double StartMs, double EndMs, string? Failure)
    {
        internal bool Failed => Failure is not null;
    }

    internal static async Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        var rounds = arguments.Get("rounds", 5);
        await using var cluster = await ClusterProcesses.Start(silos: 3, doors: 2);
        var project = await SeededProject.Create(cluster.DoorUrls[0], Devices);
        List<(double OutageMs, int Hit, double LongestMs)> kills = [];
        List<(int Failed, double LongestMs, int Calls)> stops = [];
        await Observe(cluster, project, () => Task.CompletedTask); // Warm.
        for (var round = 0; round < rounds; round++)
        {
            var silo = cluster.Silos[round % cluster.Silos.Count].Process;
            var calls = await Observe(cluster, project, () => Task.Run(silo.Kill));
            kills.Add((Outage(calls), calls.Where(c => c.Failed).Select(c => c.Device).Distinct().Count(), calls.Max(c => c.EndMs - c.StartMs)));
            await silo.Start();
            calls = await Observe(cluster, project, () => silo.Stop());
            foreach (var (failure, count) in calls.Where(c => c.Failed).CountBy(c => c.Failure!))
                Console.WriteLine($"{count} x {failure}");
            stops.Add((calls.Count(c => c.Failed), calls.Max(c => c.EndMs - c.StartMs), calls.Count));
            await silo.Start();
        }

        var text = Report(kills, stops, arguments.Get("date"));
        Console.WriteLine(text);
        if (!arguments.Has("no-file"))
            Results.Write("failover.md", text);
        return 0;
    }

    /// <summary>Every device uploads, batch after batch, whatever comes of it; meanwhile something happens.</summary>
    private static async Task<List<Call>> Observe(ClusterProcesses cluster, SeededProject project, Func<Task> happening)
    {
        using var http = new HttpClient();
        var calls = new ConcurrentBag<Call>();
        var batches = new SmallBatches(TimeProvider.System.GetUtcNow(), Devices);
        var started = Stopwatch.GetTimestamp();
        var ends = Calm + Watched;
        var uploads = project.DeviceIds.Select((id, device) => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(started) < ends)
            {
                var from = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
                var failure = await Upload(http, cluster.DoorUrls[device % cluster.Doors.Count], project, id, batches.Next(device));
                calls.Add(new Call(device, from, Stopwatch.GetElapsedTime(started).TotalMilliseconds, failure));
                await Task.Delay(Between, TimeProvider.System);
            }
        })).ToArray();
        await Task.Delay(Calm, TimeProvider.System);
        await happening();
        await Task.WhenAll(uploads);
        return [.. calls];
    }

    /// <summary>The longest time from the beginning of a device's first failed call to the end of the next that did not fail.</summary>
    private static double Outage(List<Call> calls)
    {
        double longest = 0;
        foreach (var device in calls.GroupBy(c => c.Device))
        {
            double? since = null;
            foreach (var call in device.OrderBy(c => c.StartMs))
            {
                if (call.Failed)
                    since ??= call.StartMs;
                else if (since is { } began)
                    (longest, since) = (Math.Max(longest, call.EndMs - began), null);
            }

            if (since is { } never)
                longest = Math.Max(longest, device.Max(c => c.EndMs) - never);
        }

        return longest;
    }

    /// <summary>Null when it was taken, otherwise why not.</summary>
    private static async Task<string?> Upload(HttpClient http, Uri door, SeededProject project, Guid device, (byte[] Body, string Hash) batch)
    {
        using var request = project.Batch(door, device, Guid.NewGuid(), batch.Body, batch.Hash);
        try
        {
            using var answer = await http.SendAsync(request);
            return answer.IsSuccessStatusCode ? null : $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
        }
        catch (HttpRequestException e)
        {
            return e.Message;
        }
    }

    private static string Report(
        List<(double OutageMs, int Hit, double LongestMs)> kills, List<(int Failed, double LongestMs, int Calls)> stops, string? date)
    {
        var text = new StringBuilder()
            .AppendLine("# Failover").AppendLine()
            .AppendLine($"Machine: {Machine.Describe()}. {date}").AppendLine()
            .AppendLine($"`dotnet run -c Release --project Benchmarks -- failover`: 3 silos, 2 front doors, {Devices} devices, each sending a batch of one record "
                + $"{Between.TotalMilliseconds:N0} ms after the last was answered, and never the same twice. Everything shares the cores.").AppendLine()
            .AppendLine("| kill -9 of a silo: longest outage of a device, s | devices that met a failure | longest call, s |").AppendLine("|---:|---:|---:|");
        foreach (var (outage, hit, longest) in kills)
            text.AppendLine($"| {outage / 1_000:N2} | {hit} | {longest / 1_000:N2} |");
        text.AppendLine().AppendLine("| planned stop of a silo: failed calls | of | longest call, s |").AppendLine("|---:|---:|---:|");
        foreach (var (failed, longest, calls) in stops)
            text.AppendLine($"| {failed} | {calls} | {longest / 1_000:N2} |");
        return text.AppendLine()
            .AppendLine("Aim: after kill -9 at most 3 s, no call longer than 5 s; planned, no failed call. Orleans with default settings, quoted: 12 to 15 s, "
                + "and calls in flight up to 30 s.").ToString();
    }
}
