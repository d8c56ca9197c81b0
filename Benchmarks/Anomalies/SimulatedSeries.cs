namespace EsoCore.Benchmarks.Anomalies;

/// <summary>What is put into a simulated series. Sizes are in standard deviations of its noise.</summary>
internal enum Injection
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>One value 8 deviations off.</summary>
    Spike,

    /// <summary>All values from then on 4 deviations off.</summary>
    LevelShift,

    /// <summary>Values move off by 2 deviations a day for three days and stay there.</summary>
    Drift,

    /// <summary>The same value for 6 hours.</summary>
    Stuck,

    /// <summary>Noise of 4 times the size for 24 hours.</summary>
    Variance,
}

/// <summary>A series with a season, noise that depends on the noise before, missing points and at most one injected anomaly.</summary>
/// <param name="Times">When each point was measured.</param>
/// <param name="Values">What was measured.</param>
/// <param name="From">When the anomaly begins.</param>
/// <param name="Until">Until when an alarm counts as having found it.</param>
internal sealed record SimulatedSeries(DateTimeOffset[] Times, double[] Values, DateTimeOffset From, DateTimeOffset Until)
{
    /// <summary>Days of a series.</summary>
    public const int Days = 28;

    /// <summary>Days before anything is injected, and in which no alarm counts.</summary>
    public const int LearningDays = 7;

    private const int PointsPerDay = 288;
    private const double MissingShare = 0.05;
    private static readonly DateTimeOffset Start = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// A series of a random unit, level, daily wave (none to 8 deviations high), weekend (none to 4 deviations lower) and noise
    /// (correlation of neighbours 0 to 0.8).
    /// </summary>
    public static SimulatedSeries Make(Injection injection, int seed)
    {
        var random = new Random(seed);
        var (unit, level) = (Math.Pow(10, (random.NextDouble() * 4) - 2), (random.NextDouble() * 200) - 100);
        var (wave, phase, weekend) = (random.NextDouble() * 8, random.NextDouble(), random.Next(2) * random.NextDouble() * 4);
        var (kept, noise, held) = (random.NextDouble() * 0.8, 0.0, 0.0);
        var begins = LearningDays + (random.NextDouble() * (Days - LearningDays - 4));
        var sign = random.Next(2) == 0 ? -1 : 1;
        var (times, values, injected) = (new List<DateTimeOffset>(), new List<double>(), false);
        for (var i = 0; i < Days * PointsPerDay; i++)
        {
            var day = i / (double)PointsPerDay;
            noise = (kept * noise) + (Math.Sqrt(1 - (kept * kept)) * Normal(random));
            var since = day - begins;
            if (random.NextDouble() < MissingShare && since is < 0 or > 0.1)
                continue;
            var clean = (wave / 2 * Math.Sin(2 * Math.PI * (day + phase))) - ((int)day % 7 >= 5 ? weekend : 0);
            var value = clean + noise + (since < 0 ? 0 : Added(injection, since, injected, sign, noise));
            if (injection == Injection.Stuck && since is >= 0 and < 0.25)
                value = injected ? held : held = value;
            injected |= since >= 0;
            times.Add(Start.AddDays(day));
            values.Add(level + (unit * value));
        }

        return new SimulatedSeries([.. times], [.. values], Start.AddDays(begins), Start.AddDays(begins + Patience(injection)));
    }

    /// <summary>Days after an anomaly begins in which an alarm counts as having found it.</summary>
    public static double Patience(Injection injection) => injection switch
    {
        Injection.Spike => 1.0 / 24,
        Injection.Stuck => 0.25,
        Injection.Drift => 3,
        _ => 1,
    };

    private static double Added(Injection injection, double since, bool injected, int sign, double noise) => injection switch
    {
        Injection.Spike => injected ? 0 : sign * 8,
        Injection.LevelShift => sign * 4,
        Injection.Drift => sign * 2 * Math.Min(since, 3),
        Injection.Variance => since < 1 ? 3 * noise : 0,
        _ => 0,
    };

    /// <summary>A normal number by the method of Box and Muller (1958).</summary>
    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
