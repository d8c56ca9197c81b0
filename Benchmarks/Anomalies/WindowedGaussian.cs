namespace EsoCore.Benchmarks.Anomalies;

/// <summary>The plainest baseline: how far a value lies off the mean of a window, in standard deviations of the window.</summary>
internal sealed class WindowedGaussian
{
    private const int Window = 6400;
    private readonly Queue<double> _values = new();
    private double _sum;
    private double _squares;
    private double? _origin;

    /// <summary>Standard deviations off the mean of the window, which the value then joins.</summary>
    public double Add(double value)
    {
        // Against the first value, so that squares of large values do not swallow their differences.
        _origin ??= value;
        var x = value - _origin.Value;
        var score = 0.0;
        if (_values.Count > 0)
        {
            var mean = _sum / _values.Count;
            var deviation = Math.Sqrt(Math.Max(0, (_squares / _values.Count) - (mean * mean)));
            score = deviation > 0 ? Math.Abs(x - mean) / deviation : x == mean ? 0 : double.MaxValue;
        }

        _values.Enqueue(x);
        (_sum, _squares) = (_sum + x, _squares + (x * x));
        if (_values.Count > Window)
        {
            var oldest = _values.Dequeue();
            (_sum, _squares) = (_sum - oldest, _squares - (oldest * oldest));
        }

        return score;
    }
}
