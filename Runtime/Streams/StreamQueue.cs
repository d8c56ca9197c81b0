using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime;

/// <summary>What one consumer has still to get from one stream, and the pump that delivers it.</summary>
internal sealed class StreamQueue(MemoryStreamProvider provider, StreamId stream, GrainId consumer) : IThreadPoolWorkItem
{
    /// <summary>The most items in one delivery.</summary>
    internal const int MaxBatch = 100;

    /// <summary>How often an item is tried before it is dropped.</summary>
    internal const int MaxAttempts = 4;

    /// <summary>The wait after the first failure; it doubles with each further one.</summary>
    internal static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(100);

    private readonly Queue<StreamItem> _items = new();
    private bool _pumping;
    private bool _gone;

    public StreamId Stream => stream;

    public GrainId Consumer => consumer;

    /// <summary>Takes the items, or as many as there is room for; false if the queue was found empty and given up.</summary>
    public bool TryEnqueue(StreamItem[] items)
    {
        bool start;
        int room;
        lock (_items)
        {
            if (_gone) return false;
            room = Math.Min(items.Length, provider.Runtime.Options.StreamQueueLimit - _items.Count);
            for (int i = 0; i < room; i++) _items.Enqueue(items[i]);
            start = !_pumping && _items.Count > 0;
            _pumping |= start;
        }

        if (room < items.Length) Drop(items.Length - room, "its queue is full (RuntimeOptions.StreamQueueLimit)", null);

        // On the pool and without context: the publisher, which may be a grain, has no part in what follows.
        if (start) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return true;
    }

    void IThreadPoolWorkItem.Execute() => _ = PumpAsync();

    private async Task PumpAsync()
    {
        int attempts = 0;
        int oneByOne = 0;
        while (TakeHead(oneByOne > 0 ? 1 : MaxBatch) is { } items)
        {
            var delivery = new StreamDelivery(provider.Name, stream, items);
            Exception? failure = await TryDeliverAsync(delivery);

            // A silo that stops refuses every delivery: what is left is given up without a word for each item.
            if (failure is not null && provider.Runtime.IsOver)
            {
                GiveUp();
                return;
            }

            int done = failure is null ? items.Length : delivery.Delivered;
            if (done > 0) attempts = 0;
            if (failure is not null && ++attempts >= MaxAttempts)
            {
                attempts = 0;
                if (delivery.IsBatch && items.Length > 1)
                {
                    // One of them is the culprit: find it by delivering them singly.
                    oneByOne = items.Length;
                    continue;
                }

                done++;
                Drop(1, "it failed too often", failure);
            }

            Advance(done);
            oneByOne = Math.Max(0, oneByOne - done);
            if (attempts > 0) await BackOffAsync(attempts);
        }
    }

    private void GiveUp()
    {
        lock (_items)
        {
            _gone = true;
            _items.Clear();
            provider.Forget(this);
        }
    }

    /// <summary>
    /// Up to so many of the oldest items, which stay in the queue until they are done with; null if there are none and the queue has been
    /// given up.
    /// </summary>
    private StreamItem[]? TakeHead(int most)
    {
        lock (_items)
        {
            if (_items.Count == 0 || provider.Runtime.IsOver)
            {
                GiveUp();
                return null;
            }

            return [.. _items.Take(most)];
        }
    }

    private void Advance(int done)
    {
        lock (_items)
        {
            for (int i = 0; i < done; i++) _items.Dequeue();
        }
    }

    private async Task<Exception?> TryDeliverAsync(StreamDelivery delivery)
    {
        try
        {
            Task answer = delivery.Promise;
            provider.Runtime.Router.Send(delivery, consumer);
            await answer;
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    private async Task BackOffAsync(int attempts)
    {
        try
        {
            await Task.Delay(FirstBackoff * (1 << (attempts - 1)), provider.Runtime.TimeProvider, provider.Stopped);
        }
        catch (OperationCanceledException)
        {
            // The pump sees by itself that it has to stop.
        }
    }

    private void Drop(int count, string reason, Exception? exception)
    {
        provider.Runtime.Metrics.StreamDropped(count);
        provider.Runtime.Log.LogWarning(
            exception, "{Count} items of stream {Stream} for {Consumer} were dropped: {Reason}", count, stream, consumer, reason);
    }
}
