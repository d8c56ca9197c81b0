using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace EsoCore.Benchmarks.Engines;

/// <summary>
/// Both engines side by side: the other benchmarks, run in turn by this build and by the build with the other engine, each in a process of
/// its own, so that what else the machine does falls on both.
/// </summary>
internal static partial class EnginesBenchmark
{
    private const string Program = "EsoCore.Benchmarks.dll";

    /// <summary>What is run, and what is read from it: the row that begins so, and the name of its first figure.</summary>
    private static readonly (string Run, (string Row, string Name)[] Figures)[] Parts =
    [
        ("engine", [
            ("1", "calls/s within a process, 1 caller"), ("16", "calls/s within a process, 16 callers"),
            ("256", "calls/s within a process, 256 callers"), ("bytes per idle grain", "bytes of an idle grain")]),
        ("calls", [
            ("1", "calls/s from silo to silo, 1 in flight"), ("16", "calls/s from silo to silo, 16 in flight"),
            ("256", "calls/s from silo to silo, 256 in flight")]),
        ("ingest --postgres --rounds 1", [
            ("rows in PostgreSQL", "points/s, rows by COPY: the same for both, for the machine's noise"),
            ("fresh", "durable points/s over HTTP on PostgreSQL")]),
        ("small --rounds 1", [
            ("pgbench", "updates/s of pgbench: the same for both, for the machine's noise"),
            ("at the grain call", "device commits/s at the grain call"), ("over HTTP", "device commits/s over HTTP")]),
    ];

    internal static async Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        var (rounds, seconds) = (arguments.Get("rounds", 3), arguments.Get("seconds", 3));
        if (arguments.Get("other") is not { } other || !File.Exists(Path.Combine(other, Program)))
        {
            Console.Error.WriteLine($"--other must name the folder of a build with the other engine, in which {Program} is.");
            return 1;
        }

        var only = arguments.Get("only");
        var measured = new Dictionary<string, (List<double> Own, List<double> Other)>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (run, figures) in Parts.Where(part => only is null || part.Run.StartsWith(only, StringComparison.Ordinal)))
            {
                // Who begins changes from round to round.
                var folders = new[] { AppContext.BaseDirectory, other };
                foreach (var folder in round % 2 == 0 ? folders : folders.Reverse())
                {
                    var text = await Run(folder, $"{run} --seconds {seconds} --no-file");
                    foreach (var (row, name) in figures)
                    {
                        var lists = measured.TryGetValue(name, out var known) ? known : measured[name] = ([], []);
                        (folder == other ? lists.Other : lists.Own).Add(Figure(text, row));
                    }
                }
            }
        }

        var names = (SiloEngine.Name, (await Run(other, "engine-name")).Trim());
        var report = Report(names, rounds, seconds, measured, arguments.Get("revision"), arguments.Get("date"));
        Console.WriteLine(report);
        if (!arguments.Has("no-file"))
            Results.Write("engines.md", report);
        return 0;
    }

    /// <summary>Which engine this build has, for the other one's report.</summary>
    internal static Task<int> TellName(string[] args)
    {
        Console.WriteLine(SiloEngine.Name);
        return Task.FromResult(0);
    }

    private static async Task<string> Run(string folder, string what)
    {
        Console.Error.WriteLine($"{folder}: {what}");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (var argument in what.Split(' ').Prepend(Path.Combine(folder, Program)))
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? text : throw new InvalidOperationException($"{what} in {folder} ended with {process.ExitCode}:\n{text}");
    }

    /// <summary>The first number in the second cell of the first row whose first cell begins so; numbers must be whole words.</summary>
    private static double Figure(string text, string row)
    {
        foreach (var line in text.Split('\n').Where(line => line.StartsWith('|')))
        {
            var cells = line.Split('|', StringSplitOptions.TrimEntries);
            var isIt = char.IsDigit(row[0]) ? cells[1] == row : cells[1].StartsWith(row, StringComparison.Ordinal);
            if (isIt && Number().Match(cells[2]) is { Success: true } number)
                return double.Parse(number.Value, NumberStyles.Number, CultureInfo.InvariantCulture);
        }

        throw new InvalidOperationException($"There is no row '{row}' in:\n{text}");
    }

    private static string Report(
        (string Own, string Other) names, int rounds, int seconds,
        Dictionary<string, (List<double> Own, List<double> Other)> measured, string? revision, string? date)
    {
        var text = new StringBuilder()
            .AppendLine("# Both engines").AppendLine()
            .AppendLine($"Machine: {Machine.Describe()}. {date}").AppendLine()
            .AppendLine("`dotnet run -c Release --project Benchmarks -- engines --other <folder>`: the benchmarks `engine`, `calls`, "
                + $"`ingest --postgres` and `small`, in turn by a build with each; {rounds} rounds with measurements of {seconds} s, "
                + "medians, lowest and highest in brackets.").AppendLine()
            .AppendLine(revision is null ? "Orleans: its packages." : $"Orleans: revision {revision} of its repository.")
            .AppendLine()
            .AppendLine($"| what | {names.Own} | {names.Other} | ratio |").AppendLine("|---|---:|---:|---:|");
        foreach (var (name, (own, other)) in measured)
            text.AppendLine($"| {name} | {Cell(own)} | {Cell(other)} | {Median(own) / Median(other):N2} |");
        return text.ToString();
    }

    private static string Cell(List<double> values) => $"{Median(values):N0} ({values.Min():N0} - {values.Max():N0})";

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    [GeneratedRegex(@"[0-9][0-9,]*(\.[0-9]+)?")]
    private static partial Regex Number();
}
