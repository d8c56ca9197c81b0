using System.Net;
using System.Net.Sockets;

namespace EsoCore.Benchmarks.Calls;

/// <summary>
/// The baseline: bare sockets on the loopback, a connection per caller, each sending 100 bytes and waiting for as many back. Nothing is
/// parsed, shared or batched, so it shows what the machine asks for a round trip.
/// </summary>
internal sealed class LoopbackEcho : IDisposable
{
    /// <summary>About what a call and its answer take on the wire.</summary>
    public const int MessageBytes = 100;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _sockets = [];
    private readonly List<Socket> _callers = [];
    private readonly byte[][] _buffers;

    private LoopbackEcho(int callers) => _buffers = [.. Enumerable.Range(0, callers).Select(_ => new byte[MessageBytes])];

    public static async Task<LoopbackEcho> OpenAsync(int callers)
    {
        var echo = new LoopbackEcho(callers);
        echo._listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        echo._listener.Listen(callers);
        for (int i = 0; i < callers; i++)
        {
            var caller = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await caller.ConnectAsync(echo._listener.LocalEndPoint!);
            Socket other = await echo._listener.AcceptAsync();
            other.NoDelay = true;
            echo._callers.Add(caller);
            echo._sockets.AddRange([caller, other]);
            _ = Task.Run(() => AnswerAsync(other));
        }

        return echo;
    }

    public async Task<int> Call(int caller)
    {
        Socket socket = _callers[caller];
        byte[] buffer = _buffers[caller];
        await socket.SendAsync(buffer);
        int received = 0;
        while (received < MessageBytes) received += await socket.ReceiveAsync(buffer.AsMemory(received));
        return received;
    }

    public void Dispose()
    {
        foreach (Socket socket in _sockets) socket.Dispose();
        _listener.Dispose();
    }

    private static async Task AnswerAsync(Socket socket)
    {
        try
        {
            byte[] buffer = new byte[MessageBytes];
            while (true)
            {
                int received = await socket.ReceiveAsync(buffer);
                if (received == 0) return;
                await socket.SendAsync(buffer.AsMemory(0, received));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The benchmark is over.
        }
    }
}
