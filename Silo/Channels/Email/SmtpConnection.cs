using System.Net.Security;
using System.Text;
using EsoCore.Silo.Channels.Net;

namespace EsoCore.Silo.Channels.Email;

/// <summary>The mail server said no.</summary>
/// <param name="isLasting">Whether it will say so again (5xx).</param>
/// <param name="isOfChannel">Whether it refused login, sender or right rather than this one message.</param>
internal sealed class SmtpRefusedException(string message, bool isLasting, bool isOfChannel) : IOException(message)
{
    public bool IsLasting { get; } = isLasting;

    public bool IsOfChannel { get; } = isOfChannel;
}

/// <summary>
/// The client's side of SMTP (RFC 5321, 3207, 4954) over a connection that was made before. The framework's SmtpClient resolves and
/// connects
/// by itself, so the address it connects to cannot be checked; it does not tell which code refused what either.
/// </summary>
internal sealed class SmtpConnection(Stream stream, SslClientAuthenticationOptions tls, ToldText told) : IAsyncDisposable
{
    /// <summary>Bytes of a line of an answer.</summary>
    private const int MaxLine = 2_048;

    /// <summary>Lines of an answer.</summary>
    private const int MaxLines = 64;

    /// <summary>The recipient lives elsewhere, and the server sees to it.</summary>
    private const int Forwards = 251;

    private static readonly TimeSpan GoodbyePatience = TimeSpan.FromSeconds(1);

    private readonly byte[] _buffer = new byte[MaxLine];
    private Stream _stream = stream;
    private int _from;
    private int _to;
    private ISet<string> _offers = new HashSet<string>();

    /// <summary>Greets, with TLS as asked for.</summary>
    /// <param name="security">starttls, tls or none.</param>
    public async Task Open(string security, CancellationToken cancel)
    {
        if (security == "tls")
            await Encrypt(cancel);
        await Expect("connecting", 220, isOfChannel: false, cancel);
        await Hello(cancel);
        if (security != "starttls")
            return;
        if (!_offers.Contains("STARTTLS"))
            throw new SmtpRefusedException("the mail server offers no STARTTLS, and the channel demands it", isLasting: true,
                isOfChannel: true);
        await Command("STARTTLS", "STARTTLS", 220, isOfChannel: false, cancel);
        if (_from < _to)
            throw new IOException("the mail server spoke before TLS began"); // Somebody in between may have put it there.
        await Encrypt(cancel);
        await Hello(cancel);
    }

    /// <summary>Logs in, by PLAIN or LOGIN.</summary>
    public async Task LogIn(string user, string password, CancellationToken cancel)
    {
        if (_offers.Contains("AUTH PLAIN"))
        {
            await Command($"AUTH PLAIN {Base64($"\0{user}\0{password}")}", "login", 235, isOfChannel: true, cancel);
            return;
        }

        if (!_offers.Contains("AUTH LOGIN"))
            throw new SmtpRefusedException("the mail server offers no login by PLAIN or LOGIN", isLasting: true, isOfChannel: true);
        await Command("AUTH LOGIN", "login", 334, isOfChannel: true, cancel);
        await Command(Base64(user), "login", 334, isOfChannel: true, cancel);
        await Command(Base64(password), "login", 235, isOfChannel: true, cancel);
    }

    /// <summary>Hands one message over; what the server said last.</summary>
    /// <param name="text">With CRLF line ends.</param>
    public async Task<string> Deliver(string from, string to, string text, CancellationToken cancel)
    {
        await Command($"MAIL FROM:<{from}>", "MAIL FROM", 250, isOfChannel: true, cancel);
        await Send($"RCPT TO:<{to}>", cancel);
        var (code, lines) = await Read(cancel);
        if (code is not (250 or Forwards))
            throw Refused("RCPT TO", code, lines, isOfChannel: false);
        await Command("DATA", "DATA", 354, isOfChannel: false, cancel);
        // A line that begins with a dot gets a second one (RFC 5321, 4.5.2).
        var stuffed = (text.StartsWith('.') ? "." : "") + text.Replace("\r\n.", "\r\n..");
        return await Command($"{stuffed}.", "message", 250, isOfChannel: false, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(GoodbyePatience);
            await _stream.WriteAsync("QUIT\r\n"u8.ToArray(), patience.Token);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The message is through or not; a goodbye changes nothing.
        }
        finally
        {
            await _stream.DisposeAsync();
        }
    }

    private async Task Encrypt(CancellationToken cancel)
    {
        var encrypted = new SslStream(_stream);
        _stream = encrypted;
        await encrypted.AuthenticateAsClientAsync(tls, cancel);
    }

    private async Task Hello(CancellationToken cancel)
    {
        await Send("EHLO [127.0.0.1]", cancel); // A name of this machine would tell more than is needed, and most have none.
        var (code, lines) = await Read(cancel);
        if (code != 250)
            throw Refused("EHLO", code, lines, isOfChannel: false);
        _offers = lines.Skip(1).SelectMany(Offers).ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    private static IEnumerable<string> Offers(string line)
    {
        var words = line.Split([' ', '='], StringSplitOptions.RemoveEmptyEntries); // Old servers write AUTH=LOGIN.
        if (words.Length == 0)
            return [];
        return words[0].Equals("AUTH", StringComparison.OrdinalIgnoreCase) ? words.Skip(1).Select(w => $"AUTH {w}") : [words[0]];
    }

    private async Task<string> Command(string line, string what, int expected, bool isOfChannel, CancellationToken cancel)
    {
        await Send(line, cancel);
        return await Expect(what, expected, isOfChannel, cancel);
    }

    private async Task<string> Expect(string what, int expected, bool isOfChannel, CancellationToken cancel)
    {
        var (code, lines) = await Read(cancel);
        return code == expected ? Told(code, lines) : throw Refused(what, code, lines, isOfChannel);
    }

    private SmtpRefusedException Refused(string what, int code, List<string> lines, bool isOfChannel) =>
        new($"{what}: {Told(code, lines)}", isLasting: code is >= 500 and < 600, isOfChannel && code is >= 500 and < 600);

    private string Told(int code, List<string> lines) => told.Of($"{code} {string.Join(' ', lines)}");

    private async Task Send(string line, CancellationToken cancel)
    {
        await _stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), cancel);
        await _stream.FlushAsync(cancel);
    }

    private async Task<(int Code, List<string> Lines)> Read(CancellationToken cancel)
    {
        var lines = new List<string>();
        while (lines.Count < MaxLines)
        {
            var line = await ReadLine(cancel);
            if (line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), out var code))
                throw new IOException("the mail server speaks no SMTP");
            lines.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length == 3 || line[3] != '-')
                return (code, lines);
        }

        throw new IOException($"the mail server answers with more than {MaxLines} lines");
    }

    private async Task<string> ReadLine(CancellationToken cancel)
    {
        while (true)
        {
            var end = _buffer.AsSpan(_from, _to - _from).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = Encoding.UTF8.GetString(_buffer, _from, end).TrimEnd('\r');
                _from += end + 1;
                return line;
            }

            if (_from > 0)
            {
                _buffer.AsSpan(_from, _to - _from).CopyTo(_buffer);
                (_from, _to) = (0, _to - _from);
            }

            if (_to == _buffer.Length)
                throw new IOException($"the mail server answers with a line of more than {MaxLine} bytes");
            var read = await _stream.ReadAsync(_buffer.AsMemory(_to), cancel);
            if (read == 0)
                throw new IOException("the mail server hung up");
            _to += read;
        }
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
