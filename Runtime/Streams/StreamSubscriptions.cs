namespace EsoCore.Runtime;

/// <summary>Implemented by grain classes with an <see cref="ImplicitStreamSubscriptionAttribute"/>.</summary>
public interface IStreamSubscriptionObserver
{
    /// <summary>
    /// Called in each activation before the first item of a stream is delivered. Create a handle from the factory and resume it; otherwise
    /// the items are dropped.
    /// </summary>
    Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory);
}

/// <summary>Makes the handle of one subscription.</summary>
public interface IStreamSubscriptionHandleFactory
{
    /// <summary>The stream.</summary>
    StreamId StreamId { get; }

    /// <summary>The name of the provider.</summary>
    string ProviderName { get; }

    /// <summary>The handle, for items of type <typeparamref name="T"/>. An item of another type counts as a failed delivery.</summary>
    StreamSubscriptionHandle<T> Create<T>();
}

/// <summary>A subscription of this activation.</summary>
public abstract class StreamSubscriptionHandle<T> : IEquatable<StreamSubscriptionHandle<T>?>
{
    /// <summary>The stream.</summary>
    public abstract StreamId StreamId { get; }

    /// <summary>The name of the provider.</summary>
    public abstract string ProviderName { get; }

    /// <summary>The same for the same consumer, provider and stream.</summary>
    public abstract Guid HandleId { get; }

    /// <summary>Stops delivery to this activation; what comes is dropped. The next activation is subscribed again.</summary>
    public abstract Task UnsubscribeAsync();

    /// <summary>Starts delivery, one item at a time, each item a part of a turn that other requests wait for.</summary>
    /// <param name="observer">Takes the items.</param>
    /// <param name="token">Must be null: memory streams cannot go back.</param>
    public abstract Task<StreamSubscriptionHandle<T>> ResumeAsync(IAsyncObserver<T> observer, StreamSequenceToken? token = null);

    /// <summary>Starts delivery, several items at a time.</summary>
    /// <param name="observer">Takes the items.</param>
    /// <param name="token">Must be null: memory streams cannot go back.</param>
    public abstract Task<StreamSubscriptionHandle<T>> ResumeAsync(IAsyncBatchObserver<T> observer, StreamSequenceToken? token = null);

    /// <inheritdoc/>
    public abstract bool Equals(StreamSubscriptionHandle<T>? other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StreamSubscriptionHandle<T>);

    /// <inheritdoc/>
    public override int GetHashCode() => HandleId.GetHashCode();
}

/// <summary>Resuming with lambdas.</summary>
public static class StreamSubscriptionHandleExtensions
{
    /// <inheritdoc cref="StreamSubscriptionHandle{T}.ResumeAsync(IAsyncObserver{T}, StreamSequenceToken?)"/>
    public static Task<StreamSubscriptionHandle<T>> ResumeAsync<T>(
        this StreamSubscriptionHandle<T> handle, Func<T, StreamSequenceToken?, Task> onNextAsync, StreamSequenceToken? token = null) =>
        handle.ResumeAsync(new LambdaObserver<T>(onNextAsync), token);

    /// <inheritdoc cref="StreamSubscriptionHandle{T}.ResumeAsync(IAsyncBatchObserver{T}, StreamSequenceToken?)"/>
    public static Task<StreamSubscriptionHandle<T>> ResumeAsync<T>(
        this StreamSubscriptionHandle<T> handle, Func<IList<SequentialItem<T>>, Task> onNextAsync, StreamSequenceToken? token = null) =>
        handle.ResumeAsync(new LambdaBatchObserver<T>(onNextAsync), token);

    private sealed class LambdaObserver<T>(Func<T, StreamSequenceToken?, Task> onNext) : IAsyncObserver<T>
    {
        public Task OnNextAsync(T item, StreamSequenceToken? token = null) => onNext(item, token);

        public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
    }

    private sealed class LambdaBatchObserver<T>(Func<IList<SequentialItem<T>>, Task> onNext) : IAsyncBatchObserver<T>
    {
        public Task OnNextAsync(IList<SequentialItem<T>> items) => onNext(items);

        public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
    }
}
