namespace EsoCore.Grains.Anomalies;

/// <summary>
/// The parameters of <see cref="MetricDetector"/>. There is one set for all series; another is for measuring what a parameter is worth.
/// </summary>
internal sealed record DetectorSettings
{
    /// <summary>The set that is used.</summary>
    public static readonly DetectorSettings Default = new();

    /// <summary>How long the tail of a test remembers; a week, so that each day of it has been seen.</summary>
    public TimeSpan Memory { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Share of points that count as the tail of a test: 1 in 100, some twenty a week at one point in five minutes.</summary>
    public double TailShare { get; init; } = 0.01;

    /// <summary>How much slower the largest deviation is forgotten than the tail.</summary>
    public double RecordMemory { get; init; } = 10;

    /// <summary>Points in which the calm-down after an alarm falls to 1/e.</summary>
    public double CalmPoints { get; init; } = 100;

    /// <summary>Points of the short mean: enough to outweigh one outlier.</summary>
    public double ShortPoints { get; init; } = 6;

    /// <summary>Points of the long mean and of the rate of change: hours, where the short one is half an hour.</summary>
    public double LongPoints { get; init; } = 48;

    /// <summary>Points over which variability is measured.</summary>
    public double ChangePoints { get; init; } = 24;

    /// <summary>Least unit of a test, in typical deviations of the series: keeps rounding from being taken for an anomaly.</summary>
    public double Floor { get; init; } = 0.2;

    /// <summary>A deviation counts at most this many units into the tail, so that one outlier does not hide the next.</summary>
    public double Clip { get; init; } = 20;

    /// <summary>A profile is used if its error is below this share of that of a plain level.</summary>
    public double SeasonShare { get; init; } = 0.7;

    /// <summary>Points before the first alarm: as many as define a tail of one in a hundred.</summary>
    public int WarmUp { get; init; } = 100;

    /// <summary>The score (units above the record) that gives a likelihood of one half.</summary>
    public double HalfScore { get; init; } = 0.25;

    /// <summary>Tests that take part, as a bit for each <see cref="AnomalyKind"/>.</summary>
    public int Tests { get; init; } = 0x1fe;
}
