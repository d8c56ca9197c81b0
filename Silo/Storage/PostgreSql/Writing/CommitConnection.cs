using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>A worker's connection with its prepared statements; opened when first needed and anew after it was in doubt.</summary>
internal sealed class CommitConnection(NpgsqlDataSource source, ServerLosses losses) : IAsyncDisposable
{
    private int _openedAfter;
    private NpgsqlConnection? _db;
    private CommitStatement? _small;
    private FullCommitStatement? _full;

    /// <summary>The open connection.</summary>
    public NpgsqlConnection Db => _db ?? throw new InvalidOperationException("The connection is not open.");

    /// <summary>Opens it if need be, and prepares the form of the statement that is wanted next.</summary>
    public async Task Open(bool full)
    {
        // Where another connection was lost, this one most likely is too: better to find out before something is sent than after.
        if (_db is { } open && (_openedAfter != losses.Count || open.FullState.HasFlag(System.Data.ConnectionState.Broken)))
            await Discard().ConfigureAwait(false);
        if (_db is null)
        {
            _openedAfter = losses.Count;
            _db = await source.OpenConnectionAsync().ConfigureAwait(false);
        }

        if (full)
            _full ??= await Prepare(new FullCommitStatement()).ConfigureAwait(false);
        else
            _small ??= await Prepare(new CommitStatement()).ConfigureAwait(false);
    }

    /// <summary>Writes a group; the device numbers that won.</summary>
    public Task<HashSet<long>> Run(List<CommitWork> group, DateTimeOffset now) =>
        (group.Exists(w => w.IsFull) ? _full! : _small!).Run(group, now, CancellationToken.None);

    /// <summary>Gives the connection up because it failed.</summary>
    public Task Lose()
    {
        losses.Add();
        return Discard();
    }

    /// <summary>Gives the connection up.</summary>
    private async Task Discard()
    {
        var db = _db;
        _small?.Dispose();
        _full?.Dispose();
        (_db, _small, _full) = (null, null, null);
        if (db is null)
            return;
        NpgsqlConnection.ClearPool(db);
        await db.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await Discard().ConfigureAwait(false);

    private async Task<T> Prepare<T>(T statement)
        where T : CommitStatement
    {
        await statement.Prepare(_db!, CancellationToken.None).ConfigureAwait(false);
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
