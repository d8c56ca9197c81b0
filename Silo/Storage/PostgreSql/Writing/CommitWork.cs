using EsoCore.Grains.Storage;
using EsoCore.History;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>A device commit in the queue, packed by its caller.</summary>
internal sealed class CommitWork(DeviceCommit commit, PackedBlock[] blocks, byte[] bodyHash, string[] transitions, long queuedAt)
{
    private const int Queued = 0;
    private const int Sent = 1;
    private const int Expired = 2;

    // Continuations run elsewhere: the worker has the next group to send.
    private readonly TaskCompletionSource<CommitResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;
    private int _returned;

    public DeviceCommit Commit => commit;

    /// <summary>Its points, packed.</summary>
    public PackedBlock[] Blocks => blocks;

    /// <summary>The SHA-256 of the batch's body; empty without a batch.</summary>
    public byte[] BodyHash => bodyHash;

    /// <summary>The transitions of its outbox as they are stored.</summary>
    public string[] Transitions => transitions;

    public long QueuedAt => queuedAt;

    /// <summary>About how many bytes it writes; groups are cut by it.</summary>
    public long Bytes { get; } = blocks.Sum(b => (long)b.TotalBytes) + (commit with { Points = [] }).EstimatedBytes;

    /// <summary>Whether it writes more than twin, ledger, points and outbox.</summary>
    public bool IsFull { get; } =
        commit.Registration is not null || commit.Presence is not null || commit.Firmware is not null || !commit.NewSeries.IsEmpty ||
        !commit.LetGo.IsEmpty || !commit.Events.IsEmpty || !commit.Windows.IsEmpty || !commit.Rejected.IsEmpty;

    public Task<CommitResult> Task => _completion.Task;

    /// <summary>Marks it as taken; false when its caller has been told already that it is not written.</summary>
    public bool TrySend() => Interlocked.CompareExchange(ref _state, Sent, Queued) == Queued;

    /// <summary>The caller has waited long enough.</summary>
    public void Expire()
    {
        if (Interlocked.CompareExchange(ref _state, Expired, Queued) == Queued)
            Fail(new StorageUnavailableException("PostgreSQL did not take the write in time."));
        else if (Volatile.Read(ref _state) == Sent)
            _completion.TrySetException(new CommitUnknownException("The write was sent and not answered in time."));
    }

    public void End(CommitResult result)
    {
        Return();
        _completion.TrySetResult(result);
    }

    public void Fail(Exception reason)
    {
        Return();
        _completion.TrySetException(reason);
    }

    /// <summary>Lent memory goes back once, and not while a statement may still read it.</summary>
    private void Return()
    {
        if (Interlocked.Exchange(ref _returned, 1) != 0)
            return;
        foreach (var block in blocks)
            block.Return();
    }
}
