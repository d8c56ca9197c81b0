using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using EsoCore.Silo.Channels.Net;

namespace EsoCore.Silo.Channels.Sms;

/// <summary>Text messages through whatever HTTP gateway the project has, by a request that it described.</summary>
internal sealed class SmsSender(HttpTargets http) : IChannelSender
{
    /// <summary>Characters of a message: three parts at most, also with letters outside the phones' own alphabet.</summary>
    public const int MaxText = 200;

    public string Kind => ChannelKinds.Sms;

    public async Task<SendResult> Send(OutgoingMessage message, CancellationToken cancel)
    {
        if (message.To.Length == 0)
            return SendResult.Permanent("there is no number to send to");
        using var request = RequestTemplate.Make(message, Texts.Cut(message.Text, MaxText));
        return await http.Send(request, message, cancel);
    }
}
