using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EsoCore.Benchmarks.Server;

namespace EsoCore.Benchmarks.Events;

/// <summary>
/// A storm of events: how long it takes from the answer to an upload until the message about it is at its receiver, how many messages a
/// storm makes, and what memory it takes. Server, devices and receiver share one machine.
/// </summary>
internal static class EventsBenchmark
{
    private const string Critical = "emergency_stop_activated";
    private const int InFlight = 32;

    /// <summary>How long messages may take after the last upload before they count as lost.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Everything else that the devices tell: most of it touches a default rule.</summary>
    private static readonly (string Name, string Meta)[] Others =
    [
        ("safety_edge_triggered", "{}"), ("sensor_fault", """{"sensor_id":"S1"}"""), ("server_unreachable", """{"retry_count":7}"""),
        ("asset_obstruction", "{}"), ("watchdog_reset", "{}"), ("low_voltage", "{}"),
    ];

    internal static async Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        var (devices, events, seconds) = (arguments.Get("devices", 1_000), arguments.Get("events", 100_000), arguments.Get("seconds", 60));
        var data = Directory.CreateTempSubdirectory("esocore-events-").FullName;
        try
        {
            await using var receiver = await StormReceiver.Start();
            using var server = new ServerProcess(data);
            server.Environment["ESOCORE__NOTIFICATIONS__ALLOWEDNETWORKS__0"] = "127.0.0.0/8";
            await server.Start();
            var project = await SeededProject.Create(server.Url, devices);
            await Wire(project, receiver);
            var idle = server.PeakMemory;
            var (answered, lasted) = await Storm(server, project, devices, events, TimeSpan.FromSeconds(seconds));
            await Settle(receiver, devices);
            var waits = await Waits(project, receiver, answered);
            var text = Report(arguments.Get("date"), devices, events, lasted, receiver, waits, idle, server);
            Console.WriteLine(text);
            if (!arguments.Has("no-file"))
                Results.Write("events.md", text);
            return 0;
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task Wire(SeededProject project, StormReceiver receiver)
    {
        await project.Send(HttpMethod.Post, "/api/channels",
            $$"""{"id":"hook","name":"Hook","kind":"webhook","url":"{{receiver.Url}}/hook","secret":"0123456789abcdef0123456789abcdef"}""");
        foreach (var team in (string[])["safety", "security", "maintenance", "it"])
            await project.Send(HttpMethod.Patch, $"/api/teams/{team}", """{"members":["channel:hook"]}""");
    }

    /// <summary>Sends the events, evenly over the time: when each device's critical one was answered, and how long it really took.</summary>
    private static async Task<(Dictionary<Guid, long> Answered, TimeSpan Lasted)> Storm(
        ServerProcess server, SeededProject project, int devices, int events, TimeSpan duration)
    {
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = InFlight });
        var random = new Random(20261122);
        var ids = project.DeviceIds.ToArray();
        const int Each = 10;
        var batches = events / Each;
        var criticalIn = ids.ToDictionary(id => id, _ => random.Next(batches / devices));
        var answered = new Dictionary<Guid, long>();
        var start = TimeProvider.System.GetTimestamp();
        using var room = new SemaphoreSlim(InFlight);
        var running = new List<Task>();
        for (var number = 0; number < batches; number++)
        {
            var (id, round) = (ids[number % devices], number / devices);
            var due = duration * ((double)number / batches) - TimeProvider.System.GetElapsedTime(start);
            if (due > TimeSpan.FromMilliseconds(1))
                await Task.Delay(due, TimeProvider.System);
            await room.WaitAsync();
            running.Add(Send(id, Body(number, Each, criticalIn[id] == round), criticalIn[id] == round));
        }

        await Task.WhenAll(running);
        return (answered, TimeProvider.System.GetElapsedTime(start));

