using EsoCore.Grains.Storage;
using EsoCore.History;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// The one thread that writes. It owns the write connection: groups of commits come first, upkeep fills the pauses in slices of at most
/// <see cref="Upkeep.SliceLimit"/> (a checkpoint comes as soon as it is due), and under load that never pauses gets one slice every
/// <see cref="UpkeepShare"/>, so that blocks do not pile up.
/// </summary>
internal sealed class Writer : IAsyncDisposable
{
    /// <summary>How long upkeep stands back for commits at most: under load that never pauses it still gets some tenth of the time.</summary>
    private static readonly TimeSpan UpkeepShare = TimeSpan.FromMilliseconds(250);

    private readonly Func<Db> _open;
    private readonly WriteQueue _queue;
    private readonly WriteGroup _groups;
    private readonly Upkeep _upkeep;
    private readonly StorageMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly List<WriteWork> _group = new(WriteQueue.GroupWrites);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Db? _db;
    private long _lastSlice;

    /// <summary>Starts the thread on an open connection; <paramref name="open"/> makes another when that one is in doubt.</summary>
    public Writer(
        Db db, Func<Db> open, WriteQueue queue, WriteGroup groups, Upkeep upkeep, StorageMetrics metrics, TimeProvider time, ILogger logger)
    {
        (_db, _open, _queue, _groups, _upkeep, _metrics, _time, _logger) = (db, open, queue, groups, upkeep, metrics, time, logger);
        _lastSlice = time.GetTimestamp();
        new Thread(Run) { Name = "sqlite-writer", IsBackground = true }.Start();
    }

    /// <summary>
    /// Queues a write and ends with its outcome. A caller who gives up while it is queued does not undo it, so a cancellation is heeded
    /// only before that.
    /// </summary>
    public Task<T> Write<T>(
        Func<Db, T> execute, CancellationToken cancel, Guid? deviceId = null, long bytes = 256, Action? release = null, bool evenIfFull = false)
    {
        if (cancel.IsCancellationRequested)
        {
            release?.Invoke();
            return Task.FromCanceled<T>(cancel);
        }

        var work = new WriteWork<T>(execute, release) { DeviceId = deviceId, Bytes = bytes, QueuedAt = _time.GetTimestamp() };
        if (_queue.TryAdd(work, evenIfFull))
            return work.Task;
        release?.Invoke();
        return Task.FromException<T>(new StorageUnavailableException("The storage has too many writes waiting, or is closing."));
    }

    /// <summary>Writes what is queued and ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Complete();
        await _ended.Task.ConfigureAwait(false);
    }

    private void Run()
    {
        try
        {
            while (_queue.TakeGroup(_group, wait: !_upkeep.HasWork))
            {
                bool idle = _group.Count == 0;
                if (!idle)
                    RunGroup();
                bool overdue = _time.GetElapsedTime(_lastSlice) >= UpkeepShare;
                if (_upkeep.IsCheckpointDue || (_upkeep.HasWork && (idle || overdue)))
                    RunSlice(yields: !overdue);
            }

            Close();
        }
        catch (Exception e)
        {
            _logger.LogCritical(e, "The storage's writer thread ended: nothing more is written.");
            FailTheRest(e);
            Discard();
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    private void RunGroup()
    {
        try
        {
            _db ??= _open();
        }
        catch (Exception e)
        {
            _logger.LogError(e, "The data file cannot be opened.");
            foreach (var work in _group)
                work.Fail(new StorageUnavailableException($"The data file cannot be opened: {e.Message}", e));
            _group.Clear();
            return;
        }

        try
        {
            if (!_groups.Run(_db, _group))
                Reopen();
            else
                _upkeep.Written(_db);
        }
        catch (Exception e)
        {
            // Not foreseen: whoever has not been told by now cannot be told what became of the write.
            _logger.LogError(e, "A group of writes ended in an unexpected way.");
            foreach (var work in _group)
                work.Fail(new CommitUnknownException("The write ended in an unexpected way and its outcome is not known.", e));
            Reopen();
        }

        // Whoever fails the rest later must not meet these again.
        _group.Clear();
    }

    private void RunSlice(bool yields)
    {
        try
        {
            _db ??= _open();
            if (!_upkeep.RunSlice(_db, () => yields && !_queue.IsEmpty))
                Reopen();
        }
        catch (Exception e)
        {
            _upkeep.Rest();
            _logger.LogError(e, "Upkeep of the data file is put off.");
            Reopen();
        }

        _lastSlice = _time.GetTimestamp();
    }

    private void Reopen()
    {
        _logger.LogWarning("The write connection is opened anew.");
        Discard();
    }

    private void Discard()
    {
        var db = _db;
        _db = null;
        db?.Dispose();
    }

    private void Close()
    {
        try
        {
            // Leaves a file that opens without recovery. If it fails, the log is simply read at the next start.
            _db?.Execute("pragma wal_checkpoint(truncate)");
        }
        catch (SqliteError e)
        {
            _logger.LogWarning(e, "The last checkpoint failed.");
        }

        _db?.Dispose();
    }

    private void FailTheRest(Exception reason)
    {
        _queue.Complete();
        do
        {
            foreach (var work in _group)
                work.Fail(new StorageUnavailableException("The storage's writer thread has ended.", reason));
        }
        while (_queue.TakeGroup(_group, wait: false) || _group.Count > 0);
    }
}
