using SQLitePCL;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// One SQLite connection with its prepared statements. It is a thin layer over the C API rather than ADO.NET, because the write path binds
/// spans and reads columns without boxing. Used by one thread at a time, which its owner (the writer or the reader pool) sees to.
/// </summary>
internal sealed class Db : IDisposable
{
    /// <summary>How long a call waits for a lock that only recovery or a checkpoint can hold.</summary>
    private const int BusyTimeoutMs = 5_000;

    private readonly sqlite3 _handle;

    // Statement texts are constants, so their references identify them and no text is hashed on the way.
    private readonly Dictionary<string, Statement> _statements = new(ReferenceEqualityComparer.Instance);

    static Db() => Batteries_V2.Init();

    private Db(sqlite3 handle) => _handle = handle;

    /// <summary>Whether a transaction is open.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(_handle) == 0;

    /// <summary>Rows changed by the statement that ran last.</summary>
    public int Changes => raw.sqlite3_changes(_handle);

    /// <summary>The row id of the last insert.</summary>
    public long LastRowId => raw.sqlite3_last_insert_rowid(_handle);

    /// <summary>Pages written to the log since the last call.</summary>
    public int TakePagesWritten()
    {
        SqliteError.Check(raw.sqlite3_db_status(_handle, raw.SQLITE_DBSTATUS_CACHE_WRITE, out int pages, out _, resetFlg: 1), _handle);
        return pages;
    }

    /// <summary>Does something that waits for locks no longer than that.</summary>
    public void WithBusyTimeout(TimeSpan timeout, Action act)
    {
        raw.sqlite3_busy_timeout(_handle, (int)timeout.TotalMilliseconds);
        try
        {
            act();
        }
        finally
        {
            raw.sqlite3_busy_timeout(_handle, BusyTimeoutMs);
        }
    }

    /// <summary>Opens a connection; one that writes creates the file.</summary>
    public static Db Open(string path, bool readOnly)
    {
        int flags = raw.SQLITE_OPEN_NOMUTEX | (readOnly ? raw.SQLITE_OPEN_READONLY : raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE);
        int code = raw.sqlite3_open_v2(path, out var handle, flags, null);
        if (code != raw.SQLITE_OK)
        {
            var error = SqliteError.Of(code, handle);
            handle?.Dispose();
            throw error;
        }

        raw.sqlite3_extended_result_codes(handle, 1);
        raw.sqlite3_busy_timeout(handle, BusyTimeoutMs);
        return new Db(handle);
    }

    /// <summary>Runs one or several statements without parameters.</summary>
    public void Execute(string sql)
    {
        int code = raw.sqlite3_exec(_handle, sql);
        if (code != raw.SQLITE_OK)
            throw SqliteError.Of(code, _handle);
    }

    /// <summary>The prepared statement of a constant text, ready to be bound; disposing it makes it ready for its next use.</summary>
    public Statement Use(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            SqliteError.Check(raw.sqlite3_prepare_v3(_handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out var prepared), _handle);
            statement = new Statement(_handle, prepared);
            _statements.Add(sql, statement);
        }

        statement.Begin();
        return statement;
    }

    /// <summary>Runs a transaction of reads: everything inside sees one snapshot.</summary>
    public T Snapshot<T>(Func<Db, T> read)
    {
        Use(Begin).Run();
        try
        {
            return read(this);
        }
        finally
        {
            RollbackIfOpen();
        }
    }

    /// <summary>Leaves whatever transaction is open, and hands back the statements that a failure left in use.</summary>
    public void RollbackIfOpen()
    {
        HandBackAll();
        if (InTransaction)
            Use(Rollback).Run();
    }

    /// <summary>
    /// Undoes what was done since a savepoint, by the statement given, and hands back the statements that a failure left in use: none of
    /// the caller's may be.
    /// </summary>
    public void RollbackTo(string sql)
    {
        HandBackAll();
        Use(sql).Run();
    }

    /// <summary>A parameter that throws between taking a statement into use and running it leaves the statement so.</summary>
    private void HandBackAll()
    {
        foreach (var statement in _statements.Values)
        {
            if (statement.InUse)
                statement.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var statement in _statements.Values)
            statement.Close();
        _statements.Clear();
        _handle.Dispose();
    }

    /// <summary>Starts a transaction of reads.</summary>
    public const string Begin = "begin";

    /// <summary>Starts a transaction of writes.</summary>
    public const string BeginWrite = "begin immediate";

    /// <summary>Makes a transaction durable.</summary>
    public const string Commit = "commit";

    /// <summary>Leaves a transaction.</summary>
    public const string Rollback = "rollback";
}
