using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage;

/// <summary>Runs of a day taken out of blocks, and the room to put those of one series in order. Kept and reused by the merger.</summary>
internal sealed class DayPoints
{
    private long[] _ts = new long[4 * PointBlock.MaxPoints];
    private double[] _values = new double[4 * PointBlock.MaxPoints];
    private int _count;
    private long[] _seriesTs = new long[2 * PointBlock.MaxPoints];
    private double[] _seriesValues = new double[2 * PointBlock.MaxPoints];
    private int _seriesCount;

    /// <summary>The runs taken, each a slice of the points.</summary>
    public List<Run> Runs { get; } = [];

    /// <summary>Points taken.</summary>
    public int Count => _count;

    /// <summary>One series' points of one block.</summary>
    public readonly record struct Run(int SeriesNo, long CorrectionUs, int At, int Count);

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Runs.Clear();
        _count = 0;
    }

    /// <summary>Takes the runs of a block.</summary>
    public void Add(int points, long t0, long correctionUs, ReadOnlySpan<byte> runs, ReadOnlySpan<byte> data)
    {
        points = BlockCodec.CheckCount(points);
        Grow(ref _ts, ref _values, _count + points);
        var body = BlockCodec.Body(data);
        foreach (var (seriesNo, count) in BlockCodec.ReadRuns(runs, points))
        {
            body = body[PointCodec.Decode(body, t0, _ts.AsSpan(_count, count), _values.AsSpan(_count, count))..];
            Runs.Add(new(seriesNo, correctionUs, _count, count));
            _count += count;
        }
    }

    /// <summary>A block of some of the runs.</summary>
    public PointBlock ToBlock(IReadOnlyCollection<Run> runs, long correctionUs)
    {
        var ts = new List<long>();
        var values = new List<double>();
        foreach (var run in runs)
        {
            ts.AddRange(_ts.AsSpan(run.At, run.Count));
            values.AddRange(_values.AsSpan(run.At, run.Count));
        }

        return new(
            runs.Select(r => r.SeriesNo).ToArray(), runs.Select(r => r.Count).ToArray(), ts.ToArray(), values.ToArray(), correctionUs);
    }

    /// <summary>Begins the points of one series.</summary>
    public void BeginSeries() => _seriesCount = 0;

    /// <summary>Adds a run to the series.</summary>
    public void AddToSeries(Run run)
    {
        Grow(ref _seriesTs, ref _seriesValues, _seriesCount + run.Count);
        _ts.AsSpan(run.At, run.Count).CopyTo(_seriesTs.AsSpan(_seriesCount));
        _values.AsSpan(run.At, run.Count).CopyTo(_seriesValues.AsSpan(_seriesCount));
        _seriesCount += run.Count;
    }

    /// <summary>Adds a chunk to the series.</summary>
    public void AddToSeries(int points, long t0, ReadOnlySpan<byte> data)
    {
        points = BlockCodec.CheckCount(points);
        Grow(ref _seriesTs, ref _seriesValues, _seriesCount + points);
        PointCodec.Decode(BlockCodec.Body(data), t0, _seriesTs.AsSpan(_seriesCount, points), _seriesValues.AsSpan(_seriesCount, points));
        _seriesCount += points;
    }

    /// <summary>The series' points by time.</summary>
    public (ReadOnlyMemory<long> TsUs, ReadOnlyMemory<double> Values) EndSeries()
    {
        var ts = _seriesTs.AsSpan(0, _seriesCount);
        for (int i = 1; i < ts.Length; i++)
        {
            if (ts[i] < ts[i - 1])
            {
                // Batches mostly come in order, so this is the exception.
                ts.Sort(_seriesValues.AsSpan(0, _seriesCount));
                break;
            }
        }

        return (_seriesTs.AsMemory(0, _seriesCount), _seriesValues.AsMemory(0, _seriesCount));
    }

    private static void Grow(ref long[] ts, ref double[] values, int count)
    {
        if (count <= ts.Length)
            return;
        int length = Math.Max(count, 2 * ts.Length);
        Array.Resize(ref ts, length);
        Array.Resize(ref values, length);
    }
}
