namespace EsoCore.Benchmarks.Anomalies;

/// <summary>A threshold and what a detector scores with it.</summary>
/// <param name="Threshold">Points of this score and above are detections.</param>
/// <param name="Raw">Sum over windows and false alarms.</param>
/// <param name="Final">0 for a detector that never fires, 100 for a perfect one.</param>
internal readonly record struct ThresholdScore(double Threshold, double Raw, double Final);

/// <summary>How a detector does on part of a corpus with a given threshold.</summary>
/// <param name="Windows">Labelled windows.</param>
/// <param name="Found">Windows with a detection.</param>
/// <param name="FalseAlarms">Detections outside windows.</param>
/// <param name="Raw">Sum over windows and false alarms.</param>
/// <param name="Final">0 for a detector that never fires, 100 for a perfect one; not a number if there is no window.</param>
internal readonly record struct CategoryScore(int Windows, int Found, int FalseAlarms, double Raw, double Final);

/// <summary>
/// The standard profile of the Numenta Anomaly Benchmark (Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms", ICMLA
/// 2015): a detection counts the more the earlier it stands in its window, only the earliest of a window counts, a missed window costs 1,
/// and a false alarm costs up to 0.11, less just after a window.
/// </summary>
internal static class CorpusScoring
{
    private const double FalseAlarmWeight = 0.11;
    private const double MissedWeight = 1;
    private const double ProbationShare = 0.15;
    private const int ProbationMost = 750;

    /// <summary>Beyond this many window widths after a window a false alarm costs its full weight.</summary>
    private const double FarBehind = 3;

    /// <summary>Points at the start of a series in which neither detections nor windows count.</summary>
    public static int Probation(int points) => (int)Math.Ceiling(Math.Min(Math.Floor(ProbationShare * points), ProbationMost));

    /// <summary>2 / (1 + e^(5y)) - 1 for a position y in window widths: -1 at a window's start, 0 at its end, above behind it.</summary>
    public static double Sigmoid(double position) => position > FarBehind ? -1 : (2 / (1 + Math.Exp(5 * position))) - 1;

    /// <summary>What a detection at a point counts, and the window that it belongs to (-1 for none).</summary>
    public static (double Worth, int Window) Worth(IReadOnlyList<LabelWindow> windows, int point)
    {
        var before = -1;
        for (var i = 0; i < windows.Count && windows[i].First <= point; i++)
        {
            if (point <= windows[i].Last)
                return (Sigmoid(-(windows[i].Last - point + 1) / (double)windows[i].Length) / Sigmoid(-1), i);
            before = i;
        }

        if (before < 0)
            return (-FalseAlarmWeight, -1);
        var behind = (point - windows[before].Last) / (double)(windows[before].Length - 1);
        return (FalseAlarmWeight * Sigmoid(behind), -1);
    }

    /// <summary>The score of each distinct threshold, from the highest, beginning with one that nothing reaches.</summary>
    public static IReadOnlyList<ThresholdScore> Sweep(IReadOnlyList<CorpusSeries> series, IReadOnlyList<double[]> scores)
    {
        var points = new List<(double Score, double Worth, int Window)>();
        var windows = 0;
        for (var s = 0; s < series.Count; s++)
        {
            for (var i = Probation(series[s].Values.Length); i < series[s].Values.Length; i++)
            {
                var (worth, window) = Worth(series[s].Windows, i);
                points.Add((scores[s][i], worth, window < 0 ? -1 : windows + window));
            }

            windows += series[s].Windows.Length;
        }

        points.Sort((a, b) => b.Score.CompareTo(a.Score));
        var best = Enumerable.Repeat(-MissedWeight, windows).ToArray();
        var (raw, result) = (-MissedWeight * windows, new List<ThresholdScore>());
        result.Add(new ThresholdScore(double.PositiveInfinity, raw, Final(raw, windows)));
        for (var i = 0; i < points.Count; i++)
        {
            var (score, worth, window) = points[i];
            if (window < 0)
            {
                raw += worth;
            }
            else if (worth > best[window])
            {
                raw += worth - best[window];
                best[window] = worth;
            }

            if (i + 1 == points.Count || points[i + 1].Score != score)
                result.Add(new ThresholdScore(score, raw, Final(raw, windows)));
        }

        return result;
    }

    /// <summary>The threshold with the highest score.</summary>
    public static ThresholdScore Best(IReadOnlyList<CorpusSeries> series, IReadOnlyList<double[]> scores) =>
        Sweep(series, scores).MaxBy(t => t.Raw);

    /// <summary>The score with a given threshold.</summary>
    public static CategoryScore At(double threshold, IReadOnlyList<CorpusSeries> series, IReadOnlyList<double[]> scores)
    {
        var (windows, found, alarms, raw) = (0, 0, 0, 0.0);
        for (var s = 0; s < series.Count; s++)
        {
            var best = Enumerable.Repeat(-MissedWeight, series[s].Windows.Length).ToArray();
            for (var i = Probation(series[s].Values.Length); i < series[s].Values.Length; i++)
            {
                if (scores[s][i] < threshold)
                    continue;
                var (worth, window) = Worth(series[s].Windows, i);
                if (window >= 0)
                    best[window] = Math.Max(best[window], worth);
                else
                    (alarms, raw) = (alarms + 1, raw + worth);
            }

            windows += best.Length;
            found += best.Count(b => b > -MissedWeight);
            raw += best.Sum();
        }

        return new CategoryScore(windows, found, alarms, raw, Final(raw, windows));
    }

    private static double Final(double raw, int windows) => 100 * (raw + (MissedWeight * windows)) / ((1 + MissedWeight) * windows);
}
