using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// A worker's connection with its prepared statements; opened when first needed and anew after it was in doubt. All of it holds up the
/// worker's own thread: an answer would else wait in the line of the thread pool, behind whatever the grains do, and the server with it.
/// </summary>
internal sealed class CommitConnection(NpgsqlDataSource source, ServerLosses losses) : IDisposable
{
    private int _openedAfter;
    private NpgsqlConnection? _db;
    private CommitStatement? _small;
    private FullCommitStatement? _full;

    /// <summary>The open connection.</summary>
    public NpgsqlConnection Db => _db ?? throw new InvalidOperationException("The connection is not open.");

    /// <summary>Opens it if need be, and prepares the form of the statement that is wanted next.</summary>
    public void Open(bool full)
    {
        // Where another connection was lost, this one most likely is too: better to find out before something is sent than after.
        if (_db is { } open && (_openedAfter != losses.Count || open.FullState.HasFlag(System.Data.ConnectionState.Broken)))
            Discard();
        if (_db is null)
        {
            _openedAfter = losses.Count;
            _db = source.OpenConnection();
        }

        if (full)
            _full ??= Prepare(new FullCommitStatement());
        else
            _small ??= Prepare(new CommitStatement());
    }

    /// <summary>Writes a group; the device numbers that won.</summary>
    public HashSet<long> Run(List<CommitWork> group, DateTimeOffset now) =>
        (group.Exists(w => w.IsFull) ? _full! : _small!).Run(group, now);

    /// <summary>Gives the connection up because it failed.</summary>
    public void Lose()
    {
        losses.Add();
        Discard();
    }

    /// <summary>Gives the connection up.</summary>
    private void Discard()
    {
        var db = _db;
        _small?.Dispose();
        _full?.Dispose();
        (_db, _small, _full) = (null, null, null);
        if (db is null)
            return;
        NpgsqlConnection.ClearPool(db);
        db.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => Discard();

    private T Prepare<T>(T statement)
        where T : CommitStatement
    {
        statement.Prepare(_db!);
        return statement;
    }
}

/// <summary>Counts the connections to the server that were lost, so that those opened before are not relied on.</summary>
internal sealed class ServerLosses
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public void Add() => Interlocked.Increment(ref _count);
}
