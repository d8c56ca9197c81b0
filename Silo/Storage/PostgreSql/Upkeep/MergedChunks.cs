using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Chunks made by a step of merging, as the columns of its statement, and the chunks that they replace.</summary>
internal sealed class MergedChunks(List<long> replaced)
{
    private readonly List<int> _series = [];
    private readonly List<long> _t0 = [];
    private readonly List<long> _t1 = [];
    private readonly List<long> _correction = [];
    private readonly List<int> _n = [];
    private readonly List<double> _min = [];
    private readonly List<double> _max = [];
    private readonly List<double> _sum = [];
    private readonly List<double> _first = [];
    private readonly List<double> _last = [];
    private readonly List<ReadOnlyMemory<byte>> _data = [];

    /// <summary>Points in them.</summary>
    public int Points { get; private set; }

    /// <summary>Adds the points of a series, by time, as chunks that are full but for the last.</summary>
    public void Add(int seriesNo, long correctionUs, ReadOnlySpan<long> ts, ReadOnlySpan<double> values)
    {
        while (!ts.IsEmpty)
        {
            int n = Math.Min(ts.Length, PointBlock.MaxPoints);
            byte[] packed = new byte[1 + PointCodec.MaxBytes(n)];
            packed[0] = BlockCodec.Format;
            int length = 1 + PointCodec.Encode(ts[..n], values[..n], ts[0], packed.AsSpan(1));
            var (min, max, sum) = Summary.Of(values[..n]);
            _series.Add(seriesNo);
            _t0.Add(ts[0]);
            _t1.Add(ts[n - 1]);
            _correction.Add(correctionUs);
            _n.Add(n);
            _min.Add(min);
            _max.Add(max);
            _sum.Add(sum);
            _first.Add(values[0]);
            _last.Add(values[n - 1]);
            _data.Add(packed.AsMemory(0, length));
            Points += n;
            ts = ts[n..];
            values = values[n..];
        }
    }

    /// <summary>Adds the parameters.</summary>
    public Args Bind(Args args) =>
        args.Add(replaced).Add(_series).Add(_t0).Add(_t1).Add(_correction).Add(_n).Add(_min).Add(_max).Add(_sum).Add(_first).Add(_last).Add(_data);
}

/// <summary>Runs that a step of merging did not come to, as blocks again, as full as they become.</summary>
internal sealed class PutBack : IDisposable
{
    private readonly List<PackedBlock> _blocks = [];

    /// <summary>Packs the runs.</summary>
    public PutBack(DayPoints points, List<DayPoints.Run> left)
    {
        foreach (var same in left.GroupBy(r => r.CorrectionUs))
        {
            var runs = new List<DayPoints.Run>();
            int count = 0;
            foreach (var run in same)
            {
                if (count + run.Count > PointBlock.MaxPoints)
                {
                    _blocks.Add(BlockCodec.Pack(points.ToBlock(runs, same.Key)));
                    runs.Clear();
                    count = 0;
                }

                runs.Add(run);
                count += run.Count;
            }

            _blocks.Add(BlockCodec.Pack(points.ToBlock(runs, same.Key)));
        }
    }

    /// <summary>Adds the parameters.</summary>
    public Args Bind(Args args) =>
        args.Add(_blocks.ConvertAll(b => b.T0)).Add(_blocks.ConvertAll(b => b.T1)).Add(_blocks.ConvertAll(b => b.CorrectionUs))
            .Add(_blocks.ConvertAll(b => b.Points)).Add(_blocks.ConvertAll(b => (ReadOnlyMemory<byte>)b.Bytes.AsMemory(0, b.RunBytes)))
            .Add(_blocks.ConvertAll(b => (ReadOnlyMemory<byte>)b.Bytes.AsMemory(b.RunBytes, b.TotalBytes - b.RunBytes)));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var block in _blocks)
            block.Return();
    }
}
