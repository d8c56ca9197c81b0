using EsoCore.Grains.Storage;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// Turns the blocks of a device and UTC day into chunks, one series each. Besides full chunks (4,096 points) a series has at most one open
/// chunk a day and correction: new points join it, so that a day ends in chunks that are full but for the last.
/// </summary>
internal sealed class Merger(MergeHints hints, Partitions partitions, StorageMetrics metrics, ILogger logger) : IUpkeepTask
{
    /// <summary>
    /// Points of one step, read from blocks and chunks and again written to chunks; a block, and a series, more may be begun.
    /// </summary>
    public const int StepPoints = 32_768;

    /// <summary>Runs of one step. What is read beyond them stays in blocks.</summary>
    public const int StepRuns = 1_024;

    private const int StepBlocks = 256;

    private static readonly SqlFile Sql = SqlFile.Of<Merger>();

    private readonly DayPoints _points = new();
    private readonly List<long> _blocks = [];

    /// <inheritdoc/>
    public bool HasWork => hints.HasWork;

    /// <inheritdoc/>
    public int? Lock => null;

    /// <inheritdoc/>
    public void Due()
    {
        // Days come from commits and from the sweep.
    }

    /// <inheritdoc/>
    public void LeaveToOthers()
    {
        // The day at hand was taken out of the queue; the sweep finds it again.
    }

    /// <inheritdoc/>
    public async Task Step(NpgsqlConnection db, CancellationToken cancel)
    {
        if (!hints.TryTake(out var next))
            return;
        try
        {
            if (await MergeStep(db, next.DeviceNo, next.Day, cancel).ConfigureAwait(false))
                hints.Add(next.DeviceNo, next.Day);
        }
        catch (PostgresException e) when (PgErrors.IsMissingPartition(e))
        {
            // Another process dropped the month while it was empty.
            partitions.Forget();
        }
        catch (PostgresException e) when (e.SqlState == PgErrors.RowsGone || PgErrors.IsWorthRepeating(e))
        {
            // Another process was faster; if it left something, the sweep finds it.
            logger.LogDebug("Device number {DeviceNo} was being merged by another process.", next.DeviceNo);
        }
        catch (Exception e) when (!PgErrors.IsAway(e) && e is not (OperationCanceledException or OutOfMemoryException))
        {
            // Whatever a damaged row makes of the code that reads it: one such day must not stop the merging of all others.
            hints.SetAside(next.DeviceNo, next.Day);
            logger.LogError(
                e, "The points of device number {DeviceNo}, day {Day}, cannot be merged: a stored row is damaged.", next.DeviceNo, next.Day);
        }
    }

    /// <summary>Merges some blocks; whether the day has more.</summary>
    private async Task<bool> MergeStep(NpgsqlConnection db, long deviceNo, long day, CancellationToken cancel)
    {
        bool more = await ReadBlocks(db, deviceNo, day, cancel).ConfigureAwait(false);
        if (_blocks.Count == 0)
            return false;
        await partitions.Ensure(PartitionedTable.Chunks, day, cancel).ConfigureAwait(false);
        var open = await ReadOpenChunks(db, deviceNo, day, cancel).ConfigureAwait(false);
        var (taken, left) = Choose(open);
        var merged = await Merge(db, deviceNo, day, taken, open, cancel).ConfigureAwait(false);
        using var rest = new PutBack(_points, left);
        await Sessions.Ask(
            db,
            Sql["replace"],
            a => rest.Bind(merged.Bind(a.Add(deviceNo).Add(day).Add(_blocks))),
            (row, stop) => new ValueTask<bool>(row.ReadAsync(stop)),
            cancel).ConfigureAwait(false);
        metrics.Merged(merged.Points);
        return more || left.Count > 0;
    }

    private Task<bool> ReadBlocks(NpgsqlConnection db, long deviceNo, long day, CancellationToken cancel)
    {
        _points.Clear();
        _blocks.Clear();
        return Sessions.Ask(
            db,
            Sql["blocks_of_day"],
            a => a.Add(deviceNo).Add(day).Add(StepBlocks + 1),
            async (row, stop) =>
            {
                bool more = false;
                while (await row.ReadAsync(stop).ConfigureAwait(false))
                {
                    // The rest is read past: leaving a result half read costs as much.
                    more |= _blocks.Count == StepBlocks || _points.Count >= StepPoints || _points.Runs.Count >= StepRuns;
                    if (more)
                        continue;
                    _points.Add(row.Int(1), row.Long(2), row.Long(3), row.Bytes(4), row.Bytes(5));
                    _blocks.Add(row.Long(0));
                }

                return more;
            },
            cancel);
    }

    private async Task<ILookup<(int, long), OpenChunk>> ReadOpenChunks(NpgsqlConnection db, long deviceNo, long day, CancellationToken cancel)
    {
        var series = _points.Runs.Select(r => r.SeriesNo).Distinct().ToList();
        var chunks = await Sessions.Ask(
            db,
            Sql["open_chunks"],
            a => a.Add(deviceNo).Add(day).Add(series),
            (row, stop) => Sessions.Collect(row, r => new OpenChunk(r.Long(0), r.Int(1), r.Long(2), r.Int(3)), stop),
            cancel).ConfigureAwait(false);
        return chunks.ToLookup(c => (c.SeriesNo, c.CorrectionUs));
    }