        async Task Send(Guid id, byte[] body, bool isCritical)
        {
            try
            {
                using var request = project.Batch(server.Url, id, Guid.NewGuid(), body, Convert.ToHexStringLower(SHA256.HashData(body)));
                using var answer = await http.SendAsync(request);
                answer.EnsureSuccessStatusCode();
                await answer.Content.ReadAsByteArrayAsync();
                if (isCritical)
                {
                    lock (answered)
                        answered[id] = TimeProvider.System.GetTimestamp();
                }
            }
            finally
            {
                room.Release();
            }
        }
    }

    private static byte[] Body(int batch, int each, bool isCritical)
    {
        var now = TimeProvider.System.GetUtcNow();
        var records = new StringBuilder("[");
        for (var i = 0; i < each; i++)
        {
            var (name, meta) = i == 0 && isCritical ? (Critical, "{}") : Others[(batch + i) % Others.Length];
            var at = now.AddMilliseconds(-i).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
            records.Append(i == 0 ? "" : ",")
                .Append($$"""{"ts":"{{at}}","series":"{{name}}","val":null,"unit":null,"meta":{{meta}}}""");
        }

        return Encoding.UTF8.GetBytes(records.Append(']').ToString());
    }

    /// <summary>Waits until all critical incidents were told, or no more can be hoped for.</summary>
    private static async Task Settle(StormReceiver receiver, int devices)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (receiver.Told(Critical) < devices && TimeProvider.System.GetElapsedTime(start) < Patience)
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
    }

    /// <summary>
    /// From each device's answer until its incident was told of, in milliseconds, in order; infinite for one that never was.
    /// </summary>
    private static async Task<List<double>> Waits(SeededProject project, StormReceiver receiver, Dictionary<Guid, long> answered)
    {
        var incidents = (await project.ReadAll($"/api/incidents?rule={Critical}&limit=100", "incidents")).ToLookup(
            incident => incident.GetProperty("device_id").GetGuid(), incident => incident.GetProperty("id").GetGuid());
        return [.. answered.Select(pair => incidents[pair.Key].Min(receiver.ToldAt) is { } told
            ? TimeProvider.System.GetElapsedTime(pair.Value, told).TotalMilliseconds : double.PositiveInfinity).Order()];
    }

    private static string Report(
        string? date, int devices, int events, TimeSpan lasted, StormReceiver receiver, List<double> waits, long idle,
        ServerProcess server) =>
        new StringBuilder()
            .AppendLine("# A storm of events").AppendLine()
            .AppendLine($"Machine: {Machine.Describe()}; server (SQLite), devices and receiver on it. {date}").AppendLine()
            .AppendLine(
                $"`dotnet run -c Release --project Benchmarks -- events`: {events:N0} events of {devices:N0} devices in {lasted.TotalSeconds:N1} s, ten a batch, with the "
                + "rules that every project begins with; each device stops in an emergency once. The wait is from the answer to that upload, "
                + "which leaves after the commit, to the message that names the incident, at a webhook; one that none names counts as never told.").AppendLine()
            .AppendLine("| what | |").AppendLine("|---|---:|")
            .AppendLine(CultureInfo.InvariantCulture, $"| critical messages: median | {Ms(Quantile(waits, 0.5))} |")
            .AppendLine(CultureInfo.InvariantCulture, $"| critical messages: 99th percentile (aim 5,000 ms) | {Ms(Quantile(waits, 0.99))} |")
            .AppendLine(CultureInfo.InvariantCulture, $"| critical messages: longest | {Ms(Quantile(waits, 1))} |")
            .AppendLine(CultureInfo.InvariantCulture, $"| critical incidents told by name / in all | {waits.Count(double.IsFinite):N0} / {devices:N0} |")
            .AppendLine(CultureInfo.InvariantCulture, $"| messages sent | {receiver.Messages:N0} |")
            .AppendLine(CultureInfo.InvariantCulture, $"| notices in them | {receiver.Notices:N0} |")
            .AppendLine(CultureInfo.InvariantCulture, $"| events a message | {(double)events / Math.Max(1, receiver.Messages):N0} |")
            .AppendLine(CultureInfo.InvariantCulture, $"| largest resident set: before the storm, after | {idle >> 20:N0} MiB, {server.PeakMemory >> 20:N0} MiB |")
            .AppendLine(CultureInfo.InvariantCulture, $"| processor time of the server | {server.ProcessorTime.TotalSeconds:N1} s |")
            .ToString();

    private static string Ms(double value) => double.IsFinite(value) ? $"{value:N0} ms" : "never";

    private static double Quantile(List<double> sorted, double share) =>
        sorted.Count == 0 ? double.PositiveInfinity : sorted[Math.Min(sorted.Count - 1, (int)Math.Ceiling(share * sorted.Count) - 1)];
}
