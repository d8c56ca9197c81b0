namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>One kind of background work on the file, done in small steps on the writer thread.</summary>
internal interface IUpkeepTask
{
    /// <summary>What it is, in a word.</summary>
    string Name { get; }

    /// <summary>Whether a step would do something.</summary>
    bool HasWork { get; }

    /// <summary>Looks again whether something has become due.</summary>
    void Due();

    /// <summary>Does a step of some 10 ms at most inside the open transaction. A step that is rolled back is found again by a later look.</summary>
    void Step(Db db);
}

/// <summary>Runs merging, retention and pruning in slices: several steps in one transaction. A checkpoint is a slice by itself.</summary>
internal sealed class Upkeep(
    IReadOnlyList<IUpkeepTask> tasks, Checkpoints checkpoints, StorageMetrics metrics, TimeProvider time, ILogger logger)
{
    /// <summary>A slice takes no longer.</summary>
    public static readonly TimeSpan SliceLimit = TimeSpan.FromMilliseconds(50);

    /// <summary>Begins a step.</summary>
    public const string Savepoint = "savepoint step";

    /// <summary>Ends a step.</summary>
    public const string Release = "release step";

    /// <summary>Undoes a step.</summary>
    public const string RollbackTo = "rollback to step";

    /// <summary>No step is begun after this: the last one and the commit need the rest of the limit.</summary>
    private static readonly TimeSpan LastStart = TimeSpan.FromMilliseconds(20);

    /// <summary>Steps of a slice, however fast they are.</summary>
    private const int SliceSteps = 64;

    private int _due = 1;
    private bool _resting;
    private uint _turn;

    /// <summary>Whether a slice would do something. Asked by the writer thread only.</summary>
    public bool HasWork => IsCheckpointDue || Volatile.Read(ref _due) != 0 || (!_resting && tasks.Any(t => t.HasWork));

    /// <summary>Whether the next slice is a checkpoint. That one does not wait for a pause, or the log would grow with the load.</summary>
    public bool IsCheckpointDue => checkpoints.IsDue;

    /// <summary>Counts what a group of commits has written. Asked by the writer thread only.</summary>
    public void Written(Db db) => checkpoints.Written(db);

    /// <summary>Asks every task to look for work, at the next slice. Any thread.</summary>
    public void Due() => Volatile.Write(ref _due, 1);

    /// <summary>Does nothing until asked again: something is wrong with the file.</summary>
    public void Rest() => _resting = true;

    /// <summary>Runs one slice in a transaction of its own; <paramref name="isWanted"/> ends it early. False: the connection is in doubt.</summary>
    public bool RunSlice(Db db, Func<bool> isWanted)
    {
        long start = time.GetTimestamp();
        try
        {
            if (checkpoints.IsDue)
            {
                checkpoints.Run(db);
                metrics.Sliced(time.GetElapsedTime(start), "checkpoint");
                return true;
            }

            TakeDue();
            db.Use(Db.BeginWrite).Run();
            for (int i = 0; i < SliceSteps && time.GetElapsedTime(start) < LastStart && Step(db) && !isWanted(); i++)
            {
                // Each step is work done.
            }

            db.Use(Db.Commit).Run();
            checkpoints.Written(db);
        }
        catch (Exception e)
        {
            logger.LogError(e, "Upkeep of the data file failed and is put off.");
            Rest();
            return RollBack(db) && e is not SqliteError;
        }

        metrics.Sliced(time.GetElapsedTime(start), "work");
        return true;
    }

    /// <summary>Does everything that is due, inside the caller's transaction. For tests and tools.</summary>
    public void RunAll(Db db, Action? afterStep = null)
    {
        Due();
        TakeDue();
        while (Step(db))
            afterStep?.Invoke();
    }

    /// <summary>Does one step of the next task that has work, in turn; false when none has.</summary>
    public bool Step(Db db)
    {
        for (int i = 0; i < tasks.Count; i++)
        {
            var task = tasks[(int)(_turn++ % (uint)tasks.Count)];
            if (!task.HasWork)
                continue;
            long start = time.GetTimestamp();
            task.Step(db);
            metrics.Stepped(time.GetElapsedTime(start), task.Name);
            return true;
        }

        return false;
    }

    private bool RollBack(Db db)
    {
        try
        {
            db.RollbackIfOpen();
            return true;
        }
        catch (Exception e)
        {
            logger.LogError(e, "Upkeep of the data file cannot be rolled back.");
            return false;
        }
    }

    private void TakeDue()
    {
        if (Interlocked.Exchange(ref _due, 0) == 0)
            return;
        _resting = false;
        foreach (var task in tasks)
            task.Due();
    }
}
