namespace EsoCore.Grains.Anomalies;

/// <summary>
/// The upper tail of one test of one series, learnt from the stream with forgetting: the level that one value in a hundred passes, the mean
/// excess above it, and the largest value so far. By the peaks-over-threshold method (Pickands 1975) the excesses above a high level are
/// close to exponential for light tails, so that the mean excess is the unit in which a value is the more unlikely.
/// </summary>
internal struct TailTracker
{
    /// <summary>Share of the distance that the level moves in a step; the quantile follows from the ratio of steps up and down.</summary>
    private const double LevelRate = 0.6;

    private const double MostStep = 0.1;

    /// <summary>Scores beyond this are taken as this: a unit may be as small as numbers get.</summary>
    private const double MostScore = 1e9;

    private double _level;
    private double _excess;
    private double _record;

    /// <summary>How far a value passes the record, in units of the mean excess, which is taken as no less than the floor.</summary>
    public readonly double Score(double value, double floor)
    {
        var unit = Math.Max(_excess, floor);
        return unit > 0 ? Math.Clamp((value - Math.Max(_level, _record)) / unit, 0, MostScore) : 0;
    }

    /// <summary>Learns a value, the count-th of its series, remembering about as many values as given.</summary>
    public void Add(double value, double floor, long count, double memory, DetectorSettings settings)
    {
        if (count <= 1)
        {
            _level = value;
            _record = value;
            return;
        }

        var unit = Math.Max(_excess, floor);
        var clipped = Math.Min(value, _level + (settings.Clip * unit));

        // A record grows by bounded steps, so that one outlier does not hide the next; the first deviation of all has nothing to go by.
        _record = Math.Max(_record > 0 ? clipped : value, _record * (1 - (1 / (settings.RecordMemory * memory))));

        // Robbins-Monro steps: up by (1 - q), down by q, in proportion to the tail's own width, balance where a share of q lies above.
        var rate = Math.Max(1.0 / count, 1 / memory);
        var step = Math.Min(MostStep, LevelRate * rate) * unit;
        if (clipped > _level)
        {
            _excess += Math.Min(0.5, rate / settings.TailShare) * (clipped - _level - _excess);
            _level += step * (1 - settings.TailShare) / settings.TailShare;
        }
        else
        {
            _level = Math.Max(0, _level - step);
        }
    }

    public void Visit(ref StateCodec codec)
    {
        codec.Visit(ref _level);
        codec.Visit(ref _excess);
        codec.Visit(ref _record);
    }
}
