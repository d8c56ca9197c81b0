using System.Net.Http.Json;
using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using EsoCore.Silo.Channels.Net;

namespace EsoCore.Silo.Channels.Slack;

/// <summary>An incoming webhook of Slack; a message to a person mentions the member.</summary>
internal sealed class SlackSender(HttpTargets http) : IChannelSender
{
    public string Kind => ChannelKinds.Slack;

    public async Task<SendResult> Send(OutgoingMessage message, CancellationToken cancel)
    {
        var mention = message.To.Length == 0 ? "" : $"<@{message.To}> ";
        using var request = new HttpRequestMessage(HttpMethod.Post, message.Access.Secrets.Url)
        {
            Content = JsonContent.Create(new { text = $"{mention}*{Escape(message.Subject)}*\n{Escape(message.Text)}" }),
        };
        return await http.Send(request, message, cancel);
    }

    /// <summary>Slack's three special characters; what looks like a mention or a link in an event's text is then none.</summary>
    private static string Escape(string text) => text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");
}
