using System.Net;
using System.Net.Sockets;
using EsoCore.Grains.Notifications;
using Microsoft.Extensions.Options;

namespace EsoCore.Silo.Channels.Net;

/// <summary>
/// Which addresses a target that a project has set may lie at: public ones, and those the administrator allows. Everything that a registry
/// sets aside (private, loopback, link-local with the metadata services of clouds, multicast, documentation, tunnels that carry an IPv4
/// address in themselves) is refused, so that a webhook is no way into the network the server stands in.
/// </summary>
internal sealed class AddressGuard(IOptions<NotificationOptions> options)
{
    // https://www.iana.org/assignments/iana-ipv4-special-registry
    private static readonly IPNetwork[] SpecialV4 = Networks(
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4");

    // Of IPv6 only the space given to networks is taken, and of that not what is set aside.
    private static readonly IPNetwork GlobalV6 = IPNetwork.Parse("2000::/3");

    // https://www.iana.org/assignments/iana-ipv6-special-registry: IETF protocols with Teredo, documentation, 6to4.
    private static readonly IPNetwork[] SpecialV6 = Networks("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20");

    private const string Setting = NotificationOptions.Section + ":AllowedNetworks";

    private readonly IPNetwork[] _allowed = Networks([.. options.Value.AllowedNetworks]);

    /// <summary>Why an address must not be connected to, or null.</summary>
    /// <param name="isPlain">Whether the connection is without TLS: only what the administrator allows may be spoken to so.</param>
    public string? Refusal(IPAddress address, bool isPlain)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (_allowed.Any(network => network.Contains(plain)))
            return null;
        if (isPlain)
            return $"it would be spoken to without TLS, which the operator allows for no such address ({Setting})";
        return IsPublic(plain) ? null : $"its address is not public, and the operator does not allow it ({Setting})";
    }

    private static bool IsPublic(IPAddress address) => address.AddressFamily switch
    {
        AddressFamily.InterNetwork => !SpecialV4.Any(network => network.Contains(address)),
        AddressFamily.InterNetworkV6 => address.ScopeId == 0 && GlobalV6.Contains(address)
            && !SpecialV6.Any(network => network.Contains(address)),
        _ => false,
    };

    private static IPNetwork[] Networks(params string[] networks) => [.. networks.Select(IPNetwork.Parse)];
}
