namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>
/// The points of one series over a period, summed in twelve sub-buckets aligned to the epoch: what a rate of change or a statistic over
/// the period is computed from, in bounded memory. The period is so precise as a sub-bucket is wide.
/// </summary>
internal sealed class PeriodBuckets
{
    /// <summary>Sub-buckets of a period.</summary>
    internal const int Parts = 12;

    /// <summary>Numbers of a saved sub-bucket.</summary>
    private const int Width = 10;

    private readonly long _partUs;
    private readonly List<Part> _parts = new(Parts + 1);

    internal PeriodBuckets(TimeSpan period, double[]? saved = null)
    {
        _partUs = Math.Max(1, (long)period.TotalMicroseconds / Parts);
        // Sums that ran over, in what an earlier process kept, would spoil all that follows: the period begins anew.
        if (saved is not null && !saved.All(double.IsFinite))
            return;
        for (var at = 0; saved is not null && at + Width <= saved.Length; at += Width)
        {
            var s = saved.AsSpan(at, Width);
            _parts.Add(new Part((long)s[0], (long)s[1], s[2], s[3], s[4], s[5], (long)s[6], s[7], (long)s[8], s[9]));
        }
    }

    /// <summary>Time between the oldest point and the newest.</summary>
    internal TimeSpan Span => _parts.Count == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(_parts[^1].LastUs - _parts[0].FirstUs);

    /// <summary>Takes a point; its time must not be before the last one's.</summary>
    internal void Add(long tsUs, double value)
    {
        var index = Math.DivRem(tsUs, _partUs).Quotient;
        if (_parts.Count > 0 && _parts[^1].Index == index)
            _parts[^1] = _parts[^1].With(tsUs, value);
        else
            _parts.Add(new Part(index, 1, value, 0, value, value, tsUs, value, tsUs, value));
        while (_parts[0].Index <= index - Parts)
            _parts.RemoveAt(0);
    }

    /// <summary>The change in <paramref name="per"/>, or null while the points span less than half of the period.</summary>
    internal double? Rate(TimeSpan per)
    {
        var (us, least) = (_parts[^1].LastUs - _parts[0].FirstUs, _partUs * Parts / 2);
        return us < least ? null : (_parts[^1].Last - _parts[0].First) / us * per.TotalMicroseconds;
    }

    /// <summary>A statistic of the points.</summary>
    internal double Statistic(string stat)
    {
        if (stat is "min")
            return _parts.Min(p => p.Min);
        if (stat is "max")
            return _parts.Max(p => p.Max);
        var (n, mean, squares) = (0.0, 0.0, 0.0);
        foreach (var part in _parts)
        {
            // Chan et al. 1983: exact for buckets of any size, where a plain sum of squares would lose a small spread of large values.
            var (delta, sum) = (part.Mean - mean, n + part.Count);
            squares += part.Squares + (delta * delta * n * part.Count / sum);
            mean += delta * part.Count / sum;
            n = sum;
        }

        return stat switch
        {
            "avg" => mean,
            "std" => Math.Sqrt(squares / n),
            _ => Math.Sqrt((squares / n) + (mean * mean)),
        };
    }

    /// <summary>As numbers; empty when a sum ran over, for no twin can keep that.</summary>
    internal double[] Save()
    {
        double[] saved =
        [.. _parts.SelectMany(p => new[] { p.Index, p.Count, p.Mean, p.Squares, p.Min, p.Max, p.FirstUs, p.First, p.LastUs, p.Last })];
        return saved.All(double.IsFinite) ? saved : [];
    }

    private readonly record struct Part(
        long Index, long Count, double Mean, double Squares, double Min, double Max, long FirstUs, double First, long LastUs, double Last)
    {
        internal Part With(long tsUs, double value)
        {
            var (n, delta) = (Count + 1, value - Mean);
            var mean = Mean + (delta / n);
            return this with
            {
                Count = n,
                Mean = mean,
                Squares = Squares + (delta * (value - mean)),
                Min = Math.Min(Min, value),
                Max = Math.Max(Max, value),
                LastUs = tsUs,
                Last = value,
            };
        }
    }
}
