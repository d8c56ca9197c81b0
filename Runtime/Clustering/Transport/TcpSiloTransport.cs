using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime.Clustering;

/// <summary>Connections over TCP, with TLS if there are files for it.</summary>
internal sealed class TcpSiloTransport : ISiloTransport
{
    /// <summary>Connections that may be in their handshake at once; further ones wait to be accepted.</summary>
    internal const int MaxHandshakes = 64;

    /// <summary>
    /// Those from one address, or one /64 of IPv6; a further one is closed at once, so that a stranger leaves room for others.
    /// </summary>
    internal const int MaxHandshakesOfOne = MaxHandshakes / 4;

    private const int Backlog = 512;

    /// <summary>An idle connection is asked after so many seconds whether the other side is there, and so often, every second.</summary>
    private const int ProbeAfterSeconds = 5, Probes = 3;

    /// <summary>How long bytes may stay unconfirmed: as long as it takes to find out that an idle connection is dead.</summary>
    internal const int MaxUnconfirmedMs = 1_000 * (ProbeAfterSeconds + Probes);

    // TCP_USER_TIMEOUT of Linux, which .NET has no name for.
    internal const int TcpLevel = 6, TcpUserTimeout = 18;

    private readonly ClusterOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Handshake _handshake;
    private readonly ClusterTls? _tls;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _handshakes = new(MaxHandshakes);
    private readonly Dictionary<IPAddress, int> _handshakesOf = [];
    private readonly ConcurrentDictionary<Guid, TcpLink> _halfOpen = new();
    private readonly ConcurrentDictionary<TcpLink, bool> _links = new();
    private Socket? _listener;
    private Func<ISiloLink, ILinkHandler>? _accept;
    private string _self = "";

    public TcpSiloTransport(ClusterOptions options, TimeProvider time, ILogger log)
    {
        (_options, _time, _log) = (options, time, log);
        _handshake = new Handshake(
            options.ClusterId, options.Secret, options.OtherSecret, options.Formats.Lowest, options.Formats.Highest);
        if (options.CertificateFile is { } certificate)
            _tls = new ClusterTls(certificate, options.CertificateKeyFile!, options.AuthorityFile!);
    }

