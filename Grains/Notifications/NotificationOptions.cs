using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace EsoCore.Grains.Notifications;

/// <summary>How notices become messages, and how hard a message is tried.</summary>
public sealed class NotificationOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "EsoCore:Notifications";

    /// <summary>How long a critical notice waits for others of its group. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan CriticalWait { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the first of other notices waits for more of its group. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan GroupWait { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>For how long after a message later notices of its group, other than critical ones, are gathered. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan GroupInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The wait after a message's first failure; it doubles with each further one, ±25 %. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait between two attempts, also when the target asks for more. Default 15 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxRetry { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Attempts before a message is dead. Default 200: with the other defaults <see cref="MaxAge"/> comes first.</summary>
    [Range(1, 10_000)]
    public int MaxAttempts { get; set; } = 200;

    /// <summary>How old a message may get before it is dead. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long one attempt may take. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Messages of one recipient through one channel on their way at one time, so that a channel that hangs keeps no other waiting.
    /// Default 4.
    /// </summary>
    [Range(1, 64)]
    public int MaxInFlight { get; set; } = 4;

    /// <summary>
    /// Networks, such as <c>10.1.0.0/16</c>, that targets set by projects may lie in although they are private, loopback or the like, and
    /// that may be spoken to without TLS. Default none.
    /// </summary>
    public IList<string> AllowedNetworks { get; set; } = [];

    /// <summary>A file with further root certificates (PEM) that targets may be known by, or null; read at the start.</summary>
    public string? TrustedCertificates { get; set; }

    /// <summary>The installation's own mail server, for people of projects that have no mail channel of their own.</summary>
    [ValidateObjectMembers]
    public SmtpOptions Smtp { get; set; } = new();
}

/// <summary>The installation's own mail server.</summary>
public sealed class SmtpOptions
{
    /// <summary>Characters of a password.</summary>
    public const int MaxPassword = 1_024;

    /// <summary>Its name; null: there is none.</summary>
    public string? Host { get; set; }

    /// <summary>1 to 65,535. Default 587.</summary>
    [Range(1, 65_535)]
    public int Port { get; set; } = 587;

    /// <summary><c>starttls</c> (default; refused without), <c>tls</c> from the first byte, or <c>none</c>.</summary>
    public string Security { get; set; } = "starttls";

    /// <summary>The login, or null for none.</summary>
    public string? User { get; set; }

    /// <summary>Its password.</summary>
    public string? Password { get; set; }

    /// <summary>A file that holds the password and nothing else, in place of <see cref="Password"/>; read at the start.</summary>
    public string? PasswordFile { get; set; }

    /// <summary>The sender's address.</summary>
    public string From { get; set; } = "esocore@localhost";
}
