using System.Globalization;
using System.Text;
using EsoCore.Grains.Notifications;

namespace EsoCore.Silo.Channels.Email;

/// <summary>
/// A message as RFC 5322 has it. Its id comes from the idempotency key, and nothing in it from the moment of sending, so each attempt sends
/// the same bytes. No header can be injected: addresses are bare ASCII, and a subject with anything but printable ASCII is encoded.
/// </summary>
internal static class MailText
{
    /// <summary>
    /// Bytes of an encoded word's text: with its frame and the header's name it stays within 76 characters (RFC 2047, 2).
    /// </summary>
    private const int WordBytes = 39;

    /// <summary>Whether an address can stand in an envelope and a header as it is.</summary>
    public static bool IsAddress(string address) =>
        address.Length is > 2 and <= 254 && address.IndexOf('@') > 0 && address.All(c => c is > ' ' and <= '~' and not ('<' or '>' or '"'));

    /// <summary>The whole message, with CRLF line ends.</summary>
    public static string Of(OutgoingMessage message, string from)
    {
        var text = new StringBuilder();
        Header(text, "From", from);
        Header(text, "To", message.To);
        Header(text, "Subject", Encode(message.Subject));
        Header(text, "Date", message.At.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture));
        Header(text, "Message-Id", $"<{message.Key:D}@{from[(from.LastIndexOf('@') + 1)..]}>");
        Header(text, "Auto-Submitted", "auto-generated"); // So that no absent person's robot answers (RFC 3834).
        Header(text, "MIME-Version", "1.0");
        Header(text, "Content-Type", "text/plain; charset=utf-8");
        Header(text, "Content-Transfer-Encoding", "base64");
        if (message.Severity == "critical")
            Header(text, "Importance", "high");
        text.Append("\r\n");
        text.Append(Convert.ToBase64String(Encoding.UTF8.GetBytes(message.Text), Base64FormattingOptions.InsertLineBreaks));
        return text.Append("\r\n").ToString();
    }

    /// <summary>A subject as it may stand in a header: printable ASCII as it is, all else as encoded words on lines of their own.</summary>
    public static string Encode(string subject)
    {
        if (subject.All(c => c is >= ' ' and <= '~') && !subject.Contains("=?", StringComparison.Ordinal))
            return subject;
        var words = new List<string>();
        var word = new List<byte>();
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in subject.EnumerateRunes()) // A word must hold whole characters.
        {
            var length = rune.EncodeToUtf8(utf8);
            if (word.Count + length > WordBytes)
            {
                words.Add(Word(word));
                word.Clear();
            }

            word.AddRange(utf8[..length]);
        }

        words.Add(Word(word));
        return string.Join("\r\n ", words);
    }

    private static string Word(List<byte> bytes) => $"=?utf-8?B?{Convert.ToBase64String([.. bytes])}?=";

    private static void Header(StringBuilder text, string name, string value) =>
        text.Append(name).Append(": ").Append(value).Append("\r\n");
}
