using System.Globalization;
using EsoCore.Wire;

namespace EsoCore.Device;

/// <summary>The command line of <c>simulate</c>.</summary>
internal sealed record SimulateArguments
{
    public const string Usage = """
        Simulated machines that upload to an EsoCore server.

        Usage: dotnet run -c Release --project Device -- simulate --url <address> [options]

          --url <address>             the server, for example http://127.0.0.1:8080
          --devices <1..10000>        how many devices (20); of each five, two doors, a CNC machine, a robot and a pump
          --rate <points per second>  of each device, its 8 or 9 series taking turns (10; above 0, at most 10000);
                                      windows of vibration statistics and events come on top
          --encoding <name>           identity, gzip, zstd or lz4 (gzip)
          --interval <time>           how often each device uploads (5s; at least 100ms)
          --duration <time>           how long to run; until Ctrl-C if left out
          --seed <number>             equal seeds give equal machines (1)
          --proof <name>              secret, signature or nonce: how requests are proven (secret)
          --project-key <id:secret>   the project that gets the devices; left out, the server is asked for a new
                                      project, which it gives when started with --demo
          --help                      this text

        A time is a number with ms, s, m, h or d, for example 500ms or 1.5h.
        Exit code: 0 done, 1 the server refused or does not answer, 2 wrong usage.
        """;

    public required Uri Url { get; init; }
    public int Devices { get; init; } = 20;
    public double Rate { get; init; } = 10;
    public ContentCoding Encoding { get; init; } = ContentCoding.Gzip;
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);
    public TimeSpan? Duration { get; init; }
    public int Seed { get; init; } = 1;
    public RequestProof Proof { get; init; } = RequestProof.Secret;
    public string? ProjectKey { get; init; }

    /// <summary>Reads what follows <c>simulate</c>. Every option takes a value, as the next word or behind an equals sign, and may stand there once.</summary>
    /// <returns>Null with all errors when anything is wrong.</returns>
    public static SimulateArguments? Parse(ReadOnlySpan<string> words, out IReadOnlyList<string> errors)
    {
        var found = new List<string>();
        errors = found;
        var given = new HashSet<string>(StringComparer.Ordinal);
        var parsed = new SimulateArguments { Url = new Uri("http://unset.invalid") };
        for (var i = 0; i < words.Length; i++)
        {
            var equals = words[i].IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? words[i] : words[i][..equals];
            if (!Readers.TryGetValue(name, out var read))
            {
                found.Add($"Unknown option: {name}");
                continue;
            }

            if (equals < 0 && i + 1 == words.Length)
            {
                found.Add($"{name} needs a value.");
                continue;
            }

            var value = equals < 0 ? words[++i] : words[i][(equals + 1)..];
            if (!given.Add(name))
                found.Add($"{name} is given twice.");
            else if (read(parsed, value) is { } next)
                parsed = next;
            else
                found.Add($"{name} does not take {value}");
        }

        if (!given.Contains("--url"))
            found.Add("--url is missing.");
        return found.Count == 0 ? parsed : null;
    }

    private static readonly Dictionary<string, Func<SimulateArguments, string, SimulateArguments?>> Readers = new(StringComparer.Ordinal)
    {
        ["--url"] = (a, v) => Uri.TryCreate(v, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? a with { Url = url! } : null,
        ["--devices"] = (a, v) => ReadInt(v) is >= 1 and <= FleetOptions.MaxDevices and var n ? a with { Devices = n } : null,
        ["--rate"] = (a, v) => ReadNumber(v) is > 0 and <= MachineOptions.MaxPointsPerSecond and var n ? a with { Rate = n } : null,
        ["--encoding"] = (a, v) => ContentCodec.TryParse(v, out var coding) && v.Length > 0 ? a with { Encoding = coding } : null,
        ["--interval"] = (a, v) => ReadTime(v) is { } t && t >= TimeSpan.FromMilliseconds(100) ? a with { Interval = t } : null,
        ["--duration"] = (a, v) => ReadTime(v) is { } t && t > TimeSpan.Zero ? a with { Duration = t } : null,
        ["--seed"] = (a, v) => ReadInt(v) is { } n ? a with { Seed = n } : null,
        ["--proof"] = (a, v) => v switch
        {
            "secret" => a with { Proof = RequestProof.Secret },
            "signature" => a with { Proof = RequestProof.Signature },
            "nonce" => a with { Proof = RequestProof.SignatureWithNonce },
            _ => null,
        },
        ["--project-key"] = (a, v) => v.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && colon < v.Length - 1 ? a with { ProjectKey = v } : null,
    };

    private static int? ReadInt(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? n : null;

    private static double? ReadNumber(string text) => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var n) ? n : null;

    private static TimeSpan? ReadTime(string text)
    {
        var digits = text.AsSpan().TrimEnd("mshd");
        double? milliseconds = text[digits.Length..] switch
        {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => null,
        };
        // A timer takes no more than 49 days; a simulation that long is a mistake.
        return ReadNumber(digits.ToString()) * milliseconds is { } total && total <= TimeSpan.FromDays(49).TotalMilliseconds ? TimeSpan.FromMilliseconds(total) : null;
    }
}
