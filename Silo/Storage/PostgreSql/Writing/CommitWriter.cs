using EsoCore.Grains.Storage;
using EsoCore.History;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// Writes groups of device commits: a few workers, each with a thread and a connection of its own, take what has gathered while they were
/// busy. A group that the database refuses for the data of one device is written again one by one, and only the guilty fail.
/// </summary>
internal sealed class CommitWriter : IAsyncDisposable
{
    /// <summary>How often a group is sent again that lost to a lock or found a partition gone.</summary>
    private const int MaxRepeats = 3;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    private readonly CommitQueue _queue;
    private readonly NpgsqlDataSource _source;
    private readonly Partitions _partitions;
    private readonly MergeHints _merges;
    private readonly ServerLosses _losses = new();
    private readonly PgFaults _faults;
    private readonly StorageMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Task _workers;
    private readonly ITimer _watch;

    /// <summary>Starts the workers.</summary>
    public CommitWriter(
        NpgsqlDataSource source, int connections, TimeSpan limit, CommitQueue queue, Partitions partitions, MergeHints merges, PgFaults faults,
        StorageMetrics metrics, TimeProvider time, ILogger logger)
    {
        (_source, _queue, _partitions, _merges, _faults) = (source, queue, partitions, merges, faults);
        (_metrics, _time, _logger) = (metrics, time, logger);
        _workers = Task.WhenAll(Enumerable.Range(0, connections).Select(_ =>
            Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        _watch = time.CreateTimer(_ => queue.Expire(w => time.GetElapsedTime(w.QueuedAt) > limit), null, LookInterval, LookInterval);
    }

    /// <summary>
    /// Queues a commit and ends with its outcome. A caller who gives up while it is queued does not undo it, so a cancellation is heeded
    /// only before that.
    /// </summary>
    public Task<CommitResult> Write(CommitWork work, CancellationToken cancel)
    {
        if (cancel.IsCancellationRequested)
        {
            work.Fail(new OperationCanceledException(cancel));
            return Task.FromCanceled<CommitResult>(cancel);
        }

        if (!_queue.TryAdd(work))
            work.Fail(new StorageUnavailableException("The storage has too many writes waiting, or is closing."));
        return work.Task;
    }

    /// <summary>Writes what is queued and ends the workers.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Complete();
        await _workers.ConfigureAwait(false);
        await _watch.DisposeAsync().ConfigureAwait(false);
        await _source.DisposeAsync().ConfigureAwait(false);
    }

    private void Work()
    {
        using var connection = new CommitConnection(_source, _losses);
        var group = new List<CommitWork>(CommitQueue.GroupWrites);
        while (_queue.TakeGroup(group))
        {
            try
            {
                RunGroup(connection, group);
            }
            catch (Exception e)
            {
                // Not foreseen: whoever has not been told by now cannot be told what became of the write.
                _logger.LogError(e, "A group of commits ended in an unexpected way.");
                FailAll(group, new CommitUnknownException("The write ended in an unexpected way and its outcome is not known.", e));
                connection.Lose();
            }

            _queue.Done(group);
        }
    }

    private void RunGroup(CommitConnection connection, List<CommitWork> group)
    {
        // One order for all processes: locks are taken in the order of rows.
        group.Sort(static (a, b) => a.Commit.DeviceNo.CompareTo(b.Commit.DeviceNo));
        var ready = group;
        for (int repeat = 0; ; repeat++)
        {
            if (!Open(connection, ready))
                return;
            ready = WithPartitions(ready);
            if (ready.Count == 0)
                return;
            try
            {
                Send(connection, ready);
                return;
            }
            catch (Exception e) when (repeat < MaxRepeats && PgErrors.IsMissingPartition(e))
            {
                _partitions.Forget();
            }
            catch (Exception e) when (repeat < MaxRepeats && PgErrors.IsWorthRepeating(e))
            {
                _logger.LogInformation("A group of commits is sent again: {Reason}", e.Message);
            }
            catch (Exception e) when (PgErrors.IsDataError(e))
            {
                RunApart(connection, ready, e);
                return;
            }
            catch (Exception e) when (PgErrors.IsRolledBack(e))
            {
                FailAll(ready, PgErrors.Unavailable(e));
                return;
            }
            catch (Exception e)
            {
                connection.Lose();
                FailAll(ready, new CommitUnknownException("The commit was sent and its outcome is not known.", e));
                return;
            }
        }
    }

    /// <summary>Has the connection ready before anything is sent. False: it cannot be, and everyone who waits has been told.</summary>
    private bool Open(CommitConnection connection, List<CommitWork> group)
    {
        try
        {
            connection.Open(group.Exists(w => w.IsFull));
            return true;
        }
        catch (Exception e)
        {
            _logger.LogWarning("PostgreSQL takes no commits: {Reason}", e.Message);
            connection.Lose();
            var away = PgErrors.Unavailable(e);
            FailAll(group, away);
            _queue.FailWaiting(away);
            return false;
        }
    }

    /// <summary>
    /// Makes the partitions that the group lacks. One device's data may ask for one that cannot be made just now: it alone is told so,
    /// and the others, which are returned, go on.
    /// </summary>
    private List<CommitWork> WithPartitions(List<CommitWork> group)
    {
        if (_partitions.Missing(group) is null)
            return group;
        var ready = new List<CommitWork>(group.Count);
        Exception? failed = null;
        foreach (var work in group)
        {
            // After a first failure the rest is not tried: each could take as long, and all of the group waits.
            var missing = _partitions.Missing([work]);
            if (missing is not null && failed is null)
                failed = TryCreate(missing);
            if (missing is null || failed is null)
                ready.Add(work);
            else
                work.Fail(PgErrors.Unavailable(failed));
        }

        return ready;
    }

    private Exception? TryCreate(List<Part> missing)
    {
        try
        {
            _partitions.Create(missing, CancellationToken.None).GetAwaiter().GetResult();
            return null;
        }
        catch (Exception e)
        {
            _logger.LogWarning("A partition for new data cannot be made: {Reason}", e.Message);
            return e;
        }
    }

    private void Send(CommitConnection connection, List<CommitWork> group)
    {
        if (_faults.BeforeCommit is { } before)
            before(Devices(group));
        var won = connection.Run(group, _time.GetUtcNow());
        if (_faults.AfterCommit is { } after)
            after(Devices(group));
        List<CommitWork>? lost = null;
        foreach (var work in group)
        {
            if (!won.Contains(work.Commit.DeviceNo))
            {
                (lost ??= []).Add(work);
                continue;
            }

            foreach (var block in work.Blocks)
                _merges.Counted(work.Commit.DeviceNo, Micros.DayOf(block.T0), block.Points);
            work.End(new CommitResult(CommitOutcome.Committed));
            _metrics.Durable(work.QueuedAt);
        }

        if (won.Count > 0)
            _metrics.Committed(won.Count);
        if (lost is not null)
            Explain(connection, lost);
    }

    /// <summary>Tells those that did not win why. They have written nothing, whatever goes wrong here.</summary>
    private void Explain(CommitConnection connection, List<CommitWork> lost)
    {
        try
        {
            var results = CommitLosers.Explain(connection.Db, lost, _time.GetUtcNow());
            foreach (var work in lost)
                work.End(results[work.Commit.DeviceNo]);
        }
        catch (Exception e)
        {
            if (!PgErrors.IsRolledBack(e))
                connection.Lose();
            FailAll(lost, PgErrors.Unavailable(e));
        }
    }

    private void RunApart(CommitConnection connection, List<CommitWork> group, Exception reason)
    {
        if (group is [var only])
        {
            if (CommitLosers.IsSerialTaken(reason))
                only.End(new CommitResult(CommitOutcome.SerialTaken));
            else
                only.Fail(reason);
            return;
        }

        _logger.LogWarning("A group of {Count} commits is written one by one: {Reason}", group.Count, reason.Message);
        foreach (var work in group)
            RunGroup(connection, [work]);
    }

    private static void FailAll(List<CommitWork> group, Exception reason)
    {
        foreach (var work in group)
            work.Fail(reason);
    }

    private static List<Guid> Devices(List<CommitWork> group) => [.. group.Select(w => w.Commit.DeviceId)];
}
