using System.Data;
using EsoCore.Grains.Storage;
using EsoCore.History;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// Runs reads and single writes on the connections of a pool. Whoever finds none free waits in a bounded line; no call takes longer than
/// its limit, however the server is.
/// </summary>
internal sealed class Sessions(NpgsqlDataSource source, int size, int queueLimit, TimeSpan limit, PgFaults faults, TimeProvider time)
    : IAsyncDisposable
{
    private readonly SemaphoreSlim _free = new(size);
    private int _waiting;
    private volatile bool _closed;

    /// <summary>Runs one statement and reads its rows.</summary>
    public Task<T> Read<T>(string sql, Action<Args> bind, Func<NpgsqlDataReader, CancellationToken, ValueTask<T>> read, CancellationToken cancel) =>
        Run((db, stop) => Ask(db, sql, bind, read, stop), limit, cancel);

    /// <summary>Runs one statement and reads its first row, or gives the default when there is none.</summary>
    public Task<T?> ReadOne<T>(string sql, Action<Args> bind, Func<NpgsqlDataReader, T> read, CancellationToken cancel) =>
        Read(sql, bind, async (row, stop) => await row.ReadAsync(stop).ConfigureAwait(false) ? read(row) : default, cancel);

    /// <summary>Runs one statement and reads all its rows.</summary>
    public Task<ImmutableArray<T>> ReadAll<T>(string sql, Action<Args> bind, Func<NpgsqlDataReader, T> read, CancellationToken cancel) =>
        Read(sql, bind, (row, stop) => Collect(row, read, stop), cancel);

    /// <summary>Runs several statements of a read one after the other; each has the time limit for itself.</summary>
    public Task<T> ReadMany<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken cancel) =>
        Run(read, Timeout.InfiniteTimeSpan, cancel);

    /// <summary>Runs several statements that see one and the same state.</summary>
    public Task<T> ReadSnapshot<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken cancel) =>
        Run(
            async (db, stop) =>
            {
                var snapshot = await db.BeginTransactionAsync(IsolationLevel.RepeatableRead, stop).ConfigureAwait(false);
                await using (snapshot.ConfigureAwait(false))
                    return await read(db, stop).ConfigureAwait(false);
            },
            Timeout.InfiniteTimeSpan,
            cancel);

    /// <summary>Runs one writing statement, durable when the task ends, and reads its first row.</summary>
    public Task<T?> Write<T>(string sql, Action<Args> bind, Func<NpgsqlDataReader, T> read, CancellationToken cancel) =>
        RunWrite(sql, bind, async (row, stop) => await row.ReadAsync(stop).ConfigureAwait(false) ? read(row) : default, cancel);

    /// <summary>Runs one writing statement; the rows it changed.</summary>
    public Task<int> Execute(string sql, Action<Args> bind, CancellationToken cancel) =>
        RunWrite(sql, bind, (row, _) => new ValueTask<int>(row.RecordsAffected), cancel);

    /// <summary>Takes rows into an array.</summary>
    public static async ValueTask<ImmutableArray<T>> Collect<T>(NpgsqlDataReader row, Func<NpgsqlDataReader, T> read, CancellationToken cancel)
    {
        var items = ImmutableArray.CreateBuilder<T>();
        while (await row.ReadAsync(cancel).ConfigureAwait(false))
            items.Add(read(row));
        return items.DrainToImmutable();
    }

    /// <summary>Runs a statement on a connection at hand.</summary>
    public static async Task<T> Ask<T>(
        NpgsqlConnection db, string sql, Action<Args> bind, Func<NpgsqlDataReader, CancellationToken, ValueTask<T>> read,
        CancellationToken cancel, int? withinSeconds = null)
    {
        var command = new NpgsqlCommand(sql, db);
        await using (command.ConfigureAwait(false))
        {
            if (withinSeconds is { } seconds)
                command.CommandTimeout = seconds;
            bind(new Args(command.Parameters));
            var row = await command.ExecuteReaderAsync(CommandBehavior.Default, cancel).ConfigureAwait(false);
            await using (row.ConfigureAwait(false))
                return await read(row, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Lends a connection for a stream of rows; what it gives is to be disposed.</summary>
    public async Task<Lease> Lend(CancellationToken cancel)
    {
        await Enter(cancel).ConfigureAwait(false);
        try
        {
            return new Lease(await source.OpenConnectionAsync(cancel).ConfigureAwait(false), this);
        }
        catch (Exception e)
        {
            _free.Release();
            throw Wrap(e, cancel);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _closed = true;
        return source.DisposeAsync();
    }

    /// <summary>What the caller gets for a fault.</summary>
    internal Exception Wrap(Exception e, CancellationToken cancel)
    {
        if (e is OperationCanceledException && !cancel.IsCancellationRequested)
            return new StorageUnavailableException("PostgreSQL did not answer in time.", e);
        if (!PgErrors.IsAway(e))
            return e;
        if (!PgErrors.IsRolledBack(e))
            source.Clear();
        return PgErrors.Unavailable(e);
    }

    /// <summary>
    /// What a write that is sent now may take: what waiting for a connection has left. The driver counts whole seconds, and none is no limit.
    /// </summary>
    internal static int SecondsLeft(TimeSpan left) => Math.Max(1, (int)Math.Ceiling(left.TotalSeconds));

    private async Task<T> RunWrite<T>(
        string sql, Action<Args> bind, Func<NpgsqlDataReader, CancellationToken, ValueTask<T>> read, CancellationToken cancel)
    {
        bool sent = false;
        long start = time.GetTimestamp();
        try
        {
            return await Run(
                (db, stop) =>
                {
                    stop.ThrowIfCancellationRequested();
                    faults.BeforeWrite?.Invoke();
                    sent = true;
                    int seconds = SecondsLeft(limit - time.GetElapsedTime(start));
                    return Ask(db, sql, bind, read, CancellationToken.None, seconds);
                },
                limit,
                cancel,
                isWrite: true).ConfigureAwait(false);
        }
        catch (StorageUnavailableException e) when (sent && e.InnerException is { } inner && !PgErrors.IsRolledBack(inner))
        {
            throw new CommitUnknownException("The write was sent and its outcome is not known.", inner);
        }
    }

    private async Task<T> Run<T>(
        Func<NpgsqlConnection, CancellationToken, Task<T>> work, TimeSpan within, CancellationToken cancel, bool isWrite = false)
    {
        using var late = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        await Enter(either.Token, cancel).ConfigureAwait(false);
        try
        {
            if (!isWrite)
                faults.BeforeRead?.Invoke();
            try
            {
                return await RunOnce(work, either.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (!isWrite && !either.IsCancellationRequested && PgErrors.IsAway(e) && !PgErrors.IsRolledBack(e))
            {
                // The pool may have handed out a connection that the server had closed long before; a read may simply be asked again.
                source.Clear();
                return await RunOnce(work, either.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            var wrapped = Wrap(e, cancel);
            if (ReferenceEquals(wrapped, e))
                throw;
            throw wrapped;
        }
        finally
        {
            _free.Release();
        }
    }

    private async Task<T> RunOnce<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancel)
    {
        var db = await source.OpenConnectionAsync(cancel).ConfigureAwait(false);
        await using (db.ConfigureAwait(false))
            return await work(db, cancel).ConfigureAwait(false);
    }

    private Task Enter(CancellationToken cancel) => Enter(cancel, cancel);

    private async Task Enter(CancellationToken either, CancellationToken caller)
    {
        if (_closed)
            throw new StorageUnavailableException("The storage is closing.");
        if (_free.Wait(0, CancellationToken.None))
            return;
        if (Interlocked.Increment(ref _waiting) > queueLimit)
        {
            Interlocked.Decrement(ref _waiting);
            throw new StorageUnavailableException("The storage has too many reads waiting.");
        }

        try
        {
            // Also a read that may take long once it has begun does not stand in line for longer than the others.
            using var late = new CancellationTokenSource(limit, time);
            using var any = CancellationTokenSource.CreateLinkedTokenSource(either, late.Token);
            await _free.WaitAsync(any.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!caller.IsCancellationRequested)
        {
            throw new StorageUnavailableException("No connection to PostgreSQL became free in time.", e);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>A connection that is lent.</summary>
    internal readonly struct Lease(NpgsqlConnection db, Sessions owner) : IAsyncDisposable
    {
        public NpgsqlConnection Db => db;

        public async ValueTask DisposeAsync()
        {
            await db.DisposeAsync().ConfigureAwait(false);
            owner._free.Release();
        }
    }
}
