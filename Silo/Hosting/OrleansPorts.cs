using System.Net;
using System.Net.Sockets;

namespace EsoCore.Silo.Hosting;

/// <summary>Ports for an engine that has to be told them.</summary>
internal static class OrleansPorts
{
    /// <summary>A port that nobody listens on just now.</summary>
    public static int Take()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
