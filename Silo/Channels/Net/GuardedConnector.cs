using System.Net;
using System.Net.Sockets;

namespace EsoCore.Silo.Channels.Net;

/// <summary>A target lies where the installation sends nothing.</summary>
internal sealed class TargetRefusedException(string message) : IOException(message);

/// <summary>
/// Connects to targets. The address is checked here, right before it is connected to, and it is that address and not the name which is then
/// connected to: a name that changes its address in between gains nothing.
/// </summary>
internal sealed class GuardedConnector(AddressGuard guard, IHostResolver resolver, TimeProvider time, ILogger<GuardedConnector> log)
{
    /// <summary>Addresses of one name that are tried.</summary>
    private const int MaxAddresses = 8;

    /// <summary>How long one address is waited for: one that swallows everything must not use up the time of the others.</summary>
    private static readonly TimeSpan AddressPatience = TimeSpan.FromSeconds(3);

    /// <summary>Opens a connection.</summary>
    /// <param name="isPlain">Whether no TLS will be spoken on it.</param>
    /// <param name="isTrusted">Whether the administrator set the target, so that it may lie anywhere.</param>
    /// <exception cref="TargetRefusedException">None of its addresses may be connected to.</exception>
    /// <exception cref="IOException">None of them answers.</exception>
    public async Task<Stream> Connect(string host, int port, bool isPlain, bool isTrusted, CancellationToken cancel)
    {
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Resolve(host, cancel);
        string? refusal = null;
        Exception? failure = null;
        foreach (var address in addresses.Take(MaxAddresses))
        {
            if (!isTrusted && guard.Refusal(address, isPlain) is { } why)
            {
                // Where names of the inner network lead is for the administrator to know, not for who sets a target.
                log.LogWarning("The target {Host} at {Address} is refused: {Why}", host, address, why);
                refusal = $"{host} is refused: {why}";
                continue;
            }

            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            using var patience = new CancellationTokenSource(AddressPatience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), either.Token);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException error)
            {
                socket.Dispose();
                failure = error;
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                socket.Dispose();
                failure = new TimeoutException($"no connection within {AddressPatience.TotalSeconds:0} s");
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw failure is not null ? new IOException($"{host}:{port} does not answer: {failure.Message}", failure)
            : refusal is not null ? new TargetRefusedException(refusal)
            : new IOException($"{host} has no address");
    }

    private async Task<IPAddress[]> Resolve(string host, CancellationToken cancel)
    {
        try
        {
            return await resolver.Resolve(host, cancel);
        }
        catch (SocketException error)
        {
            throw new IOException($"{host} has no address: {error.Message}", error);
        }
    }
}
