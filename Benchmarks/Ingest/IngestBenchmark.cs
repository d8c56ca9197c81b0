using System.Text;
using EsoCore.Benchmarks.Server;

namespace EsoCore.Benchmarks.Ingest;

/// <summary>
/// Durable points per second, end to end over HTTP on loopback: this process sends (its batches made beforehand), the server is a process
/// of its own. Beside it, in the same run, the same points as plain rows of SQLite. Each round has a fresh directory for either.
/// </summary>
internal static class IngestBenchmark
{
    private static readonly DateTimeOffset Start = new(2026, 1, 10, 6, 0, 0, TimeSpan.Zero);

    private sealed record Measured(string Name, double PointsPerSecond, BatchSender.Run? Run, double Points, double BytesPerPoint, long PeakMemory);

    internal static async Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        var (devices, each, rounds) = (arguments.Get("devices", 16), arguments.Get("batches", 24), arguments.Get("rounds", 3));
        var batches = Enumerable.Range(0, devices).SelectMany(d => BatchFactory.Make(d, each, Start, seed: 1)).ToList();
        var all = new List<Measured>();
        for (var round = 0; round < rounds; round++)
        {
            all.Add(await InDirectory(directory => Task.FromResult(Rows(directory, batches))));
            all.Add(await InDirectory(directory => Ingest("fresh", directory, devices, batches, late: false, times: 1)));
            all.Add(await InDirectory(directory => Ingest("backfill (all below the high-water mark)", directory, devices, batches, late: true, times: 1)));
            all.Add(await InDirectory(directory => Ingest("every batch sent twice", directory, devices, batches, late: false, times: 2)));
        }

        var text = Report(all, devices, each, rounds, arguments.Get("date"), batches);
        Console.WriteLine(text);
        if (!arguments.Has("no-file"))
            Results.Write("ingest.md", text);
        return 0;
    }

    private static Measured Rows(string directory, List<GeneratedBatch> batches)
    {
        var (rate, bytes) = RowBaseline.Run(directory, batches);
        return new Measured("rows in SQLite (baseline)", rate, null, batches.Sum(b => (double)b.Points.Length), bytes, 0);
    }

    private static async Task<Measured> Ingest(string name, string directory, int devices, List<GeneratedBatch> batches, bool late, int times)
    {
        using var server = new ServerProcess(directory);
        await server.Start();
        var project = await SeededProject.Create(server, devices);
        var sender = new BatchSender(server, project);
        // One batch of each device warms up both ends; for backfill it lies after all that follows.
        var warm = Enumerable.Range(0, devices).SelectMany(d => BatchFactory.Make(d, 1, Start.AddDays(late ? 20 : -20), seed: 2)).ToList();
        await sender.Send(warm);
        var run = await sender.Send(batches, times);
        var points = batches.Sum(b => (double)b.Points.Length);
        var peak = server.PeakMemory;
        server.Kill();
        var bytes = Directory.GetFiles(directory, "esocore.db*").Sum(f => new FileInfo(f).Length) / (points + warm.Sum(b => b.Points.Length));
        return new Measured(name, points / run.Seconds, run, points, bytes, peak);
    }

    private static async Task<Measured> InDirectory(Func<string, Task<Measured>> measure)
    {
        var directory = Directory.CreateTempSubdirectory("esocore-bench-").FullName;
        try
        {
            return await measure(directory);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static string Report(List<Measured> all, int devices, int each, int rounds, string? date, List<GeneratedBatch> batches)
    {
        var raw = batches.Average(b => b.Body.Length);
        var text = new StringBuilder()
            .AppendLine("# Ingest over HTTP").AppendLine()
            .AppendLine($"Machine: {Machine.Describe()}. {date}").AppendLine()
            .AppendLine($"`dotnet run -c Release --project Benchmarks -- ingest`: {devices} devices side by side, {each} gzip batches each "
                + $"({raw / 1024:N0} KiB) of 5,000 records over 8 series; {rounds} rounds, medians. Sender and server share the cores.").AppendLine()
            .AppendLine("| what | durable points/s | ratio | CPU s per million points: sender | server | p50 ms | p99 ms | file bytes/point | peak MiB |")
            .AppendLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        var baseline = Median(all.Where(m => m.Run is null).Select(m => m.PointsPerSecond));
        foreach (var group in all.GroupBy(m => m.Name))
        {
            var rate = Median(group.Select(m => m.PointsPerSecond));
            string Of(Func<Measured, double> pick, string format) => group.First().Run is null ? "" : Median(group.Select(pick)).ToString(format);
            text.AppendLine($"| {group.Key} | {rate:N0} | {rate / baseline:N2} | {Of(m => m.Run!.SenderCpuSeconds / m.Points * 1e6, "N2")} | "
                + $"{Of(m => m.Run!.ServerCpuSeconds / m.Points * 1e6, "N2")} | {Of(m => At(m.Run!.LatenciesMs, 0.5), "N0")} | "
                + $"{Of(m => At(m.Run!.LatenciesMs, 0.99), "N0")} | {Median(group.Select(m => m.BytesPerPoint)):N1} | {Of(m => m.PeakMemory / 1048576.0, "N0")} |");
        }

        return text.AppendLine().AppendLine("Aim: at least 3 times the baseline. File bytes are those of the moment the run ends, the log included, before merging has caught up.").ToString();
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private static double At(double[] sorted, double quantile) => sorted[(int)Math.Min(sorted.Length - 1, quantile * sorted.Length)];
}
