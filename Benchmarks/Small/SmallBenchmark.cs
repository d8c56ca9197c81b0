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
        List<double> rows = [], grain = [], http = [];

        await using (var grains = await GrainCalls.Start(atGrain.ConnectionString, devices, commitConnections: connections))
        {
            for (var round = 0; round < rounds; round++)
            {
                rows.Add(await baseline.Run(seconds));
                grain.Add(await grains.Run(TimeSpan.FromSeconds(seconds)));
            }
        }

        using (var server = overHttp.Server())
        {
            if (connections is { } number)
                server.Environment["ESOCORE__STORAGE__COMMITCONNECTIONS"] = $"{number}";
            await server.Start();
            var calls = await HttpCalls.Start(server, devices);
            for (var round = 0; round < rounds; round++)
            {
                rows.Add(await baseline.Run(seconds));
                http.Add(await calls.Run(TimeSpan.FromSeconds(seconds)));
            }
        }

        var text = Report(devices, seconds, rounds, rows, grain, http, arguments.Get("date"));
        Console.WriteLine(text);
        if (!arguments.Has("no-file"))
            Results.Write("small.md", text);
        return 0;
    }

    private static string Report(int devices, int seconds, int rounds, List<double> rows, List<double> grain, List<double> http, string? date)
    {
        var baseline = Median(rows);
        string Line(string what, List<double> rates) =>
            $"| {what} | {Median(rates):N0} | {Median(rates) / baseline:N2} | {rates.Min():N0} - {rates.Max():N0} |";
        return new StringBuilder()
            .AppendLine("# Small batches").AppendLine()
            .AppendLine($"Machine: {Machine.Describe()}. {date}").AppendLine()
            .AppendLine($"`dotnet run -c Release --project Benchmarks -- small`: batches of one record from {devices:N0} devices, {InFlight} in flight, "
                + $"PostgreSQL with fsync and synchronous_commit on; {rounds} rounds of {seconds} s, each beside one of the baseline; medians. "
                + "Everything shares the cores.").AppendLine()
            .AppendLine("| what | device commits/s | ratio | lowest - highest |").AppendLine("|---|---:|---:|---:|")
            .AppendLine(Line($"pgbench -M prepared, {InFlight} clients, update of one row of 1 KB (baseline)", rows))
            .AppendLine(Line("at the grain call", grain))
            .AppendLine(Line("over HTTP", http)).AppendLine()
            .AppendLine("Aim: at least as many as the baseline at the grain call, at least 0.6 of it over HTTP.").ToString();
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
