using System.Net.Sockets;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// Two connections to one process: one for small frames, one for large ones, so that a large body never holds up a small call. They live
/// and end together.
/// </summary>
internal sealed class TcpLink : ISiloLink
{
    /// <summary>Frames above this many bytes take the connection for large ones.</summary>
    internal const int LargeFrameBytes = 32 * 1024;

    private readonly Lock _gate = new();
    private readonly long _maxQueuedBytes;
    private ILinkHandler? _handler;
    private SiloConnection? _small;
    private SiloConnection? _large;
    private bool _closed;
    private int _unfinished = 2;

    public TcpLink(string peer, long maxQueuedBytes)
    {
        Peer = peer;
        _maxQueuedBytes = maxQueuedBytes;
    }

    public string Peer { get; }

    /// <summary>Told when it is closed, beside the handler.</summary>
    internal Action<TcpLink>? Closed { get; set; }

    /// <summary>Bytes that wait or are being written, on both.</summary>
    internal long QueuedBytes => (_small?.QueuedBytes ?? 0) + (_large?.QueuedBytes ?? 0);

    public bool TrySend(ReadOnlySpan<byte> frame, bool alone, bool force) =>
        (frame.Length > LargeFrameBytes ? _large : _small)?.TrySend(frame, alone, force) ?? true;

    public void CloseWhenSent()
    {
        _small?.CloseWhenSent();
        _large?.CloseWhenSent();
    }

    public void Close(Exception? why)
    {
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
        }

        _small?.Close(why);
        _large?.Close(why);
        Closed?.Invoke(this);
        _handler?.OnClosed(why);
    }

    /// <summary>Adds a connection after its handshake; it does not receive before <see cref="Start"/>.</summary>
    internal void Attach(Socket socket, Stream stream, bool large)
    {
        var connection = new SiloConnection(socket, stream, _maxQueuedBytes, OnFrame, OnClosed);
        lock (_gate)
        {
            if (_closed || (large ? _large : _small) is not null) throw new LinkException($"The connection to {Peer} is gone.");
            if (large) _large = connection;
            else _small = connection;
        }
    }

    /// <summary>Says who takes what comes, and is told of the end, from now on.</summary>
    internal void Use(ILinkHandler handler) => _handler = handler;

    /// <summary>Begins to receive on both.</summary>
    internal void Start()
    {
        _small!.Start();
        _large!.Start();
    }

    private void OnFrame(ReadOnlyMemory<byte> frame, bool owned) => _handler!.OnFrame(frame, owned);

    private void OnClosed(Exception? why)
    {
        // One that has ended as it should waits for the other.
        if (why is null && Interlocked.Decrement(ref _unfinished) > 0) return;
        Close(why);
    }
}
