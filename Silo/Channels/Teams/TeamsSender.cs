using System.Net.Http.Json;
using System.Text.Json.Nodes;
using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using EsoCore.Silo.Channels.Net;

namespace EsoCore.Silo.Channels.Teams;

/// <summary>A workflow webhook of Microsoft Teams, which takes an adaptive card; a message to a person mentions the address.</summary>
internal sealed class TeamsSender(HttpTargets http) : IChannelSender
{
    /// <summary>Characters of a card's text; a whole message may be 28 KB.</summary>
    private const int MaxText = 6_000;

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
        using var request = new HttpRequestMessage(HttpMethod.Post, message.Access.Secrets.Url) { Content = JsonContent.Create(body) };
        return await http.Send(request, message, cancel);
    }

    private static JsonObject Card(OutgoingMessage message)
    {
        var blocks = new JsonArray(
            Block(message.Subject, ("weight", "Bolder"), ("size", "Medium"),
                ("color", message.Severity is "critical" or "high" ? "Attention" : "Default")),
            Block(TemplateRenderer.Cut(message.Text, MaxText).Replace("\n", "\n\n"))); // One line end is none to a card.
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

    private static JsonObject Block(string text, params (string Name, string Value)[] more)
    {
        var block = new JsonObject { ["type"] = "TextBlock", ["text"] = text, ["wrap"] = true };
        foreach (var (name, value) in more)
            block[name] = value;
        return block;
    }
}
