using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// Runs the tasks of upkeep on a connection of its own, beside the commits. Several processes share the work: tasks that one is enough for
/// are done by whoever holds their advisory lock, which ends with the session.
/// </summary>
internal sealed class Upkeep : IAsyncDisposable
{
    /// <summary>The first half of the numbers of our advisory locks ("esoc").</summary>
    public const int LockClass = 0x65736F63;

    /// <summary>Steps of one task before the next has its turn.</summary>
    private const int StepsATurn = 64;

    private readonly NpgsqlDataSource _source;
    private readonly IReadOnlyList<IUpkeepTask> _tasks;
    private readonly StorageMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly SemaphoreSlim _wanted = new(0);
    private readonly CancellationTokenSource _closing = new();
    private readonly ITimer _timer;
    private readonly Task _loop;
    private NpgsqlConnection? _db;
    private int _due = 1;
    private int _next;

    /// <summary>Starts the work, unless it is to be done by hand.</summary>
    public Upkeep(
        NpgsqlDataSource source, IReadOnlyList<IUpkeepTask> tasks, TimeSpan interval, bool runs, StorageMetrics metrics, TimeProvider time,
        ILogger logger)
    {
        (_source, _tasks, _metrics, _time, _logger) = (source, tasks, metrics, time, logger);
        _timer = time.CreateTimer(_ => Due(), null, interval, interval);
        _loop = runs ? Task.Run(Run) : Task.CompletedTask;
        Wake();
    }

    /// <summary>Asks every task to look for work. Any thread.</summary>
    public void Due()
    {
        Volatile.Write(ref _due, 1);
        Wake();
    }

    /// <summary>Wakes the loop: a task has been given work.</summary>
    public void Wake()
    {
        // Twice is as good as once.
        if (_wanted.CurrentCount == 0)
            _wanted.Release();
    }

    /// <summary>
    /// Does everything that is due, whoever else would; then, on the same connection, what is given. For tests and tools.
    /// </summary>
    public async Task RunAll(Func<NpgsqlConnection, CancellationToken, Task> andThen, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            Volatile.Write(ref _due, 1);
            TakeDue();
            var db = await Open(cancel).ConfigureAwait(false);
            while (_tasks.FirstOrDefault(t => t.HasWork) is { } task)
                await task.Step(db, cancel).ConfigureAwait(false);
            await andThen(db, cancel).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Does one step of the next task that has work; false when none has. For tests.</summary>
    public async Task<bool> StepOnce(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            TakeDue();
            for (int i = 0; i < _tasks.Count; i++)
            {
                var task = _tasks[_next++ % _tasks.Count];
                if (!task.HasWork)
                    continue;
                await task.Step(await Open(cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
                return true;
            }

            return false;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _closing.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        await Discard().ConfigureAwait(false);
        await _source.DisposeAsync().ConfigureAwait(false);
        _closing.Dispose();
    }

    private async Task Run()
    {
        var stop = _closing.Token;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await _wanted.WaitAsync(stop).ConfigureAwait(false);
                await _turn.WaitAsync(stop).ConfigureAwait(false);
                try
                {
                    await RunTurns(stop).ConfigureAwait(false);
                }
                finally
                {
                    _turn.Release();
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Nothing is tried again before the next look.
                _logger.LogWarning("Upkeep of the database is put off: {Reason}", e.Message);
                await Discard().ConfigureAwait(false);
            }
        }
    }

    private async Task RunTurns(CancellationToken stop)
    {
        TakeDue();
        for (bool worked = true; worked;)
        {
            worked = false;
            foreach (var task in _tasks)
                worked |= task.HasWork && await RunTurn(task, stop).ConfigureAwait(false);
            TakeDue();
        }
    }

    private async Task<bool> RunTurn(IUpkeepTask task, CancellationToken stop)
    {
        var db = await Open(stop).ConfigureAwait(false);
        if (task.Lock is { } number && !await TryLock(db, number, stop).ConfigureAwait(false))
        {
            task.LeaveToOthers();
            return false;
        }

        try
        {
            for (int i = 0; i < StepsATurn && task.HasWork; i++)
            {
                stop.ThrowIfCancellationRequested();
                long start = _time.GetTimestamp();
                await task.Step(db, stop).ConfigureAwait(false);
                _metrics.Sliced(_time.GetElapsedTime(start), "work");
            }

            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _logger.LogWarning(e, "A step of upkeep failed and is put off.");
            task.LeaveToOthers();
            if (!PgErrors.IsRolledBack(e))
                throw;
            return false;
        }
        finally
        {
            if (task.Lock is { } held && db.State == System.Data.ConnectionState.Open)
                await Unlock(db, held).ConfigureAwait(false);
        }
    }

    private static Task<bool> TryLock(NpgsqlConnection db, int number, CancellationToken cancel) => Sessions.Ask(
        db, "select pg_try_advisory_lock($1, $2)", a => a.Add(LockClass).Add(number),
        async (row, stop) => await row.ReadAsync(stop).ConfigureAwait(false) && row.GetBoolean(0), cancel);

    private async Task Unlock(NpgsqlConnection db, int number)
    {
        try
        {
            await Sessions.Ask(
                db, "select pg_advisory_unlock($1, $2)", a => a.Add(LockClass).Add(number),
                (row, stop) => new ValueTask<bool>(row.ReadAsync(stop)), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (PgErrors.IsAway(e))
        {
            // The lock ends with the session.
            await Discard().ConfigureAwait(false);
        }
    }

    private async Task<NpgsqlConnection> Open(CancellationToken cancel)
    {
        if (_db is { State: not System.Data.ConnectionState.Open })
            await Discard().ConfigureAwait(false);
        return _db ??= await _source.OpenConnectionAsync(cancel).ConfigureAwait(false);
    }

    private async Task Discard()
    {
        var db = _db;
        _db = null;
        if (db is null)
            return;

        // Not back into the pool: the session may hold an advisory lock.
        NpgsqlConnection.ClearPool(db);
        await db.DisposeAsync().ConfigureAwait(false);
    }

    private void TakeDue()
    {
        if (Interlocked.Exchange(ref _due, 0) == 0)
            return;
        foreach (var task in _tasks)
            task.Due();
    }
}
