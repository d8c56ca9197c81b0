namespace EsoCore.Silo.Storage;

/// <summary>What a scan hands points to.</summary>
internal interface IPointSink
{
    /// <summary>Rows that begin after this are of no interest (any more).</summary>
    long BoundUs { get; }

    /// <summary>Takes a chunk by its summary; false to have it opened.</summary>
    bool TakeSummary(long t0, long t1, int n, double min, double max, double sum);

    /// <summary>Takes points of one series, by time, within the span that was asked for.</summary>
    void Take(int seriesNo, ReadOnlySpan<long> ts, ReadOnlySpan<double> values);
}

/// <summary>What every scan does with a run.</summary>
internal static class PointSinks
{
    /// <summary>Hands over the part of a run that lies within a span.</summary>
    public static void TakeWithin(
        this IPointSink sink, int seriesNo, ReadOnlySpan<long> ts, ReadOnlySpan<double> values, TimeSpanUs span)
    {
        int from = LowerBound(ts, span.FromUs);
        int to = LowerBound(ts, span.ToUs);
        if (from < to)
            sink.Take(seriesNo, ts[from..to], values[from..to]);
    }

    /// <summary>The first position whose time is not before the one given.</summary>
    public static int LowerBound(ReadOnlySpan<long> ts, long us)
    {
        int low = 0;
        int high = ts.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (ts[middle] < us)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
