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

    /// <summary>The role of a process that does everything.</summary>
    public const string RoleAll = "all";

    /// <summary>The role of a process that holds grains; over HTTP it only tells how it is.</summary>
    public const string RoleSilo = "silo";

    /// <summary>The role of a front door: it holds no grains, and of the database needs the members and the history alone.</summary>
    public const string RoleApi = "api";

    /// <summary>
    /// What this process does: <see cref="RoleAll"/> (the default), <see cref="RoleSilo"/> or <see cref="RoleApi"/>; either alone needs
    /// <see cref="Postgres"/>, over which the processes find each other.
    /// </summary>
    public string Role { get; set; } = RoleAll;

    /// <summary>A PostgreSQL connection string; its database has been made ready by the migrate command. Default: the embedded storage.</summary>
    public string? Postgres { get; set; }

    /// <summary>A file that holds the connection string, for where options and variables can be seen by others. Default: none.</summary>
    public string? PostgresFile { get; set; }

    /// <summary>
    /// The file of the installation's master keys, the same for all its processes; made at the first start if this is not set. Default:
    /// <c>master.key</c> in <see cref="Data"/>.
    /// </summary>
    public string? MasterKeyFile { get; set; }

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

    /// <summary>Whether grains live in this process.</summary>
    public bool HoldsGrains => Role != RoleApi;

    /// <summary>Whether this process takes the calls of devices and people.</summary>
    public bool IsFrontDoor => Role != RoleSilo;

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
        if (Role is not (RoleAll or RoleSilo or RoleApi))
            faults.Add($"Role: '{Role}' is unknown; it must be all, silo or api.");
        else if (Role != RoleAll && string.IsNullOrEmpty(Postgres))
            faults.Add($"Role: '{Role}' needs --postgres: the processes find each other over the database.");
        if (Role != RoleAll && Demo)
            faults.Add("Demo: only a process with --role all runs a demo.");
        if (PostgresFile is not null && !File.Exists(PostgresFile))
            faults.Add($"PostgresFile: there is no file '{PostgresFile}'.");
        if (MasterKeyFile is not null && !File.Exists(MasterKeyFile))
            faults.Add($"MasterKeyFile: there is no file '{MasterKeyFile}'.");
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

    /// <summary>The options of a configuration, with the connection string from its file where one is named.</summary>
    public static SiloOptions Of(IConfiguration configuration)
    {
        var options = configuration.GetSection(Section).Get<SiloOptions>() ?? new SiloOptions();
        if (string.IsNullOrEmpty(options.Postgres) && File.Exists(options.PostgresFile))
            options.Postgres = File.ReadAllText(options.PostgresFile).Trim();
        return options;
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
