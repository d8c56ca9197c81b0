using System.Net;

namespace EsoCore.Silo.Channels.Net;

/// <summary>Turns host names into addresses; a port of its own so that a test can play a name that changes its address.</summary>
internal interface IHostResolver
{
    /// <summary>The addresses of a host, in the order in which they are to be tried.</summary>
    Task<IPAddress[]> Resolve(string host, CancellationToken cancel);
}

/// <summary>The machine's own resolver.</summary>
internal sealed class SystemResolver : IHostResolver
{
    public Task<IPAddress[]> Resolve(string host, CancellationToken cancel) => Dns.GetHostAddressesAsync(host, cancel);
}