    /// <summary>
    /// Takes series after series until the step has its share; the others stay in blocks. The share counts what chunks are opened and
    /// written anew, which for many series with few new points each is nearly all of the work.
    /// </summary>
    private (List<IGrouping<(int, long), DayPoints.Run>> Taken, List<DayPoints.Run> Left) Choose(ILookup<(int, long), OpenChunk> open)
    {
        var taken = new List<IGrouping<(int, long), DayPoints.Run>>();
        var left = new List<DayPoints.Run>();
        int points = 0;
        int runs = 0;
        foreach (var group in _points.Runs.GroupBy(r => (r.SeriesNo, r.CorrectionUs)))
        {
            if (points >= StepPoints || runs >= StepRuns)
            {
                left.AddRange(group);
                continue;
            }

            taken.Add(group);
            points += group.Sum(r => r.Count) + open[group.Key].Sum(c => c.Points);
            runs += group.Count();
        }

        return (taken, left);
    }

    private async Task<MergedChunks> Merge(
        NpgsqlConnection db, long deviceNo, long day, List<IGrouping<(int, long), DayPoints.Run>> taken, ILookup<(int, long), OpenChunk> open,
        CancellationToken cancel)
    {
        var wanted = taken.SelectMany(g => open[g.Key]).Select(c => c.No).ToList();
        var bodies = wanted.Count == 0
            ? []
            : await Sessions.Ask(
                db,
                Sql["read_chunks"],
                a => a.Add(deviceNo).Add(day).Add(wanted),
                async (row, stop) =>
                {
                    var found = new Dictionary<long, (int Points, long T0, byte[] Data)>();
                    while (await row.ReadAsync(stop).ConfigureAwait(false))
                        found.Add(row.Long(0), (row.Int(1), row.Long(2), row.Bytes(3)));
                    return found;
                },
                cancel).ConfigureAwait(false);
        var merged = new MergedChunks(wanted);
        foreach (var group in taken)
        {
            _points.BeginSeries();
            foreach (var chunk in open[group.Key])
            {
                // One that has gone meanwhile is missed when rows are counted; until then it does not matter.
                if (bodies.TryGetValue(chunk.No, out var body))
                    _points.AddToSeries(body.Points, body.T0, body.Data);
            }

            foreach (var run in group)
                _points.AddToSeries(run);
            var (ts, values) = _points.EndSeries();
            merged.Add(group.Key.Item1, group.Key.Item2, ts.Span, values.Span);
        }

        return merged;
    }

    private sealed record OpenChunk(long No, int SeriesNo, long CorrectionUs, int Points);
}

/// <summary>Finds the days that have waited long enough or grown large enough, a stretch of the waiting blocks at a time.</summary>
internal sealed class MergeSweep(MergeHints hints, TimeSpan idle, int threshold, TimeProvider time) : IUpkeepTask
{
    private const int Page = 4_096;

    private static readonly SqlFile Sql = SqlFile.Of<Merger>();
    private static readonly (long, long) Start = (long.MinValue, long.MinValue);

    private (long DeviceNo, long Us)? _from = Start;

    /// <inheritdoc/>
    public bool HasWork => _from is not null && !hints.IsFull;

    /// <inheritdoc/>
    public int? Lock => 1;

    /// <inheritdoc/>
    public void Due() => _from ??= Start;

    /// <inheritdoc/>
    public void LeaveToOthers() => _from = null;

    /// <inheritdoc/>
    public async Task Step(NpgsqlConnection db, CancellationToken cancel)
    {
        if (_from is { } from)
            _from = await Sweep(db, from, idle, cancel).ConfigureAwait(false);
    }

    /// <summary>Merges everything there is, whatever its size or age. For tests and tools.</summary>
    public async Task MergeAll(NpgsqlConnection db, Merger merger, CancellationToken cancel)
    {
        for ((long, long)? from = Start; from is { } at;)
        {
            from = await Sweep(db, at, TimeSpan.MinValue, cancel).ConfigureAwait(false);
            while (merger.HasWork)
                await merger.Step(db, cancel).ConfigureAwait(false);
        }
    }

    private async Task<(long, long)?> Sweep(NpgsqlConnection db, (long DeviceNo, long Us) from, TimeSpan untouched, CancellationToken cancel)
    {
        long before = untouched == TimeSpan.MinValue ? long.MaxValue : Micros.From(time.GetUtcNow() - untouched);
        var days = await Sessions.Ask(
            db,
            Sql["sweep"],
            a => a.Add(from.DeviceNo).Add(from.Us).Add(Page),
            (row, stop) => Sessions.Collect(row, r => (No: r.Long(0), Day: r.Long(1), Blocks: r.Long(2), AddedAt: r.Long(3)), stop),
            cancel).ConfigureAwait(false);
        bool last = days.Sum(d => d.Blocks) < Page;

        // Of the last day there may be more, so the next stretch begins with it, unless it alone has filled this one.
        var whole = last || days.Length == 1 ? days : days[..^1];
        foreach (var day in whole)
        {
            if (day.Blocks >= threshold || day.AddedAt < before)
                hints.Add(day.No, day.Day);
        }

        return last ? null : days.Length == 1 ? (days[0].No, days[0].Day + Micros.Day) : (days[^1].No, days[^1].Day);
    }
}