    public async Task<int> BindAsync(CancellationToken cancel)
    {
        IPAddress address = IPAddress.TryParse(_options.ListenAddress, out IPAddress? parsed)
            ? parsed
            : (await Dns.GetHostAddressesAsync(_options.ListenAddress, cancel).ConfigureAwait(false))[0];
        _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(address, _options.ListenPort));
        return ((IPEndPoint)_listener.LocalEndPoint!).Port;
    }

    public void Start(SiloAddress? self, Func<ISiloLink, ILinkHandler> accept)
    {
        _self = self?.ToString() ?? "";
        _accept = accept;
        if (_listener is null) return;
        _listener.Listen(Backlog);
        _ = Detached.Run(AcceptAsync);
    }

    public async Task<ISiloLink> ConnectAsync(SiloAddress target, ILinkHandler handler, CancellationToken cancel)
    {
        var link = new TcpLink(target.ToString(), _options.MaxQueuedBytes);
        var session = Guid.NewGuid();
        using CancellationTokenSource limit = Limit(_options.ConnectTimeout, cancel);
        try
        {
            foreach (bool large in new[] { false, true })
            {
                (Socket socket, Stream stream) = await OpenAsync(target, limit.Token).ConfigureAwait(false);
                try
                {
                    await _handshake.BeginAsync(stream, _self, target.ToString(), session, large, limit.Token).ConfigureAwait(false);
                    link.Attach(socket, stream, large);
                }
                catch
                {
                    await stream.DisposeAsync().ConfigureAwait(false);
                    throw;
                }
            }

            Track(link);
            link.Use(handler);
            link.Start();
            return link;
        }
        catch (Exception exception)
        {
            link.Close(exception);
            if (exception is LinkException) throw;
            throw new LinkException($"{target} cannot be reached: {exception.Message}", inner: exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener?.Dispose();
        foreach (TcpLink link in _links.Keys) link.Close(new LinkException("This silo stops."));
        _tls?.Dispose();
    }

    private async Task<(Socket Socket, Stream Stream)> OpenAsync(SiloAddress target, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Tune(socket, _options.MaxUnconfirmed);
            await socket.ConnectAsync(target.Host.Trim('[', ']'), target.Port, cancel).ConfigureAwait(false);
            var stream = new NetworkStream(socket, ownsSocket: true);
            return (socket, _tls is null ? stream : await _tls.AsClientAsync(stream, target.Host, cancel).ConfigureAwait(false));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _handshakes.WaitAsync(_stop.Token).ConfigureAwait(false);
                Socket socket = await _listener!.AcceptAsync(_stop.Token).ConfigureAwait(false);
                _ = WelcomeAsync(socket);
            }
            catch (Exception exception) when (exception is not OperationCanceledException and not ObjectDisposedException)
            {
                _handshakes.Release();
                _log.LogWarning(exception, "A connection could not be accepted");
            }
            catch (Exception)
            {
                return;
            }
        }
    }

    private async Task WelcomeAsync(Socket socket)
    {
        string from = "?";
        IPAddress? counted = null;
        try
        {
            using CancellationTokenSource limit = Limit(_options.HandshakeTimeout, _stop.Token);
            from = socket.RemoteEndPoint?.ToString() ?? from;
            IPAddress network = NetworkOf(socket.RemoteEndPoint);
            if (!TryCount(network)) throw new LinkException($"{MaxHandshakesOfOne} from there are in their handshake already.");
            counted = network;
            Tune(socket, _options.MaxUnconfirmed);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (_tls is not null) stream = await _tls.AsServerAsync(stream, limit.Token).ConfigureAwait(false);
            Hello hello = await _handshake.AnswerAsync(stream, _self, limit.Token).ConfigureAwait(false);
            await AttachAsync(socket, stream, hello, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            socket.Dispose();
            if (!_stop.IsCancellationRequested)
                _log.LogWarning("A connection from {From} came to nothing: {Reason}", from, exception.Message);
        }
        finally
        {
            if (counted is not null) Uncount(counted);
            _handshakes.Release();
        }
    }

    /// <summary>Whom a connection is counted to: whoever has one address of IPv6 has all of its /64.</summary>
    private static IPAddress NetworkOf(EndPoint? remote)
    {
        IPAddress address = (remote as IPEndPoint)?.Address ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new IPAddress([.. address.GetAddressBytes()[..8], .. new byte[8]])
            : address;
    }

    private bool TryCount(IPAddress from)
    {
        lock (_handshakesOf)
        {
            int count = _handshakesOf.GetValueOrDefault(from);
            if (count >= MaxHandshakesOfOne) return false;
            _handshakesOf[from] = count + 1;
            return true;
        }
    }

    private void Uncount(IPAddress from)
    {
        lock (_handshakesOf)
        {
            if (--_handshakesOf[from] == 0) _handshakesOf.Remove(from);
        }
    }

    /// <summary>The first connection of a link waits for the second one, which completes it.</summary>
    private async Task AttachAsync(Socket socket, Stream stream, Hello hello, CancellationToken cancel)
    {
        if (!hello.Large)
        {
            var begun = new TcpLink(hello.Self.Length > 0 ? hello.Self : $"client {socket.RemoteEndPoint}", _options.MaxQueuedBytes);
            begun.Attach(socket, stream, large: false);
            if (!_halfOpen.TryAdd(hello.Session, begun)) throw new LinkException("The session is there already.");
            _ = ForgetAsync(hello.Session, begun);
            await Handshake.SendVerdictAsync(stream, null, cancel).ConfigureAwait(false);
            return;
        }

        if (!_halfOpen.TryRemove(hello.Session, out TcpLink? link)) throw new LinkException("The session is not known.");
        try
        {
            link.Attach(socket, stream, large: true);
            Track(link);
            link.Use(_accept!(link));
            await Handshake.SendVerdictAsync(stream, null, cancel).ConfigureAwait(false);
            link.Start();
        }
        catch (Exception exception)
        {
            // Nobody reads from the connections yet, so nobody else would notice; and a silo that leaves waits for all who are connected.
            link.Close(exception);
            throw;
        }
    }

    private async Task ForgetAsync(Guid session, TcpLink begun)
    {
        try
        {
            await Task.Delay(_options.HandshakeTimeout, _time, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The silo stops, and with it what is half open.
        }

        if (_halfOpen.TryRemove(new(session, begun))) begun.Close(new LinkException("The second connection did not come."));
    }

    private void Track(TcpLink link)
    {
        _links[link] = true;
        link.Closed = closed => _links.TryRemove(closed, out _);
        if (_stop.IsCancellationRequested) link.Close(new LinkException("This silo stops."));
    }

    private CancellationTokenSource Limit(TimeSpan time, CancellationToken cancel)
    {
        // Real time even where tests move the clock: it bounds what a socket may take, and sockets know no other time.
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, _stop.Token);
        limit.CancelAfter(time);
        return limit;
    }

    internal static void Tune(Socket socket, TimeSpan maxUnconfirmed)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, ProbeAfterSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);

        // Probes are for idle connections only. Bytes that a cut network swallows are sent again for a quarter of an hour, ever more
        // rarely: the connection would stand still long after the network is whole again.
        byte[] milliseconds = BitConverter.GetBytes((int)maxUnconfirmed.TotalMilliseconds);
        if (OperatingSystem.IsLinux()) socket.SetRawSocketOption(TcpLevel, TcpUserTimeout, milliseconds);
    }
}
