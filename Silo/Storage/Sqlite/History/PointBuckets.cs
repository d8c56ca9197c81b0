using EsoCore.History;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>Reads buckets of points.</summary>
internal static class PointBuckets
{
    /// <summary>Reads the buckets inside a snapshot.</summary>
    /// <exception cref="ArgumentException">
    /// The width is not a whole number of seconds, or there are more than <see cref="BucketQuery.MaxBuckets"/>.
    /// </exception>
    public static ImmutableArray<BucketRow> Read(Db db, BucketQuery query, CancellationToken cancel)
    {
        var buckets = new BucketSink(BucketSink.WidthUs(query));
        var span = TimeSpanUs.Of(query.Points.From, query.Points.To);
        var scan = new PointScan(db, cancel);
        foreach (var device in HistoryScope.Devices(db, query.Points.Scope, query.Points.DeviceId, query.Points.SiteId))
            scan.Scan(device.No, query.Points.Metric, query.Points.AssetId, span.NotBefore(device.FloorUs), buckets);
        return buckets.ToRows();
    }
}
