using Microsoft.Extensions.Options;

namespace EsoCore.Runtime.Clustering;

/// <summary>The message formats that this program speaks; see <see cref="ProgramInfo"/>.</summary>
internal static class ClusterFormat
{
    public const int Lowest = 1;
    public const int Highest = 1;
}

/// <summary>How a process takes part in a cluster. Checked when it starts; every fault is named.</summary>
public sealed class ClusterOptions
{
    /// <summary>The fewest bytes of a secret.</summary>
    public const int MinSecretBytes = 16;

    /// <summary>What the cluster is called; processes of another one are refused. Default <c>esocore</c>; 1 to 64 characters.</summary>
    public string ClusterId { get; set; } = "esocore";

    /// <summary>What members prove to know before anything else is read from them. At least 16 bytes; there is no default.</summary>
    public ReadOnlyMemory<byte> Secret { get; set; }

    /// <summary>
    /// A second secret that is as good, while one takes the place of the other: processes that have one of the two in common, in whatever
    /// order, know each other. At least 16 bytes; empty, the default, for none.
    /// </summary>
    public ReadOnlyMemory<byte> OtherSecret { get; set; }

    /// <summary>
    /// Whether this process holds no grains: it calls those of the silos, listens to nobody and is no member. Default false.
    /// </summary>
    public bool IsClient { get; set; }

    /// <summary>The address to listen on, or a name of it. Default <c>127.0.0.1</c>. Clients ignore it.</summary>
    public string ListenAddress { get; set; } = "127.0.0.1";

    /// <summary>The port to listen on; 0, the default, takes a free one. At most 65,535. Clients ignore it.</summary>
    public int ListenPort { get; set; }

    /// <summary>
    /// The name or address that the others reach this silo under; at most 255 characters. Default: <see cref="ListenAddress"/>, which must
    /// then be an address that they can reach.
    /// </summary>
    public string? AdvertisedHost { get; set; }

    /// <summary>The port that the others reach this silo under; 0, the default: the one that it listens on. At most 65,535.</summary>
    public int AdvertisedPort { get; set; }

    /// <summary>The version of the program, for people; at most 64 characters.</summary>
    public string ProgramVersion { get; set; } = "";

    /// <summary>This process's certificate, as PEM. With it TLS is required of everyone; it needs the two files below.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The key of the certificate, as PEM.</summary>
    public string? CertificateKeyFile { get; set; }

    /// <summary>The certificates of the authority that issues those of the members, as PEM.</summary>
    public string? AuthorityFile { get; set; }

    /// <summary>
    /// Bytes that may wait on one connection to be written; a call beyond gets a <see cref="LimitExceededException"/> at once. A message
    /// that is larger by itself is sent when nothing else waits. Default 64 MiB; 64 KiB to 512 MiB.
    /// </summary>
    public long MaxQueuedBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// Calls that may wait for the answer of one silo; a further one gets a <see cref="LimitExceededException"/> at once. Default 100,000;
    /// 1 to 1,000,000.
    /// </summary>
    public int MaxPendingCalls { get; set; } = 100_000;

    /// <summary>How long connecting to a silo may take. Default 2 s; 100 ms to 1 minute.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a connection may take to prove who it is. Default 5 s; 100 ms to 1 minute.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The longest pause between attempts to connect; the first is a sixteenth of it, and each doubles. Calls in a pause fail at once.
    /// Default 1 s; 10 ms to 1 minute.
    /// </summary>
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a start waits to become a member; give it well more than <see cref="MembershipOptions.EvictAfter"/>, since a silo that
    /// reaches none of the active ones waits so long for them to be silent. Default 30 s; 1 s to 10 minutes.
    /// </summary>
    public TimeSpan JoinTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How members watch each other.</summary>
    public MembershipOptions Membership { get; set; } = new();

    /// <summary>The message formats that this process speaks: the program's. Tests of upgrades play older and newer ones.</summary>
    internal (int Lowest, int Highest) Formats { get; set; } = (ClusterFormat.Lowest, ClusterFormat.Highest);

