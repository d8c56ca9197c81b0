using System.Globalization;
using System.Security.Cryptography;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// Where a silo listens, and which start of it is meant; written <c>host:port@generation</c>. A restarted silo has the same endpoint and
/// another generation, so nothing meant for the process before is ever taken for the one after.
/// </summary>
/// <param name="Host">A host name or address that the other processes can reach; an IPv6 address stands in square brackets.</param>
/// <param name="Port">1 to 65,535.</param>
/// <param name="Generation">Not negative and unique per start of a process; see <see cref="NewGeneration"/>.</param>
public sealed record SiloAddress(string Host, int Port, long Generation) : IComparable<SiloAddress>
{
    /// <summary>The longest host name that is taken, in characters.</summary>
    public const int MaxHostLength = 255;

    /// <summary>Host and port, without the generation.</summary>
    public string Endpoint => $"{Host}:{Port.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>63 random bits. Random, because a clock can stand still or go back between two starts.</summary>
    public static long NewGeneration()
    {
        Span<byte> bits = stackalloc byte[sizeof(long)];
        RandomNumberGenerator.Fill(bits);
        return BitConverter.ToInt64(bits) & long.MaxValue;
    }

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">The text has another form, or a number out of range.</exception>
    public static SiloAddress Parse(string text) =>
        TryParse(text) ?? throw new FormatException($"Not a silo's address, expected 'host:port@generation': {text}");

    /// <summary>Reads what <see cref="ToString"/> wrote; null if the text has another form, or a number out of range.</summary>
    public static SiloAddress? TryParse(string? text)
    {
        int at = text?.LastIndexOf('@') ?? -1;
        int colon = at > 0 ? text!.LastIndexOf(':', at - 1) : -1;
        if (colon is < 1 or > MaxHostLength) return null;
        bool isNumber = int.TryParse(text.AsSpan(colon + 1, at - colon - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port);
        isNumber &= long.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long generation);
        return isNumber && port is >= 1 and <= 65_535 ? new SiloAddress(text![..colon], port, generation) : null;
    }

    /// <summary>Whether both are starts of one silo.</summary>
    public bool HasEndpointOf(SiloAddress other) => Port == other.Port && Host == other.Host;

    /// <inheritdoc/>
    public int CompareTo(SiloAddress? other)
    {
        if (other is null) return 1;
        int byHost = string.CompareOrdinal(Host, other.Host);
        if (byHost != 0) return byHost;
        return Port != other.Port ? Port.CompareTo(other.Port) : Generation.CompareTo(other.Generation);
    }

    /// <summary>The address as <c>host:port@generation</c>.</summary>
    public override string ToString() => $"{Endpoint}@{Generation.ToString(CultureInfo.InvariantCulture)}";
}
