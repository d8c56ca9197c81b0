using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>Reads points out of blocks and chunks, whole rows at a time.</summary>
internal static class PointReads
{
    /// <summary>Every row that reaches into the span, from both tables; within one snapshot a point stands in exactly one of them.</summary>
    public static IEnumerable<SeriesPoints> Overlap(Db db, SqlFile sql, long deviceNo, long fromUs, long toUs)
    {
        using (var row = db.Use(sql["overlap_blocks"]).Add(deviceNo).Add(fromUs).Add(toUs))
        {
            while (row.Step())
            {
                foreach (var run in Block(row.Int(0), row.Long(1), row.Blob(2), row.Blob(3)))
                    yield return run;
            }
        }

        using (var row = db.Use(sql["overlap_chunks"]).Add(deviceNo).Add(fromUs).Add(toUs))
        {
            while (row.Step())
                yield return Chunk(row.Int(0), row.Long(1), row.Int(2), row.Blob(3));
        }
    }

    /// <summary>The runs of a block row.</summary>
    public static List<SeriesPoints> Block(int points, long t0, ReadOnlySpan<byte> runs, ReadOnlySpan<byte> data)
    {
        points = BlockCodec.CheckCount(points);
        long[] ts = new long[points];
        double[] values = new double[points];
        var body = BlockCodec.Body(data);
        var list = BlockCodec.ReadRuns(runs, points);
        var result = new List<SeriesPoints>(list.Count);
        int at = 0;
        foreach (var (seriesNo, count) in list)
        {
            body = body[PointCodec.Decode(body, t0, ts.AsSpan(at, count), values.AsSpan(at, count))..];
            result.Add(new(seriesNo, ts.AsMemory(at, count), values.AsMemory(at, count)));
            at += count;
        }

        return result;
    }

    /// <summary>The points of a chunk row.</summary>
    public static SeriesPoints Chunk(int points, long t0, int seriesNo, ReadOnlySpan<byte> data)
    {
        points = BlockCodec.CheckCount(points);
        long[] ts = new long[points];
        double[] values = new double[points];
        PointCodec.Decode(BlockCodec.Body(data), t0, ts, values);
        return new(seriesNo, ts, values);
    }
}
