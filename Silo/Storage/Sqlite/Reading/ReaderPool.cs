using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using EsoCore.History;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// A bounded pool of read-only connections. A read runs on the thread pool inside one read transaction: in WAL mode that is a snapshot,
/// which neither waits for the writer nor holds it up. SQLite's calls block their thread, so the pool's size bounds the threads too.
/// </summary>
internal sealed class ReaderPool(
    string path, int readers, int queueLimit, Action<Db> configure, StorageFaults faults, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long a streamed read may take, its consumer included: its snapshot keeps the log from being folded into the file.</summary>
    public static readonly TimeSpan StreamLimit = TimeSpan.FromMinutes(1);

    /// <summary>Parts of a streamed read that may wait for their consumer.</summary>
    private const int StreamAhead = 8;

    private readonly SemaphoreSlim _places = new(readers);
    private readonly ConcurrentBag<Db> _idle = [];
    private readonly CancellationTokenSource _closing = new();
    private int _waiting;

    /// <summary>Runs a read in its own snapshot.</summary>
    public async Task<T> Read<T>(Func<Db, T> read, CancellationToken cancel)
    {
        await Enter(cancel).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => RunOne(read), cancel).ConfigureAwait(false);
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>
    /// Streams a read in its own snapshot: it runs ahead of the consumer by a few parts, and its connection is taken until the consumer has
    /// come to the end or gives up.
    /// </summary>
    public async IAsyncEnumerable<T> Stream<T>(Func<Db, IEnumerable<T>> read, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Enter(cancel).ConfigureAwait(false);
        using var limit = new CancellationTokenSource(StreamLimit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token, _closing.Token);
        var channel = Channel.CreateBounded<T>(new BoundedChannelOptions(StreamAhead) { SingleReader = true, SingleWriter = true });
        var producer = Task.Run(() => Produce(read, channel.Writer, stop.Token), CancellationToken.None);
        try
        {
            await foreach (var part in channel.Reader.ReadAllAsync(cancel).ConfigureAwait(false))
                yield return part;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await producer.ConfigureAwait(false);
            _places.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        for (int i = 0; i < readers; i++)
            await _places.WaitAsync().ConfigureAwait(false);
        while (_idle.TryTake(out var db))
            db.Dispose();
    }

    private async Task Enter(CancellationToken cancel)
    {
        if (Interlocked.Increment(ref _waiting) > queueLimit)
        {
            Interlocked.Decrement(ref _waiting);
            throw new StorageUnavailableException("The storage has too many reads waiting.");
        }

        try
        {
            _closing.Token.ThrowIfCancellationRequested();
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _closing.Token);
            await _places.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new StorageUnavailableException("The storage is closing.");
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private T RunOne<T>(Func<Db, T> read)
    {
        var db = Take();
        bool sound = false;
        try
        {
            var result = db.Snapshot(read);
            sound = true;
            return result;
        }
        catch (SqliteError e)
        {
            throw new StorageUnavailableException($"The storage did not answer the read: {e.Message}", e);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OperationCanceledException)
        {
            // The caller's doing: the connection is as good as before.
            sound = true;
            throw;
        }
        finally
        {
            GiveBack(db, sound);
        }
    }

    private async Task Produce<T>(Func<Db, IEnumerable<T>> read, ChannelWriter<T> writer, CancellationToken stop)
    {
        Db? db = null;
        bool sound = false;
        try
        {
            db = Take();
            db.Use(Db.Begin).Run();
            foreach (var part in read(db))
                await writer.WriteAsync(part, stop).ConfigureAwait(false);
            sound = true;
            writer.Complete();
        }
        catch (SqliteError e)
        {
            writer.Complete(new StorageUnavailableException($"The storage did not answer the read: {e.Message}", e));
        }
        catch (OperationCanceledException e)
        {
            // Where it is not the consumer who gave up, this is what it learns.
            sound = true;
            writer.Complete(new StorageUnavailableException("The read took too long, or the storage is closing.", e));
        }
        catch (Exception e)
        {
            writer.Complete(e);
        }
        finally
        {
            if (db is not null)
                GiveBack(db, sound);
        }
    }

    private Db Take()
    {
        try
        {
            faults.BeforeRead?.Invoke();
            if (_idle.TryTake(out var db))
                return db;
            db = Db.Open(path, readOnly: true);
            configure(db);
            return db;
        }
        catch (Exception e)
        {
            throw new StorageUnavailableException($"The data file cannot be read: {e.Message}", e);
        }
    }

    private void GiveBack(Db db, bool sound)
    {
        try
        {
            db.RollbackIfOpen();
        }
        catch (Exception)
        {
            sound = false;
        }

        if (sound)
            _idle.Add(db);
        else
            db.Dispose();
    }
}
