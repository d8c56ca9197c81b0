using System.Globalization;
using System.Text;
using EsoCore.Grains.Anomalies;

namespace EsoCore.Benchmarks.Anomalies;

/// <summary>
/// What the detectors find: that of metrics on a labelled corpus, by its published scoring, and in simulated fleets; that of events in
/// simulated fleets.
/// </summary>
internal static class AnomaliesBenchmark
{
    private const string File = "anomalies.md";
    private const string CorpusHeading = "## Labelled corpus";
    private const string SimulatedHeading = "## Simulated fleets";

    internal static Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        var corpus = arguments.Get("corpus");
        if (corpus is null && !arguments.Has("simulated") && !arguments.Has("events"))
        {
            Console.WriteLine("usage: anomalies --corpus <folder with windows.json> and/or --simulated and/or --events");
            return Task.FromResult(1);
        }

        var machine = $"Machine: {Machine.Describe()}. {arguments.Get("date")}".TrimEnd();
        var labelled = corpus is null ? Kept(CorpusHeading) : Labelled(Corpus.Read(corpus), machine);
        var simulated = arguments.Has("simulated") ? SimulatedRun.Report() : Kept(SimulatedHeading);
        var events = arguments.Has("events") ? EventRateRun.Report(machine) : Kept(EventRateRun.Heading);
        var text = $"# Anomalies\n\n{labelled}{simulated}{events}";
        Console.WriteLine(text);
        if (!arguments.Has("no-file"))
            Results.Write(File, text);
        return Task.FromResult(0);
    }

    /// <summary>The section of the last run, for a run that measures another one.</summary>
    private static string Kept(string heading)
    {
        var text = Results.Read(File) ?? "";
        var from = text.IndexOf(heading, StringComparison.Ordinal);
        if (from < 0)
            return "";
        var next = text.IndexOf("\n## ", from, StringComparison.Ordinal);
        return (next < 0 ? text[from..] : text[from..(next + 1)]).TrimEnd() + "\n\n";
    }

    private static string Labelled(IReadOnlyList<CorpusSeries> corpus, string machine)
    {
        var (scores, baseline) = (CorpusRun.Detect(corpus, DetectorSettings.Default), CorpusRun.Baseline(corpus));
        var (best, plain) = (CorpusScoring.Best(corpus, scores), CorpusScoring.Best(corpus, baseline));
        var own = CorpusScoring.At(MetricDetector.AlarmLikelihood, corpus, scores);
        var (validated, validatedFinal) = CorpusRun.CrossValidate(corpus);
        var (points, windows) = (corpus.Sum(s => s.Values.Length), corpus.Sum(s => s.Windows.Length));
        var text = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"""
            {CorpusHeading}

            {machine}

            `dotnet run -c Release --project Benchmarks -- anomalies --corpus <folder>`: {corpus.Count} series of the Numenta Anomaly
            Benchmark with {points:N0} points and {windows} labelled windows, standard profile, one threshold for all
            (0: a detector that never fires, 100: perfect). Published figures are for the whole corpus of 58 series, ours for
            the series at hand, on which the design was chosen too.

            | detector | score |
            |---|---:|
            | ours, best threshold ({best.Threshold:F3}) | {best.Final:F1} |
            | ours, its own threshold ({MetricDetector.AlarmLikelihood}) | {own.Final:F1} |
            | ours, cross-validated: parameters and threshold chosen on the other categories | {validatedFinal:F1} |
            | windowed Gaussian, measured in the same run (window of 6,400, best threshold) | {plain.Final:F1} |
            | published: Numenta HTM | 70 |
            | published: Random Cut Forest | 51.7 |
            | published: windowed Gaussian | 39.6 |

            {CorpusRun.MicrosecondsPerPoint(corpus):F2} microseconds a point on one core; {MetricDetector.StateBytes:N0} bytes of
            state a series.
            Cross-validation chooses from {CorpusRun.Grid.Count} sets of parameters: the one in use, and each parameter halved and doubled.

            | category | windows | found | false alarms | score | cross-validated | windowed Gaussian |
            |---|---:|---:|---:|---:|---:|---:|
            """);
        foreach (var (category, other) in validated)
        {
            var at = Enumerable.Range(0, corpus.Count).Where(i => corpus[i].Category == category).ToList();
            CorpusSeries[] series = [.. at.Select(i => corpus[i])];
            var score = CorpusScoring.At(best.Threshold, series, [.. at.Select(i => scores[i])]);
            var gaussian = CorpusScoring.At(plain.Threshold, series, [.. at.Select(i => baseline[i])]);
            var cells = $"{score.Windows} | {score.Found} | {score.FalseAlarms} | {Show(score)} | {Show(other)} | {Show(gaussian)}";
            text.AppendLine(CultureInfo.InvariantCulture, $"| {category} | {cells} |");
        }

        return text.AppendLine().AppendLine("A category without windows cannot score, only lose: its cells are the raw sum (0 is best).")
            .AppendLine().ToString();
    }

    private static string Show(CategoryScore score)
    {
        var (value, format) = score.Windows == 0 ? (score.Raw, "F2") : (score.Final, "F1");
        return value.ToString(format, CultureInfo.InvariantCulture);
    }
}
