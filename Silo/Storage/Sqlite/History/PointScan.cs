using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// Goes through the stored points of one device after the other, row by row, in memory of two rows. A snapshot has each point once, in a
/// block or in a chunk.
/// </summary>
internal sealed class PointScan(Db db, CancellationToken cancel)
{
    private static readonly SqlFile Sql = SqlFile.Of<PointScan>();

    private readonly long[] _ts = new long[PointBlock.MaxPoints];
    private readonly double[] _values = new double[PointBlock.MaxPoints];

    /// <summary>Scans the series of a device that have the metric and the asset (null: any).</summary>
    public void Scan(long deviceNo, string? metric, string? asset, TimeSpanUs span, IPointSink sink)
    {
        if (span.IsEmpty)
            return;
        var series = new HashSet<int>();
        using (var row = db.Use(Sql["series"]).Add(deviceNo).Add(metric).Add(asset))
        {
            while (row.Step())
                series.Add(row.Int(0));
        }

        if (series.Count == 0)
            return;
        foreach (int seriesNo in series)
            ScanChunks(deviceNo, seriesNo, span, sink);
        ScanBlocks(deviceNo, series, span, sink);
    }

    /// <summary>The key of a series.</summary>
    public SeriesKey Key(long deviceNo, int seriesNo)
    {
        using var row = db.Use(Sql["series_key"]).Add(deviceNo).Add(seriesNo);
        return row.Step()
            ? new(row.Text(0), row.Text(1), row.Text(2), row.Text(3))
            : throw new InvalidDataException($"Series {seriesNo} of device number {deviceNo} has points but no row.");
    }

    private void ScanChunks(long deviceNo, int seriesNo, TimeSpanUs span, IPointSink sink)
    {
        using var head = db.Use(Sql["chunk_heads"]).Add(deviceNo).Add(seriesNo).Add(span.FromUs).Add(span.ToUs);
        while (head.Step() && head.Long(1) <= sink.BoundUs)
        {
            cancel.ThrowIfCancellationRequested();
            long t0 = head.Long(1);
            long t1 = head.Long(2);
            int n = BlockCodec.CheckCount(head.Int(3));
            bool whole = t0 >= span.FromUs && t1 < span.ToUs;
            if (whole && sink.TakeSummary(t0, t1, n, head.Double(4), head.Double(5), head.Double(6)))
                continue;
            using var chunk = db.Use(Sql["open_chunk"]).Add(head.Long(0));
            if (!chunk.Step())
                throw new InvalidDataException("A chunk stands in the index and not in the table.");
            PointCodec.Decode(BlockCodec.Body(chunk.Blob(0)), t0, _ts.AsSpan(0, n), _values.AsSpan(0, n));
            sink.TakeWithin(seriesNo, _ts.AsSpan(0, n), _values.AsSpan(0, n), span);
        }
    }

    private void ScanBlocks(long deviceNo, HashSet<int> series, TimeSpanUs span, IPointSink sink)
    {
        using var row = db.Use(Sql["blocks"]).Add(deviceNo).Add(span.FromUs).Add(span.ToUs);
        while (row.Step() && row.Long(1) <= sink.BoundUs)
        {
            cancel.ThrowIfCancellationRequested();
            int n = BlockCodec.CheckCount(row.Int(0));
            var body = BlockCodec.Body(row.Blob(3));
            foreach (var (seriesNo, count) in BlockCodec.ReadRuns(row.Blob(2), n))
            {
                var ts = _ts.AsSpan(0, count);
                var values = _values.AsSpan(0, count);
                body = body[PointCodec.Decode(body, row.Long(1), ts, values)..];
                if (series.Contains(seriesNo))
                    sink.TakeWithin(seriesNo, ts, values, span);
            }
        }
    }
}
