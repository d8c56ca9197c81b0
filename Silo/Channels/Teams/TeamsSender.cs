using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using EsoCore.Silo.Channels.Net;

namespace EsoCore.Silo.Channels.Teams;

/// <summary>A workflow webhook of Microsoft Teams, which takes an adaptive card; a message to a person mentions the address.</summary>
internal sealed class TeamsSender(HttpTargets http) : IChannelSender
{
    /// <summary>Bytes of a card's text as JSON; a whole message may be 28 KB.</summary>
    public const int MaxTextBytes = 20_000;

    /// <summary>The same of its subject.</summary>
    private const int MaxSubjectBytes = 3_000;

    /// <summary>What a card takes for formatting or a link. Texts come from devices, and are to read as they were written.</summary>
    private const string Markdown = @"\[]()*_`<>";

    // Without it each letter beyond ASCII takes six bytes. The body is sent as JSON and never stands in HTML.
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public string Kind => ChannelKinds.Teams;

    public async Task<SendResult> Send(OutgoingMessage message, CancellationToken cancel)
    {
        var body = new JsonObject
        {
            ["type"] = "message",
            ["attachments"] = new JsonArray(new JsonObject
            {
                ["contentType"] = "application/vnd.microsoft.card.adaptive",
                ["contentUrl"] = null,
                ["content"] = Card(message),
            }),
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, message.Access.Secrets.Url)
        {
            Content = new StringContent(body.ToJsonString(Json), Encoding.UTF8, "application/json"),
        };
        return await http.Send(request, message, cancel);
    }

    private static JsonObject Card(OutgoingMessage message)
    {
        var blocks = new JsonArray(
            Block(Plain(message.Subject, MaxSubjectBytes), ("weight", "Bolder"), ("size", "Medium"),
                ("color", message.Severity is "critical" or "high" ? "Attention" : "Default")),
            Block(Plain(message.Text, MaxTextBytes)));
        var card = new JsonObject
        {
            ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json",
            ["type"] = "AdaptiveCard",
            ["version"] = "1.4",
            ["body"] = blocks,
        };
        if (message.To.Length == 0)
            return card;
        var mention = $"<at>{message.To}</at>";
        blocks.Add(Block(mention));
        card["msteams"] = new JsonObject
        {
            ["entities"] = new JsonArray(new JsonObject
            {
                ["type"] = "mention",
                ["text"] = mention,
                ["mentioned"] = new JsonObject { ["id"] = message.To, ["name"] = message.To },
            }),
        };
        return card;
    }

    /// <summary>A text that shows as it is, cut to so many bytes of JSON.</summary>
    internal static string Plain(string text, int maxBytes)
    {
        const string More = "…";
        var (plain, bytes) = (new StringBuilder(), Encoding.UTF8.GetByteCount(More));
        foreach (var rune in text.EnumerateRunes())
        {
            var shown = rune.Value == '\n' ? "\n\n" // One line end is none to a card.
                : rune.IsAscii && Markdown.Contains((char)rune.Value) ? $@"\{rune}"
                : rune.ToString();
            bytes += JsonEncodedText.Encode(shown, Json.Encoder).EncodedUtf8Bytes.Length;
            if (bytes > maxBytes)
                return plain.Append(More).ToString();
            plain.Append(shown);
        }

        return plain.ToString();
    }

    private static JsonObject Block(string text, params (string Name, string Value)[] more)
    {
        var block = new JsonObject { ["type"] = "TextBlock", ["text"] = text, ["wrap"] = true };
        foreach (var (name, value) in more)
            block[name] = value;
        return block;
    }
}
