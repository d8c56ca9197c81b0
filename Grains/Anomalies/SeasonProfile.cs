namespace EsoCore.Grains.Anomalies;

/// <summary>The usual value in each part of a day or a week, learnt from the stream with forgetting, and how well it foretells.</summary>
internal sealed class SeasonProfile(int bins, TimeSpan period, double cycles)
{
    /// <summary>Visits of a bin after which single values move it only by a bounded step.</summary>
    private const int Settled = 6;

    /// <summary>A bin moves towards a value by at most this many typical deviations at once.</summary>
    private const double MostDeviations = 3;

    /// <summary>A new value weighs at most this much once the bin is settled, however sparse the points.</summary>
    private const double MostWeight = 0.2;

    private readonly float[] _levels = new float[bins];
    private readonly byte[] _visits = new byte[bins];
    private double _error;
    private double _plainError;
    private long _compared;

    /// <summary>Seconds that a bin spans.</summary>
    public double BinSeconds => period.TotalSeconds / bins;

    /// <summary>Seconds for which a series must be known before the profile is believed: a cycle to learn, one to compare.</summary>
    public double LeastSeconds => 2 * period.TotalSeconds;

    /// <summary>The bin of a time, counted in UTC.</summary>
    public int Bin(long seconds)
    {
        var length = (long)period.TotalSeconds;
        return (int)(((seconds % length) + length) % length * bins / length);
    }

    /// <summary>Whether anything is known of a bin.</summary>
    public bool Knows(int bin) => _visits[bin] > 0;

    /// <summary>The profile's mean error as a share of that of a plain level; 1 if it was not compared yet.</summary>
    public double ErrorShare => _compared == 0 || _plainError <= 0 ? 1 : _error / _plainError;

    /// <summary>The usual value in a bin.</summary>
    public double Level(int bin) => _levels[bin];

    /// <summary>
    /// The lowest and the highest level of a bin and its neighbours: where a series climbs steeply, a step a few minutes early or late is
    /// no anomaly.
    /// </summary>
    public (double Low, double High) Hull(int bin)
    {
        double low = _levels[bin], high = low;
        Span<int> neighbours = [(bin + 1) % bins, (bin + bins - 1) % bins];
        foreach (var near in neighbours)
        {
            if (_visits[near] == 0)
                continue;
            low = Math.Min(low, _levels[near]);
            high = Math.Max(high, _levels[near]);
        }

        return (low, high);
    }

    /// <summary>Learns a value.</summary>
    /// <param name="bin">The bin of its time.</param>
    /// <param name="value">The value.</param>
    /// <param name="plainError">How far the value lies off a plain level.</param>
    /// <param name="spread">The typical deviation of the series.</param>
    /// <param name="interval">Seconds between points.</param>
    /// <param name="memory">Points that the comparison with a plain level remembers.</param>
    public void Add(int bin, double value, double plainError, double spread, double interval, double memory)
    {
        var off = value - _levels[bin];
        if (_visits[bin] > 0)
        {
            _compared++;
            var rate = Math.Max(1.0 / _compared, 1 / memory);
            var most = 2 * MostDeviations * spread;
            _error += rate * (Math.Min(Math.Abs(off), most) - _error);
            _plainError += rate * (Math.Min(plainError, most) - _plainError);
        }

        if (_visits[bin] >= Settled)
            off = Math.Clamp(off, -MostDeviations * spread, MostDeviations * spread);
        var forgetting = Math.Min(MostWeight, interval / (BinSeconds * cycles));
        _levels[bin] += (float)(Math.Max(1.0 / (_visits[bin] + 1), forgetting) * off);
        if (_visits[bin] < byte.MaxValue)
            _visits[bin]++;
    }

    public void Visit(ref StateCodec codec)
    {
        codec.Visit(ref _error);
        codec.Visit(ref _plainError);
        codec.Visit(ref _compared);
        for (var i = 0; i < bins; i++)
        {
            codec.Visit(ref _levels[i]);
            codec.Visit(ref _visits[i]);
        }
    }
}
