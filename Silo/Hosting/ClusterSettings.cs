using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace EsoCore.Silo.Hosting;

/// <summary>
/// How the processes on one PostgreSQL database reach each other: configuration section <see cref="Section"/>. Nothing of it needs to be
/// set where they reach each other by the address from which each of them reaches the database.
/// </summary>
public sealed class ClusterSettings
{
    /// <summary>Where these stand in the configuration.</summary>
    public const string Section = "EsoCore:Cluster";

    /// <summary>
    /// The address that this silo listens on for the others, with or without a port; without one, or with port 0, it takes a free one.
    /// Default: the address from which this machine reaches the database.
    /// </summary>
    public string? Listen { get; set; }

    /// <summary>The name or address that the others reach this silo under, with or without a port. Default: as <see cref="Listen"/>.</summary>
    public string? Advertise { get; set; }

    /// <summary>
    /// The port that front doors reach this silo under, with Orleans only; the built-in engine has one port. Default 0: a free one.
    /// </summary>
    public int GatewayPort { get; set; }

    /// <summary>This process's certificate for the others (PEM). With it TLS, both ways, is required of everyone. Default: none.</summary>
    public string? Cert { get; set; }

    /// <summary>The key of the certificate (PEM).</summary>
    public string? Key { get; set; }

    /// <summary>The certificates of the authority that issues those of all processes (PEM).</summary>
    public string? Authority { get; set; }

    /// <summary>Everything that is wrong with these settings, one sentence each.</summary>
    internal IEnumerable<string> Faults()
    {
        if (Listen is not null && Split(Listen) is null)
            yield return $"Cluster:Listen: '{Listen}' is neither an address nor address:port.";
        if (Advertise is not null && Split(Advertise) is null)
            yield return $"Cluster:Advertise: '{Advertise}' is neither a host nor host:port.";
        if (GatewayPort is < 0 or > IPEndPoint.MaxPort)
            yield return $"Cluster:GatewayPort: {GatewayPort} is not between 0 and {IPEndPoint.MaxPort}.";
        var files = new[] { Cert, Key, Authority }.OfType<string>().ToList();
        if (files.Count is not (0 or 3))
            yield return "Cluster:Cert, Cluster:Key and Cluster:Authority: give all three or none.";
        foreach (var file in files.Where(file => !File.Exists(file)))
            yield return $"Cluster: there is no file '{file}'.";
    }

    /// <summary>The host and port of <c>host</c>, <c>host:port</c> or <c>[v6]:port</c>; null when it is none of them.</summary>
    internal static (string Host, int Port)? Split(string text)
    {
        // The parser of addresses takes "[::1]:80" too, and forgets the port.
        if ((!text.StartsWith('[') || text.EndsWith(']')) && IPAddress.TryParse(text, out _))
            return (text, 0);
        var colon = text.LastIndexOf(':');
        var host = (colon < 0 ? text : text[..colon]).Trim('[', ']');
        var port = 0;
        var isGood = host.Length > 0 && Uri.CheckHostName(host) != UriHostNameType.Unknown
            && (colon < 0 || (int.TryParse(text.AsSpan(colon + 1), out port) && port is >= 0 and <= IPEndPoint.MaxPort));
        return isGood ? (host, port) : null;
    }

    /// <summary>Where to listen.</summary>
    /// <param name="connectionString">The database's.</param>
    internal (string Host, int Port) ListenAt(string connectionString) =>
        Listen is null ? (AddressTowards(new NpgsqlConnectionStringBuilder(connectionString)), 0) : Split(Listen)!.Value;

    /// <summary>
    /// This machine's address on the network of the database, as the routing table has it: no packet is sent. Loopback when the database
    /// is on this machine or its name cannot be resolved.
    /// </summary>
    private static string AddressTowards(NpgsqlConnectionStringBuilder database)
    {
        var host = database.Host?.Split(',')[0];
        if (string.IsNullOrEmpty(host) || host.StartsWith('/'))
            return $"{IPAddress.Loopback}";
        try
        {
            using var socket = new Socket(SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(Split(host)?.Host ?? host, database.Port);
            var address = ((IPEndPoint)socket.LocalEndPoint!).Address;
            return $"{(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)}";
        }
        catch (SocketException)
        {
            return $"{IPAddress.Loopback}";
        }
    }
}