    /// <summary>
    /// How long the table may take to note that this silo leaves, and the others to take the last answers. 5 s; tests that hold a planned
    /// stop to failing no call wait longer, or a machine that pauses would fail them.
    /// </summary>
    internal TimeSpan LeavePatience { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a call of a process that knows newer members waits for them to be read here; then it is routed by what is known: the table
    /// may be away. 1 s; longer in tests as above.
    /// </summary>
    internal TimeSpan MaxParked { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long bytes may stay unconfirmed, on Linux; also those for which the other side has no room, because it stands still.
    /// 8 s; longer in tests as above.
    /// </summary>
    internal TimeSpan MaxUnconfirmed { get; set; } = TimeSpan.FromMilliseconds(TcpSiloTransport.MaxUnconfirmedMs);
}

/// <summary>Holds the documented bounds of <see cref="ClusterOptions"/>.</summary>
internal sealed class ClusterOptionsValidator : IValidateOptions<ClusterOptions>
{
    private const int MaxNameLength = 64;
    private static readonly TimeSpan s_tenth = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    public ValidateOptionsResult Validate(string? name, ClusterOptions options)
    {
        List<string> errors = [];
        Check(options.ClusterId is { Length: >= 1 and <= MaxNameLength }, nameof(options.ClusterId), "1 to 64 characters");
        Check(options.Secret.Length >= ClusterOptions.MinSecretBytes, nameof(options.Secret), "at least 16 bytes");
        Check(
            options.OtherSecret.IsEmpty || options.OtherSecret.Length >= ClusterOptions.MinSecretBytes,
            nameof(options.OtherSecret),
            "empty or at least 16 bytes");
        Check(
            options.ProgramVersion is { Length: <= ProgramInfo.MaxVersionLength },
            nameof(options.ProgramVersion),
            "at most 64 characters");
        Check(
            options.AdvertisedHost is null or { Length: >= 1 and <= SiloAddress.MaxHostLength },
            nameof(options.AdvertisedHost),
            "1 to 255 characters");
        Check(
            options.ListenAddress is { Length: >= 1 and <= SiloAddress.MaxHostLength },
            nameof(options.ListenAddress),
            "1 to 255 characters");
        Check(options.ListenPort is >= 0 and <= 65_535, nameof(options.ListenPort), "0 to 65,535");
        Check(options.AdvertisedPort is >= 0 and <= 65_535, nameof(options.AdvertisedPort), "0 to 65,535");
        Check(options.MaxQueuedBytes is >= 64 * 1024 and <= 512 * 1024 * 1024, nameof(options.MaxQueuedBytes), "64 KiB to 512 MiB");
        Check(options.MaxPendingCalls is >= 1 and <= 1_000_000, nameof(options.MaxPendingCalls), "1 to 1,000,000");
        Between(options.ConnectTimeout, s_tenth, s_minute, nameof(options.ConnectTimeout));
        Between(options.HandshakeTimeout, s_tenth, s_minute, nameof(options.HandshakeTimeout));
        Between(options.MaxBackoff, TimeSpan.FromMilliseconds(10), s_minute, nameof(options.MaxBackoff));
        Between(options.JoinTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10), nameof(options.JoinTimeout));
        int files = new[] { options.CertificateFile, options.CertificateKeyFile, options.AuthorityFile }.Count(file => file is not null);
        Check(
            files is 0 or 3,
            nameof(options.CertificateFile),
            "given together with CertificateKeyFile and AuthorityFile, or none of them");
        if (new MembershipOptionsValidator().Validate(name, options.Membership) is { Failed: true } failed)
            errors.AddRange(failed.Failures);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Check(bool holds, string property, string bound)
        {
            if (!holds) errors.Add($"{nameof(ClusterOptions)}.{property} must be {bound}.");
        }

        void Between(TimeSpan value, TimeSpan least, TimeSpan most, string property) =>
            Check(value >= least && value <= most, property, $"between {least} and {most}; it is {value}");
    }
}
