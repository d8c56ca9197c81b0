using EsoCore.History;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// Pages of points by (ts, device, series, value), over one device or many. Only the page itself is kept: every device is scanned from the
/// token on, and as soon as a page is full its last time bounds what is still read.
/// </summary>
internal static class PointPages
{
    /// <summary>Reads a page inside a snapshot.</summary>
    public static async Task<Page<PointRow>> Read(NpgsqlConnection db, PointQuery query, PageRequest page, CancellationToken cancel)
    {
        int limit = PageToken.Limit(page);
        var after = page.After is { } token ? (PagePosition?)PagePosition.Read(token) : null;
        var span = TimeSpanUs.Of(query.From, query.To);
        if (after is { } a)
            span = span.NotBefore(a.TsUs);

        var scan = new PointScan(db, cancel);
        var devices = new List<ScopedDevice>();
        var sink = new SmallestPoints(limit + 1);
        await foreach (var found in HistoryScope.Devices(db, query, cancel).ConfigureAwait(false))
        {
            devices.Add(found.Device);
            sink.Begin(devices.Count - 1, found.Device.Id, after);
            await scan.ScanOldest(found, span.NotBefore(found.Device.FloorUs), sink).ConfigureAwait(false);
        }

        var points = sink.End();
        bool more = points.Count > limit;
        if (more)
            points = points[..limit];
        var keys = await scan.Keys([.. points.Select(p => (devices[p.Device].No, p.SeriesNo)).Distinct()]).ConfigureAwait(false);
        var rows = ImmutableArray.CreateBuilder<PointRow>(points.Count);
        foreach (var point in points)
        {
            var device = devices[point.Device];
            var key = keys[(device.No, point.SeriesNo)];
            rows.Add(new(
                Micros.ToTime(point.TsUs), device.Id, key.Metric, point.Value, StoredText.OrNull(key.Unit), StoredText.OrNull(key.Asset),
                StoredText.Meta(key.Meta)));
        }

        return new(rows.DrainToImmutable(), more ? PagePosition.Of(points[^1], devices).Write() : null);
    }

    /// <summary>Reads buckets.</summary>
    /// <exception cref="ArgumentException">
    /// The width is not a whole number of seconds, or there are more than <see cref="BucketQuery.MaxBuckets"/>.
    /// </exception>
    public static async Task<ImmutableArray<BucketRow>> ReadBuckets(NpgsqlConnection db, BucketQuery query, CancellationToken cancel)
    {
        long widthUs = BucketSink.WidthUs(query);
        var buckets = new BucketSink(widthUs);
        var span = TimeSpanUs.Of(query.Points.From, query.Points.To);
        var scan = new PointScan(db, cancel);
        await foreach (var found in HistoryScope.Devices(db, query.Points, cancel).ConfigureAwait(false))
            await scan.ScanAll(found, span.NotBefore(found.Device.FloorUs), widthUs, buckets).ConfigureAwait(false);
        return buckets.ToRows();
    }
}
