using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using EsoCore.Silo.Channels.Net;

namespace EsoCore.Silo.Channels.Ticket;

/// <summary>Tickets in a system of the project's own, by a request that it described.</summary>
internal sealed class TicketSender(HttpTargets http) : IChannelSender
{
    public string Kind => ChannelKinds.Ticket;

    public async Task<SendResult> Send(OutgoingMessage message, CancellationToken cancel)
    {
        using var request = RequestTemplate.Make(message, message.Text);
        return await http.Send(request, message, cancel);
    }
}
