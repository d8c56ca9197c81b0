using System.Net;
using System.Net.Sockets;

namespace EsoCore.Benchmarks.Chaos;

/// <summary>
/// A stretch of network in front of a silo's port for the others: passes bytes on, and while it is cut passes nothing on and refuses nobody,
/// as a network that drops packets does.
/// </summary>
internal sealed class CutProxy : IDisposable
{
    private const int BufferBytes = 64 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource _open = Opened();

    /// <summary>Begins to listen.</summary>
    /// <param name="target">The silo's own port on 127.0.0.1.</param>
    internal CutProxy(int target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>The port that the others are to use.</summary>
    internal int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    internal void Cut() => _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal void Mend() => _open.TrySetResult();

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        Mend();
    }

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        open.SetResult();
        return open;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The proxy has ended.
        }
    }

    private async Task ServeAsync(TcpClient caller)
    {
        using var near = caller;
        using var far = new TcpClient();
        try
        {
            await _open.Task;
            await far.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            (near.NoDelay, far.NoDelay) = (true, true);
            await Task.WhenAny(PassAsync(near, far), PassAsync(far, near));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
        {
            // One side is gone: so is the other.
        }
    }

    private async Task PassAsync(TcpClient from, TcpClient to)
    {
        var buffer = new byte[BufferBytes];
        var (source, sink) = (from.GetStream(), to.GetStream());
        while (await source.ReadAsync(buffer, _stop.Token) is > 0 and var read)
        {
            await _open.Task;
            await sink.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
        }
    }
}
