using System.Runtime.InteropServices;
using EsoCore.History;

namespace EsoCore.Silo.Storage;

/// <summary>Buckets of points: chunks that lie within one bucket count by their summaries, the others are opened.</summary>
internal sealed class BucketSink(long widthUs) : IPointSink
{
    private readonly Dictionary<long, Bucket> _buckets = [];

    private struct Bucket
    {
        public long Count;
        public double Min;
        public double Max;
        public double Sum;
    }

    /// <inheritdoc/>
    public long BoundUs => long.MaxValue;

    /// <summary>The width of a query's buckets.</summary>
    /// <exception cref="ArgumentException">It is not a whole number of seconds.</exception>
    public static long WidthUs(BucketQuery query) =>
        query.Width < TimeSpan.FromSeconds(1) || query.Width.Ticks % TimeSpan.TicksPerSecond != 0
            ? throw new ArgumentException("A bucket is a whole number of seconds wide.", nameof(query))
            : query.Width.Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>The buckets that have points, oldest first.</summary>
    public ImmutableArray<BucketRow> ToRows() =>
    [
        .. _buckets.OrderBy(b => b.Key)
            .Select(b => new BucketRow(Micros.ToTime(b.Key * widthUs), b.Value.Min, b.Value.Max, b.Value.Sum, b.Value.Count)),
    ];

    /// <inheritdoc/>
    public bool TakeSummary(long t0, long t1, int n, double min, double max, double sum)
    {
        long number = NumberOf(t0);
        if (number != NumberOf(t1))
            return false;
        Add(number, n, min, max, sum);
        return true;
    }

    /// <inheritdoc/>
    public void Take(int seriesNo, ReadOnlySpan<long> ts, ReadOnlySpan<double> values)
    {
        while (!ts.IsEmpty)
        {
            long number = NumberOf(ts[0]);
            int n = PointSinks.LowerBound(ts, (number + 1) * widthUs);
            var (min, max, sum) = Summary.Of(values[..n]);
            Add(number, n, min, max, sum);
            ts = ts[n..];
            values = values[n..];
        }
    }

    private void Add(long number, int n, double min, double max, double sum)
    {
        ref var bucket = ref CollectionsMarshal.GetValueRefOrAddDefault(_buckets, number, out bool known);
        if (!known && _buckets.Count > BucketQuery.MaxBuckets)
            throw new ArgumentException($"The query gives more than {BucketQuery.MaxBuckets} buckets: take wider ones or a shorter time.");
        bucket.Min = known ? Math.Min(bucket.Min, min) : min;
        bucket.Max = known ? Math.Max(bucket.Max, max) : max;
        bucket.Sum += sum;
        bucket.Count += n;
    }

    private long NumberOf(long us) => Math.DivRem(us, widthUs) is var (quotient, rest) && rest < 0 ? quotient - 1 : quotient;
}
