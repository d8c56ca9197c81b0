using System.Net;
using System.Net.Sockets;

namespace EsoCore.Benchmarks.Server;

/// <summary>
/// A loopback port for a server that is to be started, and perhaps started again, under an address that is known before. One that is only
/// looked up may be somebody else's by then. As long as it is bound here, Linux gives it to nobody who asks for any port; a server that
/// asks for this one may still listen, as nobody listens here. Other systems would refuse that server, so there it is only looked up.
/// </summary>
internal sealed class HeldPort : IDisposable
{
    private readonly Socket _holder = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    internal HeldPort()
    {
        _holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Number = ((IPEndPoint)_holder.LocalEndPoint!).Port;
        if (!OperatingSystem.IsLinux())
            _holder.Dispose();
    }

    /// <summary>The port.</summary>
    internal int Number { get; }

    public void Dispose() => _holder.Dispose();
}
