namespace EsoCore.Runtime;

/// <summary>A source of streams, registered by name.</summary>
public interface IStreamProvider
{
    /// <summary>Its name.</summary>
    string Name { get; }

    /// <summary>Whether a consumer can go back; memory streams cannot.</summary>
    bool IsRewindable { get; }

    /// <summary>A handle on a stream. Streams need not be made; holding a handle costs nothing.</summary>
    IAsyncStream<T> GetStream<T>(StreamId streamId);
}

/// <summary>Receives items of a stream one at a time.</summary>
public interface IAsyncObserver<in T>
{
    /// <summary>Takes the next item; throwing has it delivered again.</summary>
    Task OnNextAsync(T item, StreamSequenceToken? token = null);

    /// <summary>The stream has ended.</summary>
    Task OnCompletedAsync() => Task.CompletedTask;

    /// <summary>The stream has failed.</summary>
    Task OnErrorAsync(Exception ex);
}

/// <summary>Receives items of a stream as they come, several at a time.</summary>
public interface IAsyncBatchObserver<T>
{
    /// <summary>Takes the next items, oldest first; throwing has all of them delivered again.</summary>
    Task OnNextAsync(IList<SequentialItem<T>> items);

    /// <summary>The stream has ended.</summary>
    Task OnCompletedAsync() => Task.CompletedTask;

    /// <summary>The stream has failed.</summary>
    Task OnErrorAsync(Exception ex);
}

/// <summary>An item with its place in the stream.</summary>
/// <param name="item">The item.</param>
/// <param name="token">Its place.</param>
public class SequentialItem<T>(T item, StreamSequenceToken token)
{
    /// <summary>The item.</summary>
    public T Item { get; } = item;

    /// <summary>Its place.</summary>
    public StreamSequenceToken Token { get; } = token;
}

/// <summary>A place in a stream; later items have greater ones.</summary>
public abstract class StreamSequenceToken : IEquatable<StreamSequenceToken?>, IComparable<StreamSequenceToken?>
{
    /// <summary>The number of the item, rising but not without gaps.</summary>
    public abstract long SequenceNumber { get; protected set; }

    /// <summary>The number within what was published together.</summary>
    public abstract int EventIndex { get; protected set; }

    /// <inheritdoc/>
    public abstract bool Equals(StreamSequenceToken? other);

    /// <inheritdoc/>
    public abstract int CompareTo(StreamSequenceToken? other);
}

/// <summary>A stream one can publish to.</summary>
public interface IAsyncStream<T>
{
    /// <summary>Whether a consumer can go back; memory streams cannot.</summary>
    bool IsRewindable { get; }

    /// <summary>The name of the provider.</summary>
    string ProviderName { get; }

    /// <summary>The identity.</summary>
    StreamId StreamId { get; }

    /// <summary>
    /// Publishes an item. The task ends when the item is queued for every consumer, not when it is delivered. With memory streams items are
    /// lost when the process ends or a queue
    /// is full, which is logged: who needs an item delivered keeps it in an outbox until the receiver has confirmed it.
    /// </summary>
    /// <param name="item">The item; immutable, since consumers share it.</param>
    /// <param name="token">Must be null: the provider numbers the items.</param>
    Task OnNextAsync(T item, StreamSequenceToken? token = null);

    /// <summary>Publishes several items in order.</summary>
    /// <inheritdoc cref="OnNextAsync(T, StreamSequenceToken?)"/>
    Task OnNextBatchAsync(IEnumerable<T> batch, StreamSequenceToken? token = null);
}
