using System.Diagnostics;
using System.Text;
using EsoCore.Benchmarks.Server;

namespace EsoCore.Benchmarks.Chaos;

/// <summary>What a run came to.</summary>
/// <param name="Faults">How many of each kind.</param>
/// <param name="Missing">Acknowledged and not stored.</param>
/// <param name="Twice">Stored beyond what was sent.</param>
/// <param name="Differences">Everything found wrong.</param>
/// <param name="Logs">The end of each process's log.</param>
internal sealed record ChaosOutcome(
    IReadOnlyDictionary<Fault, int> Faults, long Acknowledged, long Resent, long Replayed, long Missing, long Twice,
    IReadOnlyList<string> Differences, TimeSpan Took, string Logs);

/// <summary>
/// Devices upload through two front doors while silos are killed, stand still, are cut off, and the database fails; then everything that was
/// acknowledged is compared with what is stored. Real processes, real PostgreSQL.
/// </summary>
internal static class ChaosBenchmark
{
    private const int RecordsABatch = 40;
    private const int LogChars = 4_000;

    internal static async Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        var seed = arguments.Get("seed", Random.Shared.Next());
        var (silos, kills, devices) = (arguments.Get("silos", 3), arguments.Get("kills", 50), arguments.Get("devices", 24));
        Console.WriteLine($"seed {seed}");
        var outcome = await Run(
            silos, kills, devices, seed, TimeSpan.FromSeconds(arguments.Get("pause", 20)), TimeSpan.FromSeconds(arguments.Get("cut", 8)), Console.WriteLine);
        var text = Report(silos, devices, seed, outcome, arguments.Get("date"));
        Console.WriteLine(text);
        foreach (var difference in outcome.Differences)
            Console.WriteLine(difference);
        if (outcome.Differences.Count > 0)
            Console.WriteLine(outcome.Logs);
        if (!arguments.Has("no-file"))
            Results.Write("chaos.md", text);
        return outcome.Differences.Count == 0 ? 0 : 1;
    }

    /// <summary>Runs so many faults one after the other, under load, and checks.</summary>
    internal static async Task<ChaosOutcome> Run(
        int silos, int faults, int devices, int seed, TimeSpan pause, TimeSpan cut, Action<string> tell, string settings = Postgres.PostgresInstance.Durable)
    {
        var random = new Random(seed);
        var watch = Stopwatch.StartNew();
        await using var cluster = await ClusterProcesses.Start(silos, doors: 2, settings);
        var project = await SeededProject.Create(cluster.DoorUrls[0], devices);
        var load = new VerifiedLoad(cluster.DoorUrls, project, RecordsABatch);
        var uploads = project.DeviceIds.Select(device => load.Run(device, pause: TimeSpan.FromMilliseconds(50))).ToArray();
        var maker = new FaultMaker(cluster, pause, cut);
        var plan = FaultMaker.Plan(faults, random);
        foreach (var (fault, i) in plan.Select((fault, i) => (fault, i)))
        {
            // The moment is drawn in requests, so that it falls anywhere inside a request, a commit or an answer.
            await load.Requests(random.Next(devices, 8 * devices));
            tell($"{watch.Elapsed:mm\\:ss} {i + 1}/{plan.Count} {fault}, {load.Acknowledged} acknowledged");
            await maker.Make(fault, random);
        }

        load.Finish();
        await Task.WhenAll(uploads);
        await maker.Supervise();
        var check = new StoreCheck(project, load);
        await check.Stored();
        await check.Counted();
        var logs = string.Join('\n', cluster.Silos.Select(s => s.Process).Concat(cluster.Doors).Select(p => p.Log[Math.Max(0, p.Log.Length - LogChars)..]));
        return new ChaosOutcome(
            plan.CountBy(fault => fault).ToDictionary(), load.Acknowledged, load.Retries, load.Replayed, check.Missing, check.Twice,
            check.Differences, watch.Elapsed, logs);
    }

    private static string Report(int silos, int devices, int seed, ChaosOutcome outcome, string? date) => new StringBuilder()
        .AppendLine("# Chaos").AppendLine()
        .AppendLine($"Machine: {Machine.Describe()}. {date}").AppendLine()
        .AppendLine($"`dotnet run -c Release --project Benchmarks -- chaos --silos {silos} --kills {outcome.Faults.Values.Sum()} --seed {seed}`: {devices} devices "
            + $"upload through 2 front doors without pause, {silos} silos, PostgreSQL with fsync on; faults one after the other at random moments; "
            + $"{outcome.Took:h\\:mm\\:ss} in all.").AppendLine()
        .AppendLine("| what | count |").AppendLine("|---|---:|")
        .AppendLine($"| kill -9 of a silo | {outcome.Faults.GetValueOrDefault(Fault.Kill)} |")
        .AppendLine($"| a silo stands still, goes on | {outcome.Faults.GetValueOrDefault(Fault.Pause)} |")
        .AppendLine($"| the database fails and restarts | {outcome.Faults.GetValueOrDefault(Fault.DatabaseRestart)} |")
        .AppendLine($"| a silo is cut off from all others | {outcome.Faults.GetValueOrDefault(Fault.Cut)} |")
        .AppendLine($"| batches acknowledged | {outcome.Acknowledged} |")
        .AppendLine($"| sent again | {outcome.Resent} |")
        .AppendLine($"| of those answered by the ledger | {outcome.Replayed} |")
        .AppendLine($"| acknowledged and missing | {outcome.Missing} |")
        .AppendLine($"| stored twice | {outcome.Twice} |")
        .AppendLine($"| differences of any kind (twins, counters, assets, site) | {outcome.Differences.Count} |").ToString();
}
