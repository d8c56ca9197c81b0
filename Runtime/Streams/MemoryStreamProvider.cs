using System.Collections.Concurrent;
using System.Globalization;
using EsoCore.Runtime.Engine;

namespace EsoCore.Runtime;

/// <summary>The stream providers of a silo.</summary>
internal sealed class StreamProviders(GrainRuntime runtime, IEnumerable<string> memoryStreams)
{
    private readonly Dictionary<string, MemoryStreamProvider> _providers =
        memoryStreams.Distinct().ToDictionary(name => name, name => new MemoryStreamProvider(runtime, name));

    public IStreamProvider Find(string name) => _providers.TryGetValue(name, out MemoryStreamProvider? provider)
        ? provider
        : throw new KeyNotFoundException($"No stream provider called '{name}' is registered.");

    public void Stop()
    {
        foreach (MemoryStreamProvider provider in _providers.Values) provider.Stop();
    }
}

/// <summary>
/// Streams within the process. What is published is queued for each subscribed grain and delivered in order, as turns of that grain. A
/// queue lives only while there is
/// something in it, so an idle stream costs nothing. Nothing here is durable: the outbox of the publisher is.
/// </summary>
internal sealed class MemoryStreamProvider(GrainRuntime runtime, string name) : IStreamProvider
{
    private readonly ConcurrentDictionary<(StreamId Stream, GrainId Consumer), StreamQueue> _queues = new();
    private readonly CancellationTokenSource _stopped = new();
    private long _lastSequence;

    public string Name => name;

    public bool IsRewindable => false;

    public GrainRuntime Runtime => runtime;

    public CancellationToken Stopped => _stopped.Token;

    /// <summary>How many queues there are now.</summary>
    public int QueueCount => _queues.Count;

    public IAsyncStream<T> GetStream<T>(StreamId streamId) => new MemoryStream<T>(this, streamId);

    public void Stop() => _stopped.Cancel();

    public void Forget(StreamQueue queue) => _queues.TryRemove(new((queue.Stream, queue.Consumer), queue));

    public void Publish(StreamId stream, ReadOnlySpan<object?> items)
    {
        if (!runtime.Classes.BySubscription.TryGetValue(stream.GetNamespace() ?? "", out GrainClass[]? classes)) return;
        var numbered = new StreamItem[items.Length];
        for (int i = 0; i < items.Length; i++)
            numbered[i] = new StreamItem(items[i], new MemoryStreamToken(Interlocked.Increment(ref _lastSequence)));
        foreach (GrainClass consumer in classes) Enqueue(stream, ConsumerId(consumer, stream), numbered);
    }

    private void Enqueue(StreamId stream, GrainId consumer, StreamItem[] items)
    {
        while (true)
        {
            StreamQueue queue = _queues.GetOrAdd(
                (stream, consumer), static (key, provider) => new StreamQueue(provider, key.Stream, key.Consumer), this);
            if (queue.TryEnqueue(items)) return;

            // It was emptied and is on its way out.
            _queues.TryRemove(new((stream, consumer), queue));
        }
    }

    private static GrainId ConsumerId(GrainClass consumer, StreamId stream)
    {
        string key = stream.GetKeyAsString();
        if (typeof(IGrainWithIntegerKey).IsAssignableFrom(consumer.Type))
            key = long.Parse(key, CultureInfo.InvariantCulture).ToString("X", CultureInfo.InvariantCulture);
        return new GrainId(consumer.GrainType, consumer.TypeHash, key);
    }
}

/// <summary>A handle for publishing.</summary>
internal sealed class MemoryStream<T>(MemoryStreamProvider provider, StreamId streamId) : IAsyncStream<T>
{
    public bool IsRewindable => false;

    public string ProviderName => provider.Name;

    public StreamId StreamId => streamId;

    public Task OnNextAsync(T item, StreamSequenceToken? token = null)
    {
        object? boxed = item;
        return Publish(new ReadOnlySpan<object?>(ref boxed), token);
    }

    public Task OnNextBatchAsync(IEnumerable<T> batch, StreamSequenceToken? token = null) =>
        Publish([.. batch.Select(item => (object?)item)], token);

    private Task Publish(ReadOnlySpan<object?> items, StreamSequenceToken? token)
    {
        if (token is not null)
            return Task.FromException(new ArgumentException("Memory streams number their items; the token must be null.", nameof(token)));
        provider.Publish(streamId, items);
        return Task.CompletedTask;
    }
}

/// <summary>An item on its way.</summary>
internal readonly record struct StreamItem(object? Item, MemoryStreamToken Token);

/// <summary>A number that rises over all streams of a provider.</summary>
internal sealed class MemoryStreamToken(long number) : StreamSequenceToken
{
    public override long SequenceNumber { get; protected set; } = number;

    public override int EventIndex { get; protected set; }

    public override bool Equals(StreamSequenceToken? other) => other is not null && other.SequenceNumber == SequenceNumber;

    public override bool Equals(object? obj) => Equals(obj as StreamSequenceToken);

    public override int GetHashCode() => SequenceNumber.GetHashCode();

    public override int CompareTo(StreamSequenceToken? other) => other is null ? 1 : SequenceNumber.CompareTo(other.SequenceNumber);
}
