using System.Collections.Concurrent;
using System.Threading.Channels;

namespace EsoCore.Runtime.Clustering;

/// <summary>One member's end of a <see cref="MemoryNetwork"/>.</summary>
internal sealed class MemoryTransport(MemoryNetwork network, ClusterOptions options) : ISiloTransport
{
    private readonly ConcurrentDictionary<MemoryLink, bool> _links = new();
    private Func<ISiloLink, ILinkHandler>? _accept;
    private SiloAddress? _self;
    private volatile bool _over;

    /// <summary>What the network calls this member: its endpoint, or a name of its own for a client.</summary>
    public string Name { get; private set; } = $"client-{Guid.NewGuid():N}";

    public Task<int> BindAsync(CancellationToken cancel) => Task.FromResult(network.TakePort());

    public void Start(SiloAddress? self, Func<ISiloLink, ILinkHandler> accept)
    {
        (_self, _accept) = (self, accept);
        if (self is null) return;
        Name = self.Endpoint;
        network.Listen(Name, this);
    }

    public async Task<ISiloLink> ConnectAsync(SiloAddress target, ILinkHandler handler, CancellationToken cancel)
    {
        await Task.Yield();
        MemoryTransport other = network.Find(target);
        if (network.IsCut(Name, other.Name)) throw new LinkException($"{target} cannot be reached: the network is cut.");
        if (!target.Equals(other._self)) throw new LinkException($"{target} refused: the silo that is meant is not here.", isRefused: true);
        var there = new MemoryLink(network, other.Name, Name, options.MaxQueuedBytes);
        var here = new MemoryLink(network, Name, other.Name, options.MaxQueuedBytes) { Other = there };
        there.Other = here;
        Track(here);
        other.Track(there);
        here.Start(handler);
        there.Start(other._accept!(there));
        return here;
    }

    public ValueTask DisposeAsync()
    {
        _over = true;
        network.Leave(Name);
        foreach (MemoryLink link in _links.Keys) link.Close(new LinkException("This silo stops."));
        return ValueTask.CompletedTask;
    }

    private void Track(MemoryLink link)
    {
        _links[link] = true;
        network.Add(link);
        link.Closed = () =>
        {
            _links.TryRemove(link, out _);
            network.Remove(link);
        };
        if (_over) link.Close(new LinkException("This silo stops."));
    }
}

/// <summary>One direction of a link, and the handler at its sender's end.</summary>
internal sealed class MemoryLink(MemoryNetwork network, string from, string to, long maxQueuedBytes) : ISiloLink
{
    private readonly Channel<byte[]> _frames = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource<ILinkHandler> _handler = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _queued;
    private int _closed;

    public string From => from;

    public string To => to;

    public string Peer => to;

    public MemoryLink Other { get; set; } = null!;

    public Action? Closed { get; set; }

    public void Start(ILinkHandler handler)
    {
        _handler.TrySetResult(handler);
        _ = Detached.Run(PumpAsync);
    }

    public bool TrySend(ReadOnlySpan<byte> frame, bool alone, bool force)
    {
        long waiting = Interlocked.Add(ref _queued, frame.Length);
        if (!force && waiting > frame.Length && waiting > maxQueuedBytes)
        {
            Interlocked.Add(ref _queued, -frame.Length);
            return false;
        }

        _frames.Writer.TryWrite(frame.ToArray());
        return true;
    }

    public void CloseWhenSent() => _frames.Writer.TryComplete();

    public void Close(Exception? why)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0) return;
        _frames.Writer.TryComplete();
        Closed?.Invoke();
        _ = Detached.Run(async () => (await _handler.Task.ConfigureAwait(false)).OnClosed(why));
        Other.Close(why);
    }

    private async Task PumpAsync()
    {
        try
        {
            ILinkHandler receiver = await Other._handler.Task.ConfigureAwait(false);
            await foreach (byte[] frame in _frames.Reader.ReadAllAsync().ConfigureAwait(false))
            {
                if (!await network.CarryAsync(from, to).ConfigureAwait(false)) throw new LinkException("A frame was lost.");
                Interlocked.Add(ref _queued, -frame.Length);
                if (Volatile.Read(ref _closed) != 0) return;
                receiver.OnFrame(frame, owned: true);
            }

            Close(null);
        }
        catch (Exception exception)
        {
            Close(exception);
        }
    }
}
