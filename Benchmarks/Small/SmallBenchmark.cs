using System.Globalization;
using System.Text;
using EsoCore.Benchmarks.Postgres;
using EsoCore.Benchmarks.Server;

namespace EsoCore.Benchmarks.Small;

/// <summary>
/// Batches of one record from many devices, 100 in flight, each durable when it is answered: device commits per second at the grain call and
/// over HTTP, beside pgbench doing updates of single rows of 1 KB on the same server, in turn.
/// </summary>
internal static class SmallBenchmark
{
    internal const int InFlight = 100;
    private const int Devices = 10_000;

    internal static async Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        var (seconds, rounds) = (arguments.Get("seconds", 10), arguments.Get("rounds", 3));
        var devices = arguments.Get("devices", Devices);
        int? connections = arguments.Get("connections") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : null;
        await using var postgres = await PostgresInstance.Launch(PostgresInstance.Durable);
        var baseline = await RowUpdates.Create(postgres, devices);
        await using var atGrain = await PostgresTarget.Create(postgres);
        await using var overHttp = await PostgresTarget.Create(postgres);
        List<Rate> rows = [], grain = [], http = [];
        var self = Environment.ProcessId;
        async Task<Rate> Measure(Func<Task<double>> run, Func<double> program)
        {
            var (programBefore, databaseBefore) = (program(), CpuTime.OfFamily(postgres.ProcessId));
            var rate = await run();
            var microseconds = 1e6 / (rate * seconds);
            return new Rate(
                rate, (program() - programBefore) * microseconds, (CpuTime.OfFamily(postgres.ProcessId) - databaseBefore) * microseconds);
        }

        if (arguments.Get("only") is not "http")
        {
            await using var grains = await GrainCalls.Start(atGrain.ConnectionString, devices, commitConnections: connections);
            for (var round = 0; round < rounds; round++)
            {
                rows.Add(await Measure(() => baseline.Run(seconds), () => CpuTime.OfEndedChildren(self)));
                grain.Add(await Measure(() => grains.Run(TimeSpan.FromSeconds(seconds)), () => CpuTime.Of(self)));
            }
        }

        if (arguments.Get("only") is not "grain")
        {
            using var server = overHttp.Server();
            if (connections is { } number)
                server.Environment["ESOCORE__STORAGE__COMMITCONNECTIONS"] = $"{number}";
            await server.Start();
            var calls = await HttpCalls.Start(server, devices);
            for (var round = 0; round < rounds; round++)
            {
                rows.Add(await Measure(() => baseline.Run(seconds), () => CpuTime.OfEndedChildren(self)));
                http.Add(await Measure(() => calls.Run(TimeSpan.FromSeconds(seconds)), () => server.ProcessorTime.TotalSeconds));
            }
        }

        var text = Report(devices, seconds, rounds, rows, grain, http, arguments.Get("date"));
        Console.WriteLine(text);
        if (!arguments.Has("no-file") && arguments.Get("only") is null)
            Results.Write("small.md", text);
        return 0;
    }

    private static string Report(int devices, int seconds, int rounds, List<Rate> rows, List<Rate> grain, List<Rate> http, string? date)
    {
        var baseline = Median(rows);
        string Line(string what, List<Rate> rates) =>
            $"| {what} | {Median(rates):N0} | {Median(rates) / baseline:N2} "
                + $"| {rates.Min(r => r.PerSecond):N0} - {rates.Max(r => r.PerSecond):N0} "
                + $"| {Median(rates.Select(r => r.ProgramUs)):N0} | {Median(rates.Select(r => r.DatabaseUs)):N0} |";
        return new StringBuilder()
            .AppendLine("# Small batches").AppendLine()
            .AppendLine($"Machine: {Machine.Describe()}. {date}").AppendLine()
            .AppendLine($"`dotnet run -c Release --project Benchmarks -- small`: batches of one record from {devices:N0} devices, {InFlight} in flight, "
                + $"PostgreSQL with fsync and synchronous_commit on; {rounds} rounds of {seconds} s, each beside one of the baseline; medians. "
                + "Everything shares the cores; the program is the server, without the sender of the last line, or pgbench.").AppendLine()
            .AppendLine("| what | device commits/s | ratio | lowest - highest | CPU µs each: program | database |")
            .AppendLine("|---|---:|---:|---:|---:|---:|")
            .AppendLine(Line($"pgbench -M prepared, {InFlight} clients, update of one row of 1 KB (baseline)", rows))
            .AppendJoin("", grain.Count == 0 ? [] : [Line("at the grain call", grain), Environment.NewLine])
            .AppendJoin("", http.Count == 0 ? [] : [Line("over HTTP", http), Environment.NewLine]).AppendLine()
            .AppendLine("Aim: at least as many as the baseline at the grain call, at least 0.6 of it over HTTP.").ToString();
    }

    private static double Median(List<Rate> rates) => Median(rates.Select(r => r.PerSecond));

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    /// <summary>One round: commits a second, and what each took of the cores.</summary>
    private sealed record Rate(double PerSecond, double ProgramUs, double DatabaseUs);
}
