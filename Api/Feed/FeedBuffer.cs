using EsoCore.Feed;

namespace EsoCore.Api;

/// <summary>What is written to a connection: an entry, or word that the client must read afresh.</summary>
/// <param name="Kind">The name of the server-sent event.</param>
/// <param name="Position">Where the connection stands after it.</param>
/// <param name="Entry">The entry, or null.</param>
internal readonly record struct FeedMessage(string Kind, FeedPosition Position, FeedEntry? Entry)
{
    /// <summary>Something may have been missed.</summary>
    public const string Reset = "reset";

    /// <summary>From here on nothing is missed.</summary>
    public const string Ready = "ready";
}

/// <summary>
/// What waits for one connection, filled by the project's reader. A connection that is too slow for its feed loses what waits, and is told
/// to read afresh.
/// </summary>
internal sealed class FeedBuffer(FeedFilter filter, TimeProvider time)
{
    /// <summary>Messages that may wait: two full readings, so that one that comes at once is no backlog.</summary>
    public const int Capacity = 2 * FeedLimits.MaxRead;

    private readonly Lock _gate = new();
    private readonly Queue<FeedMessage> _waiting = new();
    private readonly TaskCompletionSource<FeedPosition> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FeedPosition _position;

    /// <summary>The place from which on the buffer is filled, once the reader has one.</summary>
    public Task<FeedPosition> Begun => _begun.Task;

    /// <summary>The reader stands here: what follows is put into the buffer.</summary>
    public void Begin(FeedPosition position)
    {
        lock (_gate)
            _position = position;
        _begun.TrySetResult(position);
    }

    /// <summary>The reader stands here now, and some entries before it belong to this connection.</summary>
    public void Add(ImmutableArray<FeedItem> items, FeedPosition position)
    {
        lock (_gate)
        {
            foreach (var item in items)
            {
                if (filter.Passes(item.Entry))
                    Enqueue(new FeedMessage(item.Entry.Kind, item.Position, item.Entry));
            }

            _position = position;
        }

        Signal();
    }

    /// <summary>Word from the reader.</summary>
    public void Tell(string kind, FeedPosition position)
    {
        lock (_gate)
        {
            if (kind == FeedMessage.Reset)
                _waiting.Clear(); // It will be read afresh with all else.
            Enqueue(new FeedMessage(kind, position, null));
            _position = position;
        }

        Signal();
    }

    /// <summary>Takes what waits, after waiting for it; nothing when the time is over.</summary>
    public async Task<(ImmutableArray<FeedMessage> Messages, FeedPosition Position)> Take(TimeSpan wait, CancellationToken cancel)
    {
        Task changed;
        lock (_gate)
        {
            if (_waiting.Count > 0)
                return TakeAll();
            changed = _changed.Task;
        }

        try
        {
            if (wait > TimeSpan.Zero)
                await changed.WaitAsync(wait, time, cancel);
        }
        catch (TimeoutException)
        {
            // Nothing came.
        }

        lock (_gate)
            return TakeAll();
    }

    private (ImmutableArray<FeedMessage> Messages, FeedPosition Position) TakeAll()
    {
        ImmutableArray<FeedMessage> taken = [.. _waiting];
        _waiting.Clear();
        return (taken, _position);
    }

    private void Enqueue(FeedMessage message)
    {
        if (_waiting.Count >= Capacity)
        {
            _waiting.Clear();
            message = new FeedMessage(FeedMessage.Reset, message.Position, null);
        }

        _waiting.Enqueue(message);
    }

    private void Signal()
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }
}
