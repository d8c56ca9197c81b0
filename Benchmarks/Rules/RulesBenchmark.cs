using System.Net.Http.Json;
using System.Text;
using EsoCore.Benchmarks.Ingest;
using EsoCore.Benchmarks.Server;

namespace EsoCore.Benchmarks.Rules;

/// <summary>
/// What rules cost: durable points per second over HTTP with none, 10 and 100 rules on each device, and with the built-in ones, in one run
/// and in turn. A rule watches one of the eight metrics; most look for what never happens, as in life, one in ten is passed now and then.
/// </summary>
internal static class RulesBenchmark
{
    private const string BuiltIn = "built-in";
    private static readonly DateTimeOffset Start = new(2026, 1, 10, 6, 0, 0, TimeSpan.Zero);

    private sealed record Measured(string Name, double PointsPerSecond, double ServerCpuPerMillion);

    internal static async Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        var (devices, each, rounds) = (arguments.Get("devices", 16), arguments.Get("batches", 96), arguments.Get("rounds", 5));
        var batches = Enumerable.Range(0, devices).SelectMany(d => BatchFactory.Make(d, each, Start, seed: 1)).ToList();
        var warm = Enumerable.Range(0, devices).SelectMany(d => BatchFactory.Make(d, 6, Start.AddDays(-1), seed: 2)).ToList();
        (string Name, int Rules, bool KeepBuiltIn)[] runs =
            [("no rules", 0, false), (BuiltIn, 0, true), ("10 rules", 10, false), ("100 rules", 100, false)];
        var all = new List<Measured>();
        for (var round = 0; round < rounds; round++)
        {
            // Each round in another order, so that none always runs on the warmer (or the more tired) machine.
            foreach (var run in runs.Skip(round % runs.Length).Concat(runs.Take(round % runs.Length)))
                all.Add(await Measure(run.Name, run.Rules, run.KeepBuiltIn, devices, warm, batches));
        }

        var text = Report(all, runs.Select(run => run.Name), devices, each, rounds, arguments.Get("date"));
        Console.WriteLine(text);
        if (!arguments.Has("no-file"))
            Results.Write("rules.md", text);
        return 0;
    }

    private static async Task<Measured> Measure(
        string name, int rules, bool keepBuiltIn, int devices, List<GeneratedBatch> warm, List<GeneratedBatch> batches)
    {
        await using IngestTarget target = new SqliteTarget();
        using var server = target.Server();
        await server.Start();
        var project = await SeededProject.Create(server.Url, devices);
        await SetRules(project.Http, rules, keepBuiltIn);
        var sender = new BatchSender(server, project);
        await sender.Send(warm);
        var run = await sender.Send(batches);
        server.Kill();
        var points = batches.Sum(b => (double)b.Points.Length);
        return new Measured(name, points / run.Seconds, run.ServerCpuSeconds / points * 1e6);
    }

    private static async Task SetRules(HttpClient http, int count, bool keepBuiltIn)
    {
        if (!keepBuiltIn)
        {
            var list = await http.GetFromJsonAsync<System.Text.Json.JsonElement>("/api/rules?limit=1000");
            foreach (var rule in list.GetProperty("rules").EnumerateArray())
                (await http.DeleteAsync($"/api/rules/{rule.GetProperty("id").GetString()}")).EnsureSuccessStatusCode();
        }

        for (var i = 0; i < count; i++)
            (await http.PostAsync("/api/rules", new StringContent(Rule(i), Encoding.UTF8, "application/json"))).EnsureSuccessStatusCode();
    }

    /// <summary>
    /// Of ten rules seven are thresholds (one of which is passed as the values swing), two follow periods, and one watches events.
    /// </summary>
    private static string Rule(int index)
    {
        var (metric, _, _, level, swing, noise) = BatchFactory.Series[index % BatchFactory.Series.Length];
        var far = level + (10 * swing) + (10 * noise);
        var condition = (index % 10) switch
        {
            0 => FormattableString.Invariant(
                $$"""{"type":"threshold","metric":"{{metric}}","above":{{level + (0.9 * swing)}},"clear_above":{{level}},"for_s":60}"""),
            1 => FormattableString.Invariant(
                $$"""{"type":"rate_of_change","metric":"{{metric}}","per":"hour","period_s":600,"above":{{1000 * far}}}"""),
            2 => FormattableString.Invariant(
                $$"""{"type":"window_statistic","metric":"{{metric}}","stat":"rms","period_s":600,"above":{{far}}}"""),
            3 => """{"type":"event","types":["power_outage","tamper_detected"]}""",
            _ => FormattableString.Invariant(
                $$"""{"type":"threshold","metric":"{{metric}}","above":{{far}},"below":{{-far}},"for_s":60}"""),
        };
        return $$"""{"id":"rule-{{index}}","name":"Rule {{index}}","severity":"low","condition":{{condition}}}""";
    }

    private static string Report(List<Measured> all, IEnumerable<string> names, int devices, int each, int rounds, string? date)
    {
        var text = new StringBuilder().AppendLine("# What rules cost").AppendLine().AppendLine($"Machine: {Machine.Describe()}. {date}")
            .AppendLine()
            .AppendLine($"`dotnet run -c Release --project Benchmarks -- rules`: {devices} devices side by side, {each} gzip "
                + "batches each of 5,000 records over 8 series, into the embedded storage; "
                + $"{rounds} rounds in turn, medians. Of ten rules seven are thresholds, two follow periods of ten minutes, one watches "
                + "events. Sender, server and storage share the cores.").AppendLine()
            .AppendLine("| rules on each device | durable points/s | of none | lowest to highest round | server CPU s per million points |")
                .AppendLine("|---|---:|---:|---:|---:|");
        var none = Median(all.Where(m => m.Name == "no rules").Select(m => m.PointsPerSecond));
        foreach (var name in names)
        {
            var runs = all.Where(m => m.Name == name).ToList();
            var rate = Median(runs.Select(m => m.PointsPerSecond));
            var (low, high) = (runs.Min(m => m.PointsPerSecond), runs.Max(m => m.PointsPerSecond));
            text.AppendLine($"| {name} | {rate:N0} | {100 * rate / none:N0} % | {low:N0} to {high:N0} | "
                + $"{Median(runs.Select(m => m.ServerCpuPerMillion)):N2} |");
        }

        return text.AppendLine().AppendLine("Aim: at least 80 % with 10 rules.").ToString();
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
