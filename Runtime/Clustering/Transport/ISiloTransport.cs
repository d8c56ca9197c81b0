namespace EsoCore.Runtime.Clustering;

/// <summary>Carries frames between processes. One is made per silo or client.</summary>
internal interface ISiloTransport : IAsyncDisposable
{
    /// <summary>Takes a port; nothing is accepted yet. Clients do not call it.</summary>
    /// <returns>The port.</returns>
    Task<int> BindAsync(CancellationToken cancel);

    /// <summary>Says who this process is, and begins to accept connections if a port was taken.</summary>
    /// <param name="self">The address of this silo, or null for a client.</param>
    /// <param name="accept">Makes the handler of a connection that another process opened.</param>
    void Start(SiloAddress? self, Func<ISiloLink, ILinkHandler> accept);

    /// <summary>Connects to a silo.</summary>
    /// <exception cref="LinkException">It cannot be reached, or one side does not know the other.</exception>
    Task<ISiloLink> ConnectAsync(SiloAddress target, ILinkHandler handler, CancellationToken cancel);
}

/// <summary>A connection to another process that has proved to belong to the cluster. Frames arrive whole, once and in order.</summary>
internal interface ISiloLink
{
    /// <summary>The other process, for people.</summary>
    string Peer { get; }

    /// <summary>Queues a frame; it is copied. Does nothing on a closed link.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="alone">Whether nothing else is likely to follow soon, so that it is written at once.</param>
    /// <param name="force">Whether it is taken although the queue is full; for small answers that must not be lost.</param>
    /// <returns>False if too many bytes wait already.</returns>
    bool TrySend(ReadOnlySpan<byte> frame, bool alone, bool force = false);

    /// <summary>Writes what is queued, then closes.</summary>
    void CloseWhenSent();

    /// <summary>Closes at once. The handler is told once, whoever closes.</summary>
    void Close(Exception? why);
}

/// <summary>Takes what a link brings.</summary>
internal interface ILinkHandler
{
    /// <summary>Takes a frame; it may throw, which closes the link.</summary>
    /// <param name="frame">The frame, valid during the call only, unless owned.</param>
    /// <param name="owned">Whether the memory may be kept.</param>
    void OnFrame(ReadOnlyMemory<byte> frame, bool owned);

    /// <summary>The link is closed, and no frame will come.</summary>
    void OnClosed(Exception? why);
}

/// <summary>A connection could not be made, or broke.</summary>
/// <param name="message">Why, in a sentence.</param>
/// <param name="isRefused">Whether the other side answered and refused; else it was not reached.</param>
internal sealed class LinkException(string message, bool isRefused = false, Exception? inner = null) : Exception(message, inner)
{
    public bool IsRefused { get; } = isRefused;
}
