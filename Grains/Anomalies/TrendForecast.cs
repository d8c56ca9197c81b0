namespace EsoCore.Grains.Anomalies;

/// <summary>When a trend passes a threshold, counted from the last point.</summary>
/// <param name="In">The likeliest time; <see cref="TimeSpan.Zero"/> if the level is past the threshold already.</param>
/// <param name="Earliest">By the steepest slope that the values allow (95 %).</param>
/// <param name="Latest">By the flattest; null if that never reaches the threshold within <see cref="TrendForecast.Farthest"/>.</param>
/// <param name="SlopePerDay">Change in a day, in the unit of the value.</param>
public readonly record struct Crossing(TimeSpan In, TimeSpan Earliest, TimeSpan? Latest, double SlopePerDay);

/// <summary>
/// The trend of one series over the last fortnight and when it passes a threshold. Values are averaged over six hours; the slope is the
/// median of all slopes between two averages (Theil 1950), its 95 % interval by Kendall's variance (Sen 1968), so that up to a quarter of
/// outliers do not turn it.
/// </summary>
public sealed class TrendForecast
{
    /// <summary>Averages kept: four a day for a fortnight.</summary>
    public const int MostAverages = 56;

    /// <summary>Averages without which nothing is said: two days.</summary>
    public const int LeastAverages = 8;

    /// <summary>Bytes of saved state.</summary>
    public const int StateBytes = 1 + sizeof(long) + (MostAverages * 2 * sizeof(double));

    /// <summary>Nothing is said of what lies further off.</summary>
    public static readonly TimeSpan Farthest = TimeSpan.FromDays(90);

    private const byte Version = 1;
    private const long BucketSeconds = 6 * 3600;
    private const double TwoSided95 = 1.96;
    private readonly double[] _means = new double[MostAverages];
    private readonly double[] _counts = new double[MostAverages];
    private long _bucket = long.MinValue;

    /// <summary>Continues from saved state.</summary>
    /// <exception cref="ArgumentException">The bytes are not saved state of this version.</exception>
    public static TrendForecast Load(ReadOnlySpan<byte> state)
    {
        if (state.Length != StateBytes || state[0] != Version)
            throw new ArgumentException($"The state is not that of a trend of version {Version}.", nameof(state));
        var trend = new TrendForecast();
        var codec = new StateCodec(state.ToArray(), reads: true);
        trend.Visit(ref codec);
        return trend;
    }

    /// <summary>What <see cref="Load"/> continues from.</summary>
    public byte[] Save()
    {
        var bytes = new byte[StateBytes];
        var codec = new StateCodec(bytes, reads: false);
        Visit(ref codec);
        return bytes;
    }

    /// <summary>Learns a point. One without a finite value, or older than the averages kept, is ignored.</summary>
    public void Add(DateTimeOffset time, double value)
    {
        var bucket = (long)Math.Floor(time.ToUnixTimeSeconds() / (double)BucketSeconds);
        if (!double.IsFinite(value) || (_bucket != long.MinValue && bucket <= _bucket - MostAverages))
            return;
        if (_bucket == long.MinValue)
            _bucket = bucket;
        for (var step = 0; _bucket < bucket && step < MostAverages; step++)
            _counts[Place(++_bucket)] = 0;
        _bucket = Math.Max(_bucket, bucket);
        var place = Place(bucket);
        _counts[place]++;
        _means[place] = _counts[place] == 1 ? value : _means[place] + ((value - _means[place]) / _counts[place]);
    }

    /// <summary>When the trend passes a threshold, or null if it has none that is certain, leads away, or takes too long.</summary>
    /// <param name="threshold">In the unit of the values.</param>
    /// <param name="rising">Whether it is passed from below.</param>
    public Crossing? Passes(double threshold, bool rising)
    {
        var known = Known();
        if (known.Count < LeastAverages)
            return null;
        var slopes = new List<double>(known.Count * (known.Count - 1) / 2);
        for (var i = 0; i < known.Count; i++)
        {
            for (var j = i + 1; j < known.Count; j++)
                slopes.Add((known[j].Value - known[i].Value) / (known[j].At - known[i].At));
        }

        slopes.Sort();
        double n = known.Count;
        var half = TwoSided95 * Math.Sqrt(n * (n - 1) * ((2 * n) + 5) / 18) / 2;
        var middle = slopes.Count / 2.0;
        var flat = slopes[(int)Math.Clamp(middle - half, 0, slopes.Count - 1)];
        var steep = slopes[(int)Math.Clamp(middle + half, 0, slopes.Count - 1)];
        var slope = Median(slopes);
        var level = Median([.. known.Select(k => k.Value - (slope * k.At)).Order()]);
        var (sign, left) = rising ? (1, threshold - level) : (-1, level - threshold);
        if (!rising)
            (flat, steep) = (steep, flat);
        if (sign * flat <= 0)
            return null;
        var likeliest = Days(left, sign * slope);
        if (likeliest > Farthest.TotalDays)
            return null;
        var latest = Days(left, sign * flat);
        return new Crossing(
            TimeSpan.FromDays(likeliest), TimeSpan.FromDays(Days(left, sign * steep)),
            latest > Farthest.TotalDays ? null : TimeSpan.FromDays(latest), slope);
    }

    private static double Days(double left, double slope) => Math.Max(0, left / slope);

    private static double Median(List<double> sorted) => (sorted[sorted.Count / 2] + sorted[(sorted.Count - 1) / 2]) / 2;

    private static int Place(long bucket) => (int)(((bucket % MostAverages) + MostAverages) % MostAverages);

    /// <summary>The averages kept, in order, at days before the newest (0 or less).</summary>
    private List<(double At, double Value)> Known()
    {
        var known = new List<(double At, double Value)>(MostAverages);
        for (var back = MostAverages - 1; back >= 0 && _bucket != long.MinValue; back--)
        {
            if (_counts[Place(_bucket - back)] > 0)
                known.Add((-back * BucketSeconds / 86400.0, _means[Place(_bucket - back)]));
        }

        return known;
    }

    private void Visit(ref StateCodec codec)
    {
        var version = Version;
        codec.Visit(ref version);
        codec.Visit(ref _bucket);
        for (var i = 0; i < MostAverages; i++)
        {
            codec.Visit(ref _means[i]);
            codec.Visit(ref _counts[i]);
        }
    }
}
