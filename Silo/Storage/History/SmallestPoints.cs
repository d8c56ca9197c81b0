namespace EsoCore.Silo.Storage;

/// <summary>A point of a page; the device is its place in the list of devices.</summary>
internal readonly record struct PagePoint(long TsUs, int Device, int SeriesNo, double Value) : IComparable<PagePoint>
{
    public int CompareTo(PagePoint other)
    {
        int order = TsUs.CompareTo(other.TsUs);
        if (order == 0)
            order = Device.CompareTo(other.Device);
        if (order == 0)
            order = SeriesNo.CompareTo(other.SeriesNo);
        return order != 0 ? order : PagePosition.Ordered(Value).CompareTo(PagePosition.Ordered(other.Value));
    }
}

/// <summary>Where a page ended.</summary>
internal readonly record struct PagePosition(long TsUs, Guid DeviceId, long SeriesNo, long OrderedValue)
{
    private const int TokenLength = 8 + 16 + 8 + 8;

    public static PagePosition Of(PagePoint point, List<ScopedDevice> devices) =>
        new(point.TsUs, devices[point.Device].Id, point.SeriesNo, Ordered(point.Value));

    public static PagePosition Read(string token)
    {
        var key = TokenKey.Read(TokenKey.Points, TokenLength, token);
        return new(key.Long(), key.Guid(), key.Long(), key.Long());
    }

    public string Write() =>
        PageToken.Write(TokenKey.Write(TokenKey.Points).Add(TsUs).Add(DeviceId).Add(SeriesNo).Add(OrderedValue).ToBytes());

    /// <summary>A whole number that orders as the IEEE values do, -0.0 before 0.0, so that equal keys are equal bits.</summary>
    public static long Ordered(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        return bits >= 0 ? bits : long.MinValue - bits - 1;
    }
}

/// <summary>Keeps the first so many points of all it is shown.</summary>
internal sealed class SmallestPoints(int count) : IPointSink
{
    private readonly List<PagePoint> _points = [];
    private int _device;
    private int _deviceOrder;
    private PagePosition? _after;

    public long BoundUs { get; private set; } = long.MaxValue;

    public void Begin(int device, Guid id, PagePosition? after)
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

    public List<PagePoint> End()
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
        return order > 0 || (order == 0 && PagePosition.Ordered(value).CompareTo(after.OrderedValue) > 0);
    }
}
