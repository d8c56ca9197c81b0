using System.Text;
using EsoCore.Benchmarks.Postgres;
using EsoCore.Benchmarks.Server;

namespace EsoCore.Benchmarks.Ingest;

/// <summary>
/// Durable points per second, end to end over HTTP on loopback: this process sends (its batches made beforehand), the server is a process
/// of its own. Beside it, in the same run, the same points as plain rows: of SQLite, or with <c>--postgres</c> of PostgreSQL. Each
/// measurement has an empty store.
/// </summary>
internal static class IngestBenchmark
{
    /// <summary>Batches that each device sends before it counts, so that caches and files are those of a running server.</summary>
    private const int WarmBatches = 12;

    private static readonly DateTimeOffset Start = new(2026, 1, 10, 6, 0, 0, TimeSpan.Zero);

    private sealed record Measured(
        string Name, double PointsPerSecond, BatchSender.Run? Run, double Points, double BytesPerPoint, double? MergedBytesPerPoint, long PeakMemory);

    internal static async Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        var (devices, each, rounds) = (arguments.Get("devices", 16), arguments.Get("batches", 24), arguments.Get("rounds", 3));
        var batches = Enumerable.Range(0, devices).SelectMany(d => BatchFactory.Make(d, each, Start, seed: 1)).ToList();
        await using var postgres = arguments.Has("postgres") ? await PostgresInstance.Launch(PostgresInstance.Durable) : null;
        var all = new List<Measured>();
        for (var round = 0; round < rounds; round++)
        {
            all.Add(await On(postgres, target => Rows(target, postgres is null ? "SQLite" : "PostgreSQL", batches)));
            all.Add(await On(postgres, target => Ingest("fresh", target, devices, batches, late: false, times: 1)));
            all.Add(await On(postgres, target => Ingest("backfill (all below the high-water mark)", target, devices, batches, late: true, times: 1)));
            all.Add(await On(postgres, target => Ingest("every batch sent twice", target, devices, batches, late: false, times: 2)));
        }

        var load = new Load(devices, each, rounds, batches.Average(b => b.Body.Length), postgres is not null);
        var text = Report(all, load, arguments.Get("date"));
        Console.WriteLine(text);
        if (!arguments.Has("no-file"))
            Results.Write(postgres is null ? "ingest.md" : "ingest-postgres.md", text);
        return 0;
    }

    private static async Task<Measured> Rows(IngestTarget target, string where, List<GeneratedBatch> batches)
    {
        var (rate, bytes) = await target.Rows(Warm(batches.Max(b => b.Device) + 1, late: false), batches);
        return new Measured($"rows in {where} (baseline)", rate, null, batches.Sum(b => (double)b.Points.Length), bytes, null, 0);
    }

    private static async Task<Measured> Ingest(string name, IngestTarget target, int devices, List<GeneratedBatch> batches, bool late, int times)
    {
        using var server = target.Server();
        await server.Start();
        var project = await SeededProject.Create(server.Url, devices);
        var sender = new BatchSender(server, project);
        var warm = Warm(devices, late);
        await sender.Send(warm);
        var run = await sender.Send(batches, times);
        var points = batches.Sum(b => (double)b.Points.Length);
        var peak = server.PeakMemory;
        server.Kill();
        var stored = points + warm.Sum(b => b.Points.Length);
        var (asTheyCame, merged) = await target.Bytes();
        return new Measured(name, points / run.Seconds, run, points, asTheyCame / stored, merged / stored, peak);
    }

    /// <summary>What comes before; for backfill it lies after all that follows.</summary>
    private static List<GeneratedBatch> Warm(int devices, bool late) =>
        [.. Enumerable.Range(0, devices).SelectMany(d => BatchFactory.Make(d, WarmBatches, Start.AddDays(late ? 20 : -20), seed: 2))];

    private static async Task<Measured> On(PostgresInstance? postgres, Func<IngestTarget, Task<Measured>> measure)
    {
        await using IngestTarget target = postgres is null ? new SqliteTarget() : await PostgresTarget.Create(postgres);
        return await measure(target);
    }

    /// <summary>What was sent.</summary>
    private sealed record Load(int Devices, int BatchesEach, int Rounds, double BatchBytes, bool OnPostgres);

    private static string Report(List<Measured> all, Load load, string? date)
    {
        var postgres = load.OnPostgres ? " --postgres" : "";
        var text = new StringBuilder()
            .AppendLine(load.OnPostgres ? "# Ingest over HTTP into PostgreSQL" : "# Ingest over HTTP").AppendLine()
            .AppendLine($"Machine: {Machine.Describe()}. {date}").AppendLine()
            .AppendLine($"`dotnet run -c Release --project Benchmarks -- ingest{postgres}`: {load.Devices} devices side by side, {load.BatchesEach} gzip "
                + $"batches each ({load.BatchBytes / 1024:N0} KiB) of 5,000 records over 8 series, after {WarmBatches} each that do not count; {load.Rounds} "
                + "rounds, medians. Sender, server and storage share the cores.").AppendLine()
            .AppendLine("| what | durable points/s | ratio | CPU s per million points: sender | server | p50 ms | p99 ms | bytes/point | merged | peak MiB |")
            .AppendLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        var baseline = Median(all.Where(m => m.Run is null).Select(m => m.PointsPerSecond));
        foreach (var group in all.GroupBy(m => m.Name))
        {
            var rate = Median(group.Select(m => m.PointsPerSecond));
            string Of(Func<Measured, double> pick, string format) => group.First().Run is null ? "" : Median(group.Select(pick)).ToString(format);
            text.AppendLine($"| {group.Key} | {rate:N0} | {rate / baseline:N2} | {Of(m => m.Run!.SenderCpuSeconds / m.Points * 1e6, "N2")} | "
                + $"{Of(m => m.Run!.ServerCpuSeconds / m.Points * 1e6, "N2")} | {Of(m => At(m.Run!.LatenciesMs, 0.5), "N0")} | "
                + $"{Of(m => At(m.Run!.LatenciesMs, 0.99), "N0")} | {Median(group.Select(m => m.BytesPerPoint)):N1} | "
                + $"{(group.First().MergedBytesPerPoint is null ? "" : Median(group.Select(m => m.MergedBytesPerPoint!.Value)).ToString("N1"))} | "
                + $"{Of(m => m.PeakMemory / 1048576.0, "N0")} |");
        }

        return text.AppendLine().AppendLine(load.OnPostgres
            ? "Aim: at least 2.5 times the baseline, which copies on as many connections as there are cores; merged, at most a tenth of its bytes. "
                + "Bytes are those of the tables of points with all their indexes at the end of the run, and then of the merged ones alone, once "
                + "merging has caught up: the room that merged blocks leave is used again."
            : "Aim: at least 3 times the baseline. Bytes are those of the file at the end of the run, the log included, before merging has caught up.")
            .ToString();
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private static double At(double[] sorted, double quantile) => sorted[(int)Math.Min(sorted.Length - 1, quantile * sorted.Length)];
}
