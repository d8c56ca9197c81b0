using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EsoCore.Tests.Support;

/// <summary>A mail as it came.</summary>
/// <param name="Raw">Headers and body, dots taken off.</param>
/// <param name="User">Who had logged in, or null.</param>
internal sealed record ReceivedMail(string From, ImmutableArray<string> To, string Raw, bool WasEncrypted, string? User)
{
    /// <summary>A header, unfolded, as it was sent.</summary>
    public string? Header(string name) => Raw[..Raw.IndexOf("\r\n\r\n", StringComparison.Ordinal)].Replace("\r\n ", " ").Split("\r\n")
        .Where(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(l => l[(name.Length + 1)..].Trim())
            .SingleOrDefault();

    /// <summary>The subject, decoded.</summary>
    public string Subject => string.Concat((Header("Subject") ?? "").Split(' ').Aggregate(new List<string>(), Decode));

    /// <summary>The text, decoded.</summary>
    public string Text
    {
        get
        {
            var body = Raw[(Raw.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
            return Header("Content-Transfer-Encoding") == "base64" ? Encoding.UTF8.GetString(Convert.FromBase64String(body)) : body;
        }
    }

    // Between two encoded words the blank does not count (RFC 2047, 6.2).
    private static List<string> Decode(List<string> words, string word)
    {
        const string Start = "=?utf-8?B?";
        if (word.StartsWith(Start, StringComparison.OrdinalIgnoreCase))
            words.Add(Encoding.UTF8.GetString(Convert.FromBase64String(word[Start.Length..^2])));
        else
            words.Add(words.Count == 0 ? word : " " + word);
        return words;
    }
}

/// <summary>
/// A real SMTP server at 127.0.0.1 (RFC 5321) with STARTTLS and AUTH PLAIN and LOGIN, which keeps what it is sent. Its certificate is
/// trusted by who sets <c>EsoCore:Notifications:TrustedCertificates</c> to <see cref="RootFile"/>.
/// </summary>
internal sealed class SmtpReceiver : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2 _certificate;
    private readonly Waiting<ReceivedMail> _mails = new();
    private readonly Task _accepting;

    private SmtpReceiver()
    {
        _certificate = MakeCertificate();
        RootFile = Path.GetTempFileName();
        File.WriteAllText(RootFile, _certificate.ExportCertificatePem());
        _listener.Start();
        _accepting = Accept();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Its certificate, for other servers at 127.0.0.1.</summary>
    public X509Certificate2 Certificate => _certificate;

    /// <summary>A PEM file with the certificate to trust.</summary>
    public string RootFile { get; }

    /// <summary>Whether it offers STARTTLS. Default true.</summary>
    public bool OffersTls { get; set; } = true;

    /// <summary>The login it demands, or null.</summary>
    public (string User, string Password)? Login { get; set; }

    /// <summary>The mechanisms of login it offers.</summary>
    public string Mechanisms { get; set; } = "PLAIN LOGIN";

    /// <summary>
    /// Answers a command instead of the server when it returns a text; asked with the line, or with <c>.</c> at a mail's end.
    /// </summary>
    public Func<string, string?> Answer { get; set; } = _ => null;

    /// <summary>What came so far, in order.</summary>
    public ImmutableArray<ReceivedMail> Mails => _mails.Items;

    public static SmtpReceiver Start() => new();

    /// <summary>Waits until so many came that fit, and gives these.</summary>
    public Task<ImmutableArray<ReceivedMail>> Until(int count, Func<ReceivedMail, bool>? fits = null) => _mails.Until(count, fits);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        File.Delete(RootFile);
        _certificate.Dispose();
        _stop.Dispose();
    }

    private async Task Accept()
    {
        var sessions = new List<Task>();
        try
        {
            while (true)
                sessions.Add(Serve(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(sessions);
        }
    }

    private async Task Serve(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using var session = new SmtpSession(this, client.GetStream(), _certificate, _stop.Token);
                await session.Run(_mails.Add);
            }
            catch (Exception error) when (error is IOException or AuthenticationException or OperationCanceledException
                or ObjectDisposedException)
            {
                // The client went away, which is its right.
            }
        }
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }
}

/// <summary>One client at an <see cref="SmtpReceiver"/>.</summary>
internal sealed class SmtpSession(SmtpReceiver server, Stream stream, X509Certificate2 certificate, CancellationToken stop)
    : IAsyncDisposable
{
    private Stream _stream = stream;
    private StreamReader _reader = new(stream, Encoding.ASCII);
    private bool _isEncrypted;
    private string? _user;
    private string? _from;
    private ImmutableArray<string> _to = [];

    public async Task Run(Action<ReceivedMail> take)
    {
        await Say("220 test.invalid ESMTP");
        while (await _reader.ReadLineAsync(stop) is { } line)
        {
            if (server.Answer(line) is { } answer)
                await Say(answer);
            else if (line.Equals("QUIT", StringComparison.OrdinalIgnoreCase))
            {
                await Say("221 bye");
                return;
            }
            else if (line.Equals("DATA", StringComparison.OrdinalIgnoreCase))
                await Data(take);
            else
                await Command(line);
        }
    }

    public async ValueTask DisposeAsync() => await _stream.DisposeAsync();

    private Task Command(string line) => line.Split(' ', ':')[0].ToUpperInvariant() switch
    {
        "EHLO" or "HELO" => Say(Hello()),
        "STARTTLS" when server.OffersTls && !_isEncrypted => Encrypt(),
        "AUTH" => LogIn(line.Split(' ')),
        "MAIL" => server.Login is not null && _user is null ? Say("530 5.7.0 authentication required") : Begin(Address(line)),
        "RCPT" when _from is not null => Add(Address(line)),
        "RSET" or "NOOP" => Say("250 ok"),
        _ => Say("503 bad sequence or unknown command"),
    };

    private string Hello() => string.Join("\r\n", new[]
    {
        "250-test.invalid",
        server.OffersTls && !_isEncrypted ? "250-STARTTLS" : null,
        server.Login is not null && (_isEncrypted || !server.OffersTls) ? $"250-AUTH {server.Mechanisms}" : null,
        "250 SIZE 1000000",
    }.OfType<string>());

    private async Task Encrypt()
    {
        await Say("220 go ahead");
        var encrypted = new SslStream(_stream);
        await encrypted.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, stop);
        (_stream, _reader, _isEncrypted) = (encrypted, new StreamReader(encrypted, Encoding.ASCII), true);
    }

    private async Task LogIn(string[] words)
    {
        string user, password;
        if (words[1].Equals("PLAIN", StringComparison.OrdinalIgnoreCase))
        {
            var parts = Decode(words.Length > 2 ? words[2] : await Ask("")).Split('\0');
            (user, password) = (parts[1], parts[2]);
        }
        else
        {
            user = Decode(words.Length > 2 ? words[2] : await Ask("VXNlcm5hbWU6"));
            password = Decode(await Ask("UGFzc3dvcmQ6"));
        }

        if (server.Login != (user, password))
        {
            await Say("535 5.7.8 wrong user or password");
            return;
        }

        _user = user;
        await Say("235 welcome");
    }

    private async Task<string> Ask(string question)
    {
        await Say($"334 {question}");
        return await _reader.ReadLineAsync(stop) ?? throw new IOException("gone");
    }

    private Task Begin(string from)
    {
        (_from, _to) = (from, []);
        return Say("250 ok");
    }

    private Task Add(string to)
    {
        _to = _to.Add(to);
        return Say("250 ok");
    }

    private async Task Data(Action<ReceivedMail> take)
    {
        if (_from is null || _to.IsEmpty)
        {
            await Say("503 no recipients");
            return;
        }

        await Say("354 end with a dot");
        var text = new StringBuilder();
        while (await _reader.ReadLineAsync(stop) is { } line && line != ".")
            text.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
        if (server.Answer(".") is { } answer)
        {
            await Say(answer);
            return;
        }

        take(new ReceivedMail(_from, _to, text.ToString(), _isEncrypted, _user));
        (_from, _to) = (null, []);
        await Say("250 2.0.0 queued");
    }

    private async Task Say(string lines)
    {
        await _stream.WriteAsync(Encoding.ASCII.GetBytes(lines + "\r\n"), stop);
        await _stream.FlushAsync(stop);
    }

    private static string Address(string line) => line[(line.IndexOf('<') + 1)..line.IndexOf('>')];

    private static string Decode(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));
}
