using System.Security.Cryptography;
using System.Text;
using EsoCore.Runtime.CodeGeneration;
using EsoCore.Runtime.Engine;
using EsoCore.Runtime.Serialization;

namespace EsoCore.Runtime;

/// <summary>Some items of one stream as one request of the consuming grain.</summary>
internal sealed class StreamDelivery : TaskRequest
{
    private const uint ProviderId = 0, StreamIdId = 1, ItemsId = 2, NumbersId = 3;
    private const uint DeliveredId = 0, IsBatchId = 1;

    private static readonly GrainMethod s_method =
        new(nameof(IStreamSubscriptionObserver), "stream", "stream", GrainMethodOptions.None, null, []);

    private string _provider;
    private StreamId _stream;

    public StreamDelivery(string provider, StreamId stream, StreamItem[] items) => (_provider, _stream, Items) = (provider, stream, items);

    /// <summary>To be read into.</summary>
    public StreamDelivery() : this("", default, [])
    {
    }

    public override GrainMethod Method => s_method;

    public StreamItem[] Items { get; private set; }

    /// <summary>How many items the consumer has taken; read after the request has ended.</summary>
    public int Delivered { get; set; }

    /// <summary>Whether the consumer takes them together.</summary>
    public bool IsBatch { get; set; }

    protected override async Task Invoke(object grain)
    {
        ActivationExtras extras = Target!.Extras;
        extras.StreamHandlers ??= [];
        if (!extras.StreamHandlers.TryGetValue((_provider, _stream), out StreamHandler? handler))
        {
            var factory = new StreamHandleFactory(Target, _provider, _stream);
            await ((IStreamSubscriptionObserver)grain).OnSubscribed(factory);
            extras.StreamHandlers.TryAdd((_provider, _stream), StreamHandler.None);
            handler = extras.StreamHandlers[(_provider, _stream)];
        }

        await handler.DeliverAsync(this);
    }

    public override void WriteArguments(ref MessageWriter writer)
    {
        writer.WriteText(ProviderId, _provider);
        Codecs<StreamId>.Instance.Write(ref writer, StreamIdId, _stream);
        Codecs<object?[]>.Instance.Write(ref writer, ItemsId, [.. Items.Select(item => item.Item)]);
        Codecs<long[]>.Instance.Write(ref writer, NumbersId, [.. Items.Select(item => item.Token.SequenceNumber)]);
    }

    public override void ReadArguments(ref MessageReader reader)
    {
        object?[] items = [];
        long[] numbers = [];
        while (reader.NextField(out uint id, out WireType type))
        {
            switch (id)
            {
                case ProviderId: _provider = reader.ReadText(type); break;
                case StreamIdId: _stream = Codecs<StreamId>.Instance.Read(ref reader, type); break;
                case ItemsId: items = Codecs<object?[]>.Instance.Read(ref reader, type); break;
                case NumbersId: numbers = Codecs<long[]>.Instance.Read(ref reader, type); break;
                default: reader.Skip(type); break;
            }
        }

        if (items.Length != numbers.Length) throw reader.Malformed("a delivery whose items are not all numbered");
        Items = [.. items.Zip(numbers, (item, number) => new StreamItem(item, new MemoryStreamToken(number)))];
    }

    internal override void WriteRemarks(ref MessageWriter writer, uint id)
    {
        writer.BeginGroup(id);
        writer.WriteVarint(DeliveredId, (ulong)Delivered);
        writer.WriteVarint(IsBatchId, IsBatch ? 1UL : 0);
        writer.EndGroup();
    }

    internal override void ReadRemarks(ref MessageReader reader, WireType group)
    {
        reader.BeginGroup(group);
        while (reader.NextField(out uint id, out WireType type))
        {
            if (id == DeliveredId) Delivered = (int)Math.Min(reader.ReadVarint(type), (ulong)Items.Length);
            else if (id == IsBatchId) IsBatch = reader.ReadVarint(type) != 0;
            else reader.Skip(type);
        }
    }
}

/// <summary>Hands items to what the grain resumed its subscription with.</summary>
internal abstract class StreamHandler
{
    /// <summary>For a grain that did not resume: the items are done with.</summary>
    public static StreamHandler None { get; } = new Ignoring();

    public abstract Task DeliverAsync(StreamDelivery delivery);

    private sealed class Ignoring : StreamHandler
    {
        public override Task DeliverAsync(StreamDelivery delivery) => Task.CompletedTask;
    }
}

internal sealed class StreamHandler<T>(IAsyncObserver<T> observer) : StreamHandler
{
    public override async Task DeliverAsync(StreamDelivery delivery)
    {
        foreach (StreamItem item in delivery.Items)
        {
            await observer.OnNextAsync((T)item.Item!, item.Token);
            delivery.Delivered++;
        }
    }
}

internal sealed class StreamBatchHandler<T>(IAsyncBatchObserver<T> observer) : StreamHandler
{
    public override async Task DeliverAsync(StreamDelivery delivery)
    {
        delivery.IsBatch = true;
        await observer.OnNextAsync([.. delivery.Items.Select(item => new SequentialItem<T>((T)item.Item!, item.Token))]);
        delivery.Delivered = delivery.Items.Length;
    }
}

internal sealed class StreamHandleFactory(Activation activation, string provider, StreamId stream) : IStreamSubscriptionHandleFactory
{
    public StreamId StreamId => stream;

    public string ProviderName => provider;

    public StreamSubscriptionHandle<T> Create<T>() => new StreamHandle<T>(activation, provider, stream);
}

internal sealed class StreamHandle<T>(Activation activation, string provider, StreamId stream) : StreamSubscriptionHandle<T>
{
    public override StreamId StreamId => stream;

    public override string ProviderName => provider;

    public override Guid HandleId { get; } =
        new(SHA256.HashData(Encoding.UTF8.GetBytes($"{activation.GrainId}\n{provider}\n{stream}")).AsSpan(0, 16));

    public override Task UnsubscribeAsync()
    {
        Set(StreamHandler.None);
        return Task.CompletedTask;
    }

    public override Task<StreamSubscriptionHandle<T>> ResumeAsync(IAsyncObserver<T> observer, StreamSequenceToken? token = null) =>
        Resume(new StreamHandler<T>(observer), token);

    public override Task<StreamSubscriptionHandle<T>> ResumeAsync(IAsyncBatchObserver<T> observer, StreamSequenceToken? token = null) =>
        Resume(new StreamBatchHandler<T>(observer), token);

    public override bool Equals(StreamSubscriptionHandle<T>? other) => other is not null && other.HandleId == HandleId;

    private Task<StreamSubscriptionHandle<T>> Resume(StreamHandler handler, StreamSequenceToken? token)
    {
        if (token is not null) throw new ArgumentException("Memory streams cannot go back; the token must be null.", nameof(token));
        Set(handler);
        return Task.FromResult<StreamSubscriptionHandle<T>>(this);
    }

    private void Set(StreamHandler handler) => (activation.Extras.StreamHandlers ??= [])[(provider, stream)] = handler;
}
