namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>One write in the queue. It runs inside a group's transaction, perhaps twice: again alone when its group failed.</summary>
internal abstract class WriteWork
{
    /// <summary>The device it commits for, or null; a group holds one commit of a device.</summary>
    public Guid? DeviceId { get; init; }

    /// <summary>About how many bytes it writes; groups are cut by it.</summary>
    public long Bytes { get; init; }

    /// <summary>When it was queued, for the commit latency.</summary>
    public long QueuedAt { get; set; }

    /// <summary>Runs the statements. Whatever it did before is rolled back when it runs again.</summary>
    public abstract void Execute(Db db);

    /// <summary>It is durable: the caller gets the result, off this thread, unless it has been told already.</summary>
    public abstract void Succeed();

    /// <summary>It is not (or not known to be) durable: the caller gets the reason, off this thread, unless told already.</summary>
    public abstract void Fail(Exception reason);
}

/// <summary>A write that answers with a value.</summary>
internal sealed class WriteWork<T>(Func<Db, T> execute, Action? release = null) : WriteWork
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;
    private Action? _release = release;

    /// <summary>Ends with the outcome.</summary>
    public Task<T> Task => _completion.Task;

    /// <inheritdoc/>
    public override void Execute(Db db) => _result = execute(db);

    /// <inheritdoc/>
    public override void Succeed()
    {
        Release();
        _completion.TrySetResult(_result!);
    }

    /// <inheritdoc/>
    public override void Fail(Exception reason)
    {
        Release();
        _completion.TrySetException(reason);
    }

    /// <summary>What is lent goes back once, however often the end is told.</summary>
    private void Release() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
