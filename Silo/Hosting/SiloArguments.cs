namespace EsoCore.Silo.Hosting;

/// <summary>The command line, read into configuration keys.</summary>
/// <param name="Settings">What was given, by configuration key.</param>
/// <param name="Command">The command that is to run instead of the server, one of <see cref="Commands"/>; null to serve.</param>
/// <param name="Help">Whether the usage was asked for.</param>
/// <param name="Faults">What cannot be understood, one sentence each.</param>
/// <param name="Operand">What the command is about, where it takes a word for it and was given one.</param>
internal sealed record SiloArguments(
    IReadOnlyDictionary<string, string?> Settings, string? Command, bool Help, IReadOnlyList<string> Faults, string? Operand = null)
{
    public const string Usage =
        """
        usage: EsoCore.Silo [options]                           serve
               EsoCore.Silo migrate --postgres <connection>     make the database's schema, or bring it up to date
               EsoCore.Silo operator-key [--data <directory>]   print the user and password for /api/installation
               EsoCore.Silo engine [builtin|orleans]            tell or change which engine serves the data

          --urls <addresses>           where to listen; default http://127.0.0.1:8080
          --data <directory>           embedded database and master key; default ./data
          --cert <file> --key <file>   serve HTTPS with this certificate and key (PEM); read again when they change
          --trusted-proxies <cidr,..>  proxies whose X-Forwarded-For and -Proto are believed
          --demo                       a demo project with devices that upload by themselves; enables POST /v1/seed
          --demo-open                  let a demo listen beyond loopback
          --role all|silo|api          what this process does: everything (default), hold grains, or be a front door
          --postgres <connection>      store in PostgreSQL 15 or later instead of ./data, e.g. "Host=db;Username=esocore;Database=esocore"
          --cluster <address[:port]>   where this silo listens for the others; default: the address from which it reaches the database
          --help                       show this

        Each is also configuration EsoCore:<Name> and environment ESOCORE__<NAME>, e.g. ESOCORE__URLS.
        Plain HTTP listens on loopback only, unless a trusted proxy stands before it.
        """;

    /// <summary>Makes the schema of a PostgreSQL database, or brings it up to date.</summary>
    public const string MigrateCommand = "migrate";

    /// <summary>Prints the operator's user and password.</summary>
    public const string OperatorKeyCommand = "operator-key";

    /// <summary>Tells which engine serves the data; with its name after it, makes another one the one.</summary>
    public const string EngineCommand = "engine";

    /// <summary>What can stand first instead of an option.</summary>
    public static readonly IReadOnlyList<string> Commands = [MigrateCommand, OperatorKeyCommand, EngineCommand];

    private static readonly Dictionary<string, string> Valued = new()
    {
        ["--urls"] = nameof(SiloOptions.Urls),
        ["--data"] = nameof(SiloOptions.Data),
        ["--role"] = nameof(SiloOptions.Role),
        ["--postgres"] = nameof(SiloOptions.Postgres),
        ["--cluster"] = "Cluster:" + nameof(ClusterSettings.Listen),
        ["--cert"] = nameof(SiloOptions.Cert),
        ["--key"] = nameof(SiloOptions.Key),
        ["--trusted-proxies"] = nameof(SiloOptions.TrustedProxies),
    };

    private static readonly Dictionary<string, string> Flags = new()
    {
        ["--demo"] = nameof(SiloOptions.Demo),
        ["--demo-open"] = nameof(SiloOptions.DemoOpen),
    };

    /// <summary>Reads <c>--name value</c>, <c>--name=value</c> and flags; the last of a name counts.</summary>
    public static SiloArguments Parse(IReadOnlyList<string> args)
    {
        var settings = new Dictionary<string, string?>();
        var faults = new List<string>();
        var help = false;
        var command = args is [var first, ..] && Commands.Contains(first) ? first : null;
        var operand = command == EngineCommand && args is [_, var word, ..] && !word.StartsWith('-') ? word : null;
        for (var i = operand is not null ? 2 : command is not null ? 1 : 0; i < args.Count; i++)
        {
            var equals = args[i].IndexOf('=');
            var name = equals < 0 ? args[i] : args[i][..equals];
            if (name is "--help" or "-h")
                help = true;
            else if (Flags.TryGetValue(name, out var flag) && equals < 0)
                settings[Key(flag)] = bool.TrueString;
            else if (!Valued.TryGetValue(name, out var property))
                faults.Add($"Unknown option '{args[i]}'.");
            else if (equals >= 0)
                settings[Key(property)] = args[i][(equals + 1)..];
            else if (i + 1 < args.Count && !args[i + 1].StartsWith("--", StringComparison.Ordinal))
                settings[Key(property)] = args[++i];
            else
                faults.Add($"Option '{name}' needs a value.");
        }

        return new SiloArguments(settings, command, help, faults, operand);
    }

    /// <summary>What a command goes by: the command line over the environment.</summary>
    public IConfiguration Configuration() =>
        new ConfigurationBuilder().AddEnvironmentVariables().AddInMemoryCollection(Settings).Build();

    private static string Key(string property) => $"{SiloOptions.Section}:{property}";
}
