using System.Net;
using EsoCore.Silo.Storage.PostgreSql;

namespace EsoCore.Silo.Hosting;

/// <summary>How this process is set up: configuration section <see cref="Section"/>, environment <c>ESOCORE__...</c> or the command line, the last winning.</summary>
public sealed class SiloOptions
{
    /// <summary>Where these stand in the configuration.</summary>
    public const string Section = "EsoCore";

    /// <summary>The address when none is given; <c>https</c> instead of <c>http</c> with a certificate.</summary>
    public const string DefaultAddress = "127.0.0.1:8080";

    /// <summary>Addresses to listen on, separated by commas or semicolons. Default <c>http://127.0.0.1:8080</c>.</summary>
    public string? Urls { get; set; }

    /// <summary>The directory of the embedded database and the master key; made at the first start. Default <c>./data</c>.</summary>
    public string Data { get; set; } = "./data";

    /// <summary>What this process does: <c>all</c>. (<c>silo</c> and <c>api</c> alone need the cluster, which is not in this version.)</summary>
    public string Role { get; set; } = "all";

    /// <summary>A PostgreSQL connection string; its database has been made ready by the migrate command. Default: the embedded storage.</summary>
    public string? Postgres { get; set; }

    /// <summary>The server's certificate (PEM, with its chain). Read again when the file changes.</summary>
    public string? Cert { get; set; }

    /// <summary>The certificate's private key (PEM).</summary>
    public string? Key { get; set; }

    /// <summary>Proxies whose forwarded headers are believed: addresses or CIDR ranges, separated by commas.</summary>
    public string? TrustedProxies { get; set; }

    /// <summary>Enables <c>POST /v1/seed</c>, makes a demo project and keeps simulated devices uploading. Default off.</summary>
    public bool Demo { get; set; }

    /// <summary>Lets a demo listen beyond loopback. Default off: anyone who reaches a demo can make projects in it.</summary>
    public bool DemoOpen { get; set; }

    /// <summary>The addresses to listen on.</summary>
    public IReadOnlyList<string> Addresses => string.IsNullOrWhiteSpace(Urls)
        ? [(Cert is null ? "http://" : "https://") + DefaultAddress]
        : Urls.Split([',', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The trusted proxies' networks; of a faulty list, what can be read.</summary>
    public IReadOnlyList<IPNetwork> ProxyNetworks =>
        [.. SplitProxies().Select(ParseNetwork).OfType<IPNetwork>()];

    /// <summary>Everything that is wrong with these options, one sentence each; empty when nothing is.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        if (Role is "silo" or "api")
            faults.Add($"Role: '{Role}' alone is not in this version; leave it out, or say --role all.");
        else if (Role != "all")
            faults.Add($"Role: '{Role}' is unknown; it must be all, silo or api.");
        if (!string.IsNullOrEmpty(Postgres) && PostgresStorageOptionsValidator.ConnectionFault(Postgres) is { } fault)
            faults.Add($"Postgres: {fault}");
        if (string.IsNullOrWhiteSpace(Data))
            faults.Add("Data: must name a directory.");
        if (Cert is null != Key is null)
            faults.Add("Cert and Key: give both or neither.");
        foreach (var file in new[] { Cert, Key }.OfType<string>().Where(file => !File.Exists(file)))
            faults.Add($"Cert and Key: there is no file '{file}'.");
        faults.AddRange(SplitProxies().Where(text => ParseNetwork(text) is null).Select(text => $"TrustedProxies: '{text}' is neither an address nor a CIDR range."));
        foreach (var address in Addresses)
            faults.AddRange(AddressFaults(address));
        return faults;
    }

    /// <summary>Whether only this machine can reach an address.</summary>
    internal static bool IsLoopback(BindingAddress address) =>
        address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));

    internal static BindingAddress? ParseAddress(string text)
    {
        try
        {
            var address = BindingAddress.Parse(text);
            return address.Scheme is "http" or "https" && address.PathBase.Length == 0 && !address.IsUnixPipe && !address.IsNamedPipe ? address : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private IEnumerable<string> AddressFaults(string text)
    {
        if (ParseAddress(text) is not { } address)
        {
            yield return $"Urls: '{text}' is not an address like http://127.0.0.1:8080.";
            yield break;
        }

        if (address.Scheme == "https" && Cert is null)
            yield return $"Urls: '{text}' needs --cert and --key.";
        if (IsLoopback(address))
            yield break;
        if (address.Scheme == "http" && SplitProxies().Length == 0)
        {
            yield return $"Urls: '{text}' would take secrets over plain HTTP from other machines. Use https:// with --cert and --key, "
                + "name the proxy that ends TLS with --trusted-proxies, or listen on 127.0.0.1.";
        }

        if (Demo && !DemoOpen)
            yield return $"Urls: '{text}' lets other machines reach a demo, in which anyone can make projects. Listen on 127.0.0.1, or add --demo-open.";
    }

    private string[] SplitProxies() =>
        (TrustedProxies ?? "").Split([',', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static IPNetwork? ParseNetwork(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;
}
