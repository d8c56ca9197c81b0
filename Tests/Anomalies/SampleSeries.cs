namespace EsoCore.Tests.Anomalies;

/// <summary>Series for the tests of the detector: a point in five minutes, a daily wave of 40 to 48 and noise.</summary>
internal static class SampleSeries
{
    public const int PointsPerDay = 288;

    public static readonly DateTimeOffset Start = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset Time(int point) => Start.AddMinutes(5 * point);

    public static double[] Daily(int points, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, points)
            .Select(i => 44 + (4 * Math.Sin(2 * Math.PI * i / PointsPerDay)) + ((random.NextDouble() - 0.5) * 0.8))];
    }
}
