using EsoCore.Grains.Storage;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// Goes through the stored points of one device after the other, row by row. A statement sees each point once, in a block or in a chunk.
/// </summary>
internal sealed class PointScan(NpgsqlConnection db, CancellationToken cancel)
{
    private const string Cursor = "points";
    private const int FirstFetch = 16;
    private const int MaxFetch = 256;

    private static readonly SqlFile Sql = SqlFile.Of<PointScan>();

    private readonly long[] _ts = new long[PointBlock.MaxPoints];
    private readonly double[] _values = new double[PointBlock.MaxPoints];

    /// <summary>Scans everything within the span, in buckets of a width.</summary>
    public Task ScanAll(ScopedSeries device, TimeSpanUs span, long widthUs, IPointSink sink)
    {
        if (span.IsEmpty)
            return Task.CompletedTask;
        var series = device.SeriesNos.ToHashSet();
        return Sessions.Ask(
            db, Sql["rows"], a => Bind(a, device, span, widthUs),
            async (row, stop) =>
            {
                while (await row.ReadAsync(stop).ConfigureAwait(false))
                    Take(row, series, span, sink);
                return true;
            },
            cancel);
    }

    /// <summary>Scans until the sink has enough, a few rows at a time; within a transaction.</summary>
    public async Task ScanOldest(ScopedSeries device, TimeSpanUs span, IPointSink sink)
    {
        if (span.IsEmpty || span.FromUs > sink.BoundUs)
            return;
        var series = device.SeriesNos.ToHashSet();
        await Run($"declare {Cursor} no scroll cursor for {Sql["rows"]}", a => Bind(a, device, span, 0)).ConfigureAwait(false);
        bool more = true;
        for (int count = FirstFetch; more; count = Math.Min(2 * count, MaxFetch))
        {
            int rows = count;
            more = await Sessions.Ask(
                db, $"fetch {count} from {Cursor}", static _ => { },
                async (row, stop) =>
                {
                    int seen = 0;
                    bool past = false;
                    while (await row.ReadAsync(stop).ConfigureAwait(false))
                    {
                        seen++;
                        past |= row.Long(2) > sink.BoundUs;
                        if (!past)
                            Take(row, series, span, sink);
                    }

                    return seen == rows && !past;
                },
                cancel).ConfigureAwait(false);
        }

        await Run($"close {Cursor}", static _ => { }).ConfigureAwait(false);
    }

    /// <summary>The keys of series, by device number and series number.</summary>
    public Task<Dictionary<(long, int), SeriesKey>> Keys(IReadOnlyCollection<(long DeviceNo, int SeriesNo)> wanted) => Sessions.Ask(
        db, Sql["keys"], a => a.Add(wanted.Select(w => w.DeviceNo).ToList()).Add(wanted.Select(w => w.SeriesNo).ToList()),
        async (row, stop) =>
        {
            var keys = new Dictionary<(long, int), SeriesKey>();
            while (await row.ReadAsync(stop).ConfigureAwait(false))
                keys.Add((row.Long(0), row.Int(1)), new(row.Text(2), row.Text(3), row.Text(4), row.Text(5)));
            return keys;
        },
        cancel);

    private static void Bind(Args args, ScopedSeries device, TimeSpanUs span, long widthUs) =>
        args.Add(device.Device.No).Add([.. device.SeriesNos]).Add(span.FromUs).Add(span.ToUs).Add(widthUs);

    private void Take(NpgsqlDataReader row, HashSet<int> series, TimeSpanUs span, IPointSink sink)
    {
        int n = BlockCodec.CheckCount(row.Int(1));
        long t0 = row.Long(2);
        if (row.IsDBNull(8))
        {
            if (!sink.TakeSummary(t0, row.Long(3), n, row.Double(4), row.Double(5), row.Double(6)))
                throw new InvalidDataException("A chunk was left closed that does not lie within one bucket.");
            return;
        }

        var body = BlockCodec.Body(row.Bytes(8));
        var runs = row.IsDBNull(7) ? [(row.Int(0), n)] : BlockCodec.ReadRuns(row.Bytes(7), n);
        foreach (var (seriesNo, count) in runs)
        {
            var ts = _ts.AsSpan(0, count);
            var values = _values.AsSpan(0, count);
            body = body[PointCodec.Decode(body, t0, ts, values)..];
            if (series.Contains(seriesNo))
                sink.TakeWithin(seriesNo, ts, values, span);
        }
    }

    private Task Run(string sql, Action<Args> bind) =>
        Sessions.Ask(db, sql, bind, (row, _) => new ValueTask<int>(row.RecordsAffected), cancel);
}
