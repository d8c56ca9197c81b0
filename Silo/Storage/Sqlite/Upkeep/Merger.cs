using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// Turns the blocks of a device and UTC day into chunks, one series each. Besides full chunks (4,096 points) a series has at most one open
/// chunk a day and correction: new points join it, so that a day ends in chunks that are full but for the last.
/// </summary>
internal sealed class Merger(MergeQueue queue, TimeSpan idle, int threshold, StorageMetrics metrics, TimeProvider time, ILogger logger)
    : IUpkeepTask
{
    /// <summary>
    /// Points of one step, read from blocks and again written to chunks, which takes some 10 ms; a block, and a series, more may be begun.
    /// </summary>
    public const int StepPoints = 16_384;

    /// <summary>Runs of one step: each costs a few statements however short it is. What is read beyond them stays in blocks.</summary>
    public const int StepRuns = 512;

    private const int StepBlocks = 256;
    private const int SweepPage = 256;

    private static readonly SqlFile Sql = SqlFile.Of<Merger>();

    private readonly DayPoints _points = new();
    private readonly List<long> _blocks = [];
    private readonly byte[] _packed = new byte[1 + PointCodec.MaxBytes(PointBlock.MaxPoints)];
    private (long DeviceNo, long Day)? _sweep = (long.MinValue, long.MinValue);

    /// <inheritdoc/>
    public string Name => "merging";

    /// <inheritdoc/>
    public bool HasWork => queue.Count > 0 || _sweep is not null;

    /// <inheritdoc/>
    public void Due() => _sweep ??= (long.MinValue, long.MinValue);

    /// <inheritdoc/>
    public void Step(Db db)
    {
        if (queue.TryTake(out var next))
            MergeDay(db, next.DeviceNo, next.Day);
        else if (_sweep is { } after)
            _sweep = Sweep(db, after, idle);
    }

    /// <summary>Merges everything there is, whatever its size or age.</summary>
    public void MergeAll(Db db)
    {
        for ((long, long)? after = (long.MinValue, long.MinValue); after is { } from;)
        {
            after = Sweep(db, from, TimeSpan.MinValue);
            while (queue.TryTake(out var next))
                MergeDay(db, next.DeviceNo, next.Day);
        }
    }

    /// <summary>Queues the days that have waited long enough or grown large enough, a page of the table at a time; null at its end.</summary>
    private (long DeviceNo, long Day)? Sweep(Db db, (long DeviceNo, long Day) after, TimeSpan untouched)
    {
        long before = untouched == TimeSpan.MinValue ? long.MaxValue : Micros.From(time.GetUtcNow() - untouched);
        int seen = 0;
        using var row = db.Use(Sql["sweep"]).Add(after.DeviceNo).Add(after.Day).Add(SweepPage);
        while (row.Step())
        {
            if (queue.IsFull)
                return after;
            seen++;
            after = (row.Long(0), row.Long(1));
            if (row.Long(2) >= threshold || row.Long(3) < before)
                queue.Add(after.DeviceNo, after.Day);
        }

        return seen == SweepPage ? after : null;
    }

    private void MergeDay(Db db, long deviceNo, long day)
    {
        try
        {
            db.Use(Upkeep.Savepoint).Run();
            bool more = MergeStep(db, deviceNo, day);
            db.Use(Upkeep.Release).Run();
            if (more)
                queue.Add(deviceNo, day);
        }
        catch (Exception e) when (e is not (SqliteError { IsDataError: false } or OutOfMemoryException))
        {
            // Whatever a damaged row makes of the code that reads it: one such day must not stop the merging of all others.
            db.RollbackTo(Upkeep.RollbackTo);
            db.Use(Upkeep.Release).Run();
            queue.SetAside(deviceNo, day);
            logger.LogError(e, "The points of device number {DeviceNo}, day {Day}, cannot be merged: a stored row is damaged.", deviceNo, day);
        }
    }

    /// <summary>Merges some blocks; whether the day has more.</summary>
    private bool MergeStep(Db db, long deviceNo, long day)
    {
        bool more = ReadBlocks(db, deviceNo, day);
        int putBack = PutBack(db, deviceNo, MergeSeries(db, deviceNo, day));
        foreach (long blockNo in _blocks)
            db.Use(Sql["delete_block"]).Add(blockNo).Run();
        more |= putBack > 0;
        if (more)
            db.Use(Sql["uncount_blocks"]).Add(deviceNo).Add(day).Add(_blocks.Count - putBack).Run();
        else
            db.Use(Sql["forget_day"]).Add(deviceNo).Add(day).Run();
        return more;
    }

    /// <summary>
    /// Merges series after series until the step has done its share; returns the runs that it did not come to. The share counts what chunks
    /// are opened and written anew, which for many series with few new points each is nearly all of the work.
    /// </summary>
    private List<DayPoints.Run> MergeSeries(Db db, long deviceNo, long day)
    {
        var left = new List<DayPoints.Run>();
        int done = 0;
        int runsDone = 0;
        foreach (var runs in _points.Runs.GroupBy(r => (r.SeriesNo, r.CorrectionUs)))
        {
            if (done >= StepPoints || runsDone >= StepRuns)
            {
                left.AddRange(runs);
                continue;
            }

            _points.BeginSeries();
            TakeOpenChunks(db, deviceNo, runs.Key.SeriesNo, day, runs.Key.CorrectionUs);
            foreach (var run in runs)
            {
                _points.AddToSeries(run);
                runsDone++;
            }

            var (ts, values) = _points.EndSeries();
            WriteChunks(db, deviceNo, runs.Key.SeriesNo, runs.Key.CorrectionUs, ts.Span, values.Span);
            done += ts.Length;
        }

        metrics.Merged(done);
        return left;
    }

    private bool ReadBlocks(Db db, long deviceNo, long day)
    {
        _points.Clear();
        _blocks.Clear();
        using var row = db.Use(Sql["blocks_of_day"]).Add(deviceNo).Add(day).Add(StepBlocks + 1);
        while (row.Step())
        {
            if (_blocks.Count == StepBlocks || _points.Count >= StepPoints || _points.Runs.Count >= StepRuns)
                return true;
            _points.Add(row.Int(1), row.Long(2), row.Long(3), row.Blob(4), row.Blob(5));
            _blocks.Add(row.Long(0));
        }

        return false;
    }

    /// <summary>Stores runs as blocks again, as full as they become; how many blocks.</summary>
    private int PutBack(Db db, long deviceNo, List<DayPoints.Run> left)
    {
        int blocks = 0;
        foreach (var same in left.GroupBy(r => r.CorrectionUs))
        {
            var runs = new List<DayPoints.Run>();
            int points = 0;
            foreach (var run in same)
            {
                if (points + run.Count > PointBlock.MaxPoints)
                {
                    InsertBlock(db, deviceNo, runs);
                    blocks++;
                    runs.Clear();
                    points = 0;
                }

                runs.Add(run);
                points += run.Count;
            }

            InsertBlock(db, deviceNo, runs);
            blocks++;
        }

        return blocks;
    }

    private void InsertBlock(Db db, long deviceNo, List<DayPoints.Run> runs)
    {
        var block = BlockCodec.Pack(_points.ToBlock(runs, runs[0].CorrectionUs));
        try
        {
            db.Use(Sql["insert_block"]).Add(deviceNo).Add(block.T0).Add(block.T1).Add(block.Points).Add(block.CorrectionUs).Add(block.Runs)
                .Add(block.Data).Run();
        }
        finally
        {
            block.Return();
        }
    }

    private void TakeOpenChunks(Db db, long deviceNo, int seriesNo, long day, long correctionUs)
    {
        var taken = new List<long>(1);
        using (var row = db.Use(Sql["open_chunks"]).Add(deviceNo).Add(seriesNo).Add(day).Add(correctionUs))
        {
            while (row.Step())
            {
                _points.AddToSeries(row.Int(1), row.Long(2), row.Blob(3));
                taken.Add(row.Long(0));
            }
        }

        foreach (long chunkNo in taken)
            db.Use(Sql["delete_chunk"]).Add(chunkNo).Run();
    }

    private void WriteChunks(
        Db db, long deviceNo, int seriesNo, long correctionUs, ReadOnlySpan<long> ts, ReadOnlySpan<double> values)
    {
        while (!ts.IsEmpty)
        {
            int n = Math.Min(ts.Length, PointBlock.MaxPoints);
            _packed[0] = BlockCodec.Format;
            int length = 1 + PointCodec.Encode(ts[..n], values[..n], ts[0], _packed.AsSpan(1));
            var (min, max, sum) = Summary.Of(values[..n]);
            db.Use(Sql["insert_chunk"]).Add(deviceNo).Add(seriesNo).Add(ts[0]).Add(ts[n - 1]).Add(n).Add(min).Add(max).Add(sum)
                .Add(values[0]).Add(values[n - 1]).Add(correctionUs).Add(_packed.AsSpan(0, length)).Run();
            ts = ts[n..];
            values = values[n..];
        }
    }
}
