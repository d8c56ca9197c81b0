using System.Diagnostics;
using EsoCore.Grains.Anomalies;

namespace EsoCore.Benchmarks.Anomalies;

/// <summary>Runs detectors over a corpus.</summary>
internal static class CorpusRun
{
    /// <summary>
    /// What cross-validation chooses from: the set in use, and each of its parameters that the labels could have influenced halved
    /// and doubled.
    /// </summary>
    public static IReadOnlyList<DetectorSettings> Grid { get; } = [.. Steps(DetectorSettings.Default)];

    /// <summary>The likelihood of each point of each series.</summary>
    public static IReadOnlyList<double[]> Detect(IReadOnlyList<CorpusSeries> corpus, DetectorSettings settings) =>
        [.. corpus.Select(series =>
        {
            var detector = new MetricDetector(settings);
            return series.Values.Select((value, i) => detector.Add(series.Times[i], value).Likelihood).ToArray();
        })];

    /// <summary>The score of each point by the baseline.</summary>
    public static IReadOnlyList<double[]> Baseline(IReadOnlyList<CorpusSeries> corpus) =>
        [.. corpus.Select(series =>
        {
            var detector = new WindowedGaussian();
            return series.Values.Select(detector.Add).ToArray();
        })];

    /// <summary>Microseconds that a point takes, the best of some rounds after one to warm up.</summary>
    public static double MicrosecondsPerPoint(IReadOnlyList<CorpusSeries> corpus)
    {
        const int Rounds = 3;
        var best = double.MaxValue;
        for (var round = 0; round <= Rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            Detect(corpus, DetectorSettings.Default);
            var taken = Stopwatch.GetElapsedTime(start).TotalMicroseconds / corpus.Sum(s => s.Values.Length);
            best = round == 0 ? best : Math.Min(best, taken);
        }

        return best;
    }

    /// <summary>
    /// The score of each category with the parameters and the threshold that are best for the other categories, and of all together.
    /// </summary>
    public static (IReadOnlyList<(string Category, CategoryScore Score)> Each, double Final) CrossValidate(
        IReadOnlyList<CorpusSeries> corpus)
    {
        var runs = Grid.Select(settings => Detect(corpus, settings)).ToList();
        var each = new List<(string Category, CategoryScore Score)>();
        foreach (var category in corpus.Select(s => s.Category).Distinct())
        {
            var (inside, outside) = (Indices(corpus, s => s.Category == category), Indices(corpus, s => s.Category != category));
            var (run, best) = runs.Select(r => (Run: r, Best: CorpusScoring.Best(Pick(corpus, outside), Pick(r, outside))))
                .MaxBy(b => b.Best.Raw);
            each.Add((category, CorpusScoring.At(best.Threshold, Pick(corpus, inside), Pick(run, inside))));
        }

        double windows = each.Sum(e => e.Score.Windows);
        return (each, 100 * (each.Sum(e => e.Score.Raw) + windows) / (2 * windows));
    }

    private static List<int> Indices(IReadOnlyList<CorpusSeries> corpus, Func<CorpusSeries, bool> takes) =>
        [.. Enumerable.Range(0, corpus.Count).Where(i => takes(corpus[i]))];

    private static List<T> Pick<T>(IReadOnlyList<T> from, List<int> indices) => [.. indices.Select(i => from[i])];

    private static IEnumerable<DetectorSettings> Steps(DetectorSettings set)
    {
        yield return set;
        foreach (var factor in new[] { 0.5, 2 })
        {
            yield return set with { TailShare = set.TailShare * factor };
            yield return set with { Memory = set.Memory * factor };
            yield return set with { CalmPoints = set.CalmPoints * factor };
            yield return set with { Floor = set.Floor * factor };
            yield return set with { Clip = set.Clip * factor };
            yield return set with { ShortPoints = set.ShortPoints * factor };
            yield return set with { LongPoints = set.LongPoints * factor };
            yield return set with { ChangePoints = set.ChangePoints * factor };
        }
    }
}
