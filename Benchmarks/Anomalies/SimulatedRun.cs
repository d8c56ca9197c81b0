using System.Globalization;
using System.Text;
using EsoCore.Grains.Anomalies;

namespace EsoCore.Benchmarks.Anomalies;

/// <summary>How many injected anomalies are found at a stated rate of false alarms.</summary>
internal static class SimulatedRun
{
    private const int CleanSeries = 200;
    private const int SeriesOfAKind = 100;

    /// <summary>False alarms that a series may raise in four weeks.</summary>
    private const double FalseAlarmsPerSeries = 1;

    private static readonly (Injection Injection, string Name)[] Kinds =
    [
        (Injection.Spike, "spike of 8, one point"), (Injection.LevelShift, "new level, 4 off"),
        (Injection.Drift, "drift of 2 a day, three days"), (Injection.Stuck, "same value for 6 hours"),
        (Injection.Variance, "noise 4 times as large for 24 hours"),
    ];

    /// <summary>Scores of all points of a series, in order.</summary>
    private delegate double[] Scorer(SimulatedSeries series);

    /// <summary>A section of the results file.</summary>
    public static string Report()
    {
        var clean = Enumerable.Range(0, CleanSeries).Select(seed => SimulatedSeries.Make(Injection.None, seed)).ToList();
        var (likelihoods, baseline) = (Detectors(clean, Detect), Detectors(clean, Gaussian));
        var (threshold, plain) = (Threshold(clean, likelihoods), Threshold(clean, baseline));
        var atDefault = Alarms(clean, likelihoods, MetricDetector.AlarmLikelihood) / Months(clean);
        const double own = MetricDetector.AlarmLikelihood;
        var text = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"""
            ## Simulated fleets

            `dotnet run -c Release --project Benchmarks -- anomalies --simulated`: series of {SimulatedSeries.Days} days, a point in 5
            minutes, 5 % missing, with a daily wave, half of them with weekends, noise with memory; nothing counts in the first
            {SimulatedSeries.LearningDays} days. Thresholds are set on {CleanSeries} series without anomalies to
            {FalseAlarmsPerSeries:N0} false alarm a series in 28 days ({threshold:F3} for the detector); then {SeriesOfAKind} series of each
            kind, made from other seeds, with one anomaly each. Sizes are in standard deviations of the noise. At its own threshold of
            {own} the detector raises {atDefault:F1} false alarms a series in 28 days.

            | injected | counts as found within | found | median delay | found at {own} | windowed Gaussian finds |
            |---|---:|---:|---:|---:|---:|
            """);
        foreach (var (injection, name) in Kinds)
        {
            var series = Enumerable.Range(0, SeriesOfAKind).Select(i => SimulatedSeries.Make(injection, Seed(injection, i))).ToList();
            var scores = Detectors(series, Detect);
            var (found, delay) = Found(series, scores, threshold);
            var (atOwn, _) = Found(series, scores, MetricDetector.AlarmLikelihood);
            var (byBaseline, _) = Found(series, Detectors(series, Gaussian), plain);
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {name} | {24 * SimulatedSeries.Patience(injection):N0} h | {found} % | {delay:F1} h | {atOwn} % | {byBaseline} % |");
        }

        return text.AppendLine().ToString();
    }

    private static int Seed(Injection injection, int i) => CleanSeries + ((int)injection * SeriesOfAKind) + i;

    private static List<double[]> Detectors(List<SimulatedSeries> fleet, Scorer scorer) => [.. fleet.Select(s => scorer(s))];

    private static double[] Detect(SimulatedSeries series)
    {
        var detector = new MetricDetector();
        return [.. series.Values.Select((value, i) => detector.Add(series.Times[i], value).Likelihood)];
    }

    private static double[] Gaussian(SimulatedSeries series)
    {
        var detector = new WindowedGaussian();
        return [.. series.Values.Select(detector.Add)];
    }

    private static double Months(List<SimulatedSeries> fleet) =>
        fleet.Count * (SimulatedSeries.Days - SimulatedSeries.LearningDays) / (double)SimulatedSeries.Days;

    private static IEnumerable<double> Counted(SimulatedSeries series, double[] scores) =>
        scores.Where((_, i) => series.Times[i] >= series.Times[0].AddDays(SimulatedSeries.LearningDays));

    private static int Alarms(List<SimulatedSeries> fleet, List<double[]> scores, double threshold) =>
        fleet.Select((s, i) => Counted(s, scores[i]).Count(score => score >= threshold)).Sum();

    private static double Threshold(List<SimulatedSeries> fleet, List<double[]> scores)
    {
        var all = fleet.SelectMany((s, i) => Counted(s, scores[i])).OrderDescending().ToList();
        return all[(int)(FalseAlarmsPerSeries * Months(fleet)) - 1];
    }

    private static (double Percent, double MedianHours) Found(List<SimulatedSeries> fleet, List<double[]> scores, double threshold)
    {
        var delays = new List<double>();
        for (var s = 0; s < fleet.Count; s++)
        {
            var series = fleet[s];
            var at = Array.FindIndex(series.Times, t => t >= series.From);
            while (at >= 0 && at < series.Times.Length && series.Times[at] <= series.Until && scores[s][at] < threshold)
                at++;
            if (at >= 0 && at < series.Times.Length && series.Times[at] <= series.Until)
                delays.Add((series.Times[at] - series.From).TotalHours);
        }

        delays.Sort();
        return (100.0 * delays.Count / fleet.Count, delays.Count == 0 ? double.NaN : delays[delays.Count / 2]);
    }
}
