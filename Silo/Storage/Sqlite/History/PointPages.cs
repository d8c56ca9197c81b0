using EsoCore.Grains.Storage;
using EsoCore.History;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// Pages of points by (ts, device, series, value), over one device or many. Only the page itself is kept: every device is scanned from the
/// token on, and as soon as a page is full its last time bounds what is still read.
/// </summary>
internal static class PointPages
{
    private const int TokenLength = 8 + 16 + 8 + 8;

    /// <summary>Reads a page inside a snapshot.</summary>
    public static Page<PointRow> Read(Db db, PointQuery query, PageRequest page, CancellationToken cancel)
    {
        int limit = PageToken.Limit(page);
        var after = page.After is { } token ? (Position?)Position.Read(token) : null;
        var span = TimeSpanUs.Of(query.From, query.To);
        if (after is { } a)
            span = span.NotBefore(a.TsUs);

        var scan = new PointScan(db, cancel);
        var devices = new List<ScopedDevice>();
        var sink = new Smallest(limit + 1);
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
            rows.Add(new(Micros.ToTime(point.TsUs), device.Id, key.Metric, point.Value, OrNull(key.Unit), OrNull(key.Asset), Meta(key.Meta)));
        }

        return new(rows.DrainToImmutable(), more ? Position.Of(found[^1], devices).Write() : null);
    }

    /// <summary>Stored texts are empty for none.</summary>
    public static string? OrNull(string text) => text.Length == 0 ? null : text;

    /// <summary>Stored meta is empty for none.</summary>
    public static JsonText Meta(string text) => text.Length == 0 ? JsonText.EmptyObject : new(text);

    /// <summary>A whole number that orders as the IEEE values do, -0.0 before 0.0, so that equal keys are equal bits.</summary>
    private static long Ordered(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        return bits >= 0 ? bits : long.MinValue - bits - 1;
    }

    private readonly record struct Point(long TsUs, int Device, int SeriesNo, double Value) : IComparable<Point>
    {
        public int CompareTo(Point other)
        {
            int order = TsUs.CompareTo(other.TsUs);
            if (order == 0)
                order = Device.CompareTo(other.Device);
            if (order == 0)
                order = SeriesNo.CompareTo(other.SeriesNo);
            return order != 0 ? order : Ordered(Value).CompareTo(Ordered(other.Value));
        }
    }

    /// <summary>Where a page ended.</summary>
    private readonly record struct Position(long TsUs, Guid DeviceId, long SeriesNo, long OrderedValue)
    {
        public static Position Of(Point point, List<ScopedDevice> devices) =>
            new(point.TsUs, devices[point.Device].Id, point.SeriesNo, Ordered(point.Value));

        public static Position Read(string token)
        {
            var key = TokenKey.Read(TokenKey.Points, TokenLength, token);
            return new(key.Long(), key.Guid(), key.Long(), key.Long());
        }

        public string Write() =>
            PageToken.Write(TokenKey.Write(TokenKey.Points).Add(TsUs).Add(DeviceId).Add(SeriesNo).Add(OrderedValue).ToBytes());
    }

    /// <summary>Keeps the first so many points of all it is shown.</summary>
    private sealed class Smallest(int count) : IPointSink
    {
        private readonly List<Point> _points = [];
        private int _device;
        private int _deviceOrder;
        private Position? _after;

        public long BoundUs { get; private set; } = long.MaxValue;

        public void Begin(int device, Guid id, Position? after)
        {
            _device = device;
            _after = after;
            _deviceOrder = after is { } a ? id.CompareTo(a.DeviceId) : 0;
        }

        public bool TakeSummary(long t0, long t1, int n, double min, double max, double sum) => false;

        public void Take(int seriesNo, ReadOnlySpan<long> ts, ReadOnlySpan<double> values)
        {
            for (int i = 0; i < ts.Length && ts[i] <= BoundUs; i++)
            {
                if (IsAfter(ts[i], seriesNo, values[i]))
                    _points.Add(new(ts[i], _device, seriesNo, values[i]));
            }

            if (_points.Count >= 2 * count)
                Cut();
        }

        public List<Point> End()
        {
            Cut();
            return _points;
        }

        private void Cut()
        {
            _points.Sort();
            if (_points.Count < count)
                return;
            _points.RemoveRange(count, _points.Count - count);
            BoundUs = _points[^1].TsUs;
        }

        private bool IsAfter(long ts, int seriesNo, double value)
        {
            if (_after is not { } after || ts > after.TsUs)
                return true;
            if (ts < after.TsUs || _deviceOrder != 0)
                return ts == after.TsUs && _deviceOrder > 0;
            int order = ((long)seriesNo).CompareTo(after.SeriesNo);
            return order > 0 || (order == 0 && Ordered(value).CompareTo(after.OrderedValue) > 0);
        }
    }
}
