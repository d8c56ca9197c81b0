using EsoCore.Grains.Storage;
using EsoCore.History;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// Pages of points by (ts, device, series, value), over one device or many. Only the page itself is kept: every device is scanned from the
/// token on, and as soon as a page is full its last time bounds what is still read.
/// </summary>
internal static class PointPages
{
    /// <summary>Reads a page inside a snapshot.</summary>
    public static Page<PointRow> Read(Db db, PointQuery query, PageRequest page, CancellationToken cancel)
    {
        int limit = PageToken.Limit(page);
        var after = page.After is { } token ? (PagePosition?)PagePosition.Read(token) : null;
        var span = TimeSpanUs.Of(query.From, query.To);
        if (after is { } a)
            span = span.NotBefore(a.TsUs);

        var scan = new PointScan(db, cancel);
        var devices = new List<ScopedDevice>();
        var sink = new SmallestPoints(limit + 1);
        foreach (var device in HistoryScope.Devices(db, query.Scope, query.DeviceId, query.SiteId))
        {
            devices.Add(device);
            sink.Begin(devices.Count - 1, device.Id, after);
            scan.Scan(device.No, query.Metric, query.AssetId, span.NotBefore(device.FloorUs), sink);
        }

        var found = sink.End();
        bool more = found.Count > limit;
        if (more)
            found = found[..limit];
        var keys = new Dictionary<(int, int), SeriesKey>();
        var rows = ImmutableArray.CreateBuilder<PointRow>(found.Count);
        foreach (var point in found)
        {
            var device = devices[point.Device];
            if (!keys.TryGetValue((point.Device, point.SeriesNo), out var key))
                keys.Add((point.Device, point.SeriesNo), key = scan.Key(device.No, point.SeriesNo));
            rows.Add(new(
                Micros.ToTime(point.TsUs), device.Id, key.Metric, point.Value, StoredText.OrNull(key.Unit), StoredText.OrNull(key.Asset),
                StoredText.Meta(key.Meta)));
        }

        return new(rows.DrainToImmutable(), more ? PagePosition.Of(found[^1], devices).Write() : null);
    }
}
