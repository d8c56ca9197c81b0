using EsoCore.Grains.Storage;
using EsoCore.History;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// Commits a group of writes in one transaction. A write that the database refuses for its own data takes down nobody: the group is rolled
/// back and run once more, each write in a savepoint of its own, and only the guilty fail.
/// </summary>
internal sealed class WriteGroup(StorageFaults faults, StorageMetrics metrics)
{
    private const string Savepoint = "savepoint one";
    private const string Release = "release one";
    private const string RollbackTo = "rollback to one";

    private readonly List<WriteWork> _survivors = [];

    /// <summary>Runs the group and tells every caller. False: the connection is in doubt and should be opened anew.</summary>
    public bool Run(Db db, List<WriteWork> group)
    {
        try
        {
            faults.BeforeGroup?.Invoke(Devices(group));
            db.Use(Db.BeginWrite).Run();
        }
        catch (Exception e)
        {
            bool sound = RollBack(db, group);
            FailAll(group, Unavailable(e));
            return sound;
        }

        try
        {
            foreach (var work in group)
                work.Execute(db);
        }
        catch (Exception e) when (IsDataError(e))
        {
            return RollBack(db, group) && RunApart(db, group);
        }
        catch (Exception e)
        {
            // COMMIT was never sent, so nothing was written.
            bool sound = RollBack(db, group);
            FailAll(group, Unavailable(e));
            return sound;
        }

        return Commit(db, group);
    }

    private bool RunApart(Db db, List<WriteWork> group)
    {
        _survivors.Clear();
        var failed = new List<(WriteWork Work, Exception Reason)>();
        try
        {
            db.Use(Db.BeginWrite).Run();
            foreach (var work in group)
            {
                db.Use(Savepoint).Run();
                try
                {
                    work.Execute(db);
                    _survivors.Add(work);
                }
                catch (Exception e) when (IsDataError(e))
                {
                    db.RollbackTo(RollbackTo);
                    failed.Add((work, e));
                }

                db.Use(Release).Run();
            }
        }
        catch (Exception e)
        {
            bool sound = RollBack(db, group);
            FailAll(group, Unavailable(e));
            return sound;
        }

        foreach (var (work, reason) in failed)
            work.Fail(reason);
        return Commit(db, _survivors);
    }

    private bool Commit(Db db, List<WriteWork> group)
    {
        try
        {
            faults.BeforeCommit?.Invoke(Devices(group));
            db.Use(Db.Commit).Run();
            faults.AfterCommit?.Invoke(Devices(group));
        }
        catch (Exception e)
        {
            // The log may or may not hold the commit record by now, and after a crash it would decide. So nobody can tell.
            try
            {
                db.RollbackIfOpen();
            }
            catch (Exception)
            {
                // The connection is given up below anyway.
            }

            FailAll(group, new CommitUnknownException("The commit was sent and its outcome is not known.", e));
            return false;
        }

        foreach (var work in group)
        {
            work.Succeed();
            metrics.Durable(work.QueuedAt);
        }

        metrics.Committed(group.Count);
        return true;
    }

    private static bool RollBack(Db db, List<WriteWork> group)
    {
        try
        {
            db.RollbackIfOpen();
            return true;
        }
        catch (Exception e)
        {
            FailAll(group, Unavailable(e));
            group.Clear();
            return false;
        }
    }

    private static void FailAll(List<WriteWork> group, Exception reason)
    {
        foreach (var work in group)
            work.Fail(reason);
    }

    private static StorageUnavailableException Unavailable(Exception e) => new($"The storage did not take the write: {e.Message}", e);

    /// <summary>Whether the fault is in what one write asks for: SQLite says so, or the write's own code threw.</summary>
    private static bool IsDataError(Exception e) => e is SqliteError { IsDataError: true } or not (SqliteError or StorageUnavailableException);

    private static List<Guid> Devices(List<WriteWork> group) => [.. group.Where(w => w.DeviceId is not null).Select(w => w.DeviceId!.Value)];
}
