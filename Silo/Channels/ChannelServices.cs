using System.Net;
using EsoCore.Grains.Notifications;
using EsoCore.Silo.Channels.Email;
using EsoCore.Silo.Channels.Net;
using EsoCore.Silo.Channels.Slack;
using EsoCore.Silo.Channels.Sms;
using EsoCore.Silo.Channels.Teams;
using EsoCore.Silo.Channels.Ticket;
using EsoCore.Silo.Channels.Webhook;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace EsoCore.Silo.Channels;

/// <summary>Registers the ways out of the installation: one line a kind.</summary>
internal static class ChannelServices
{
    public static IServiceCollection AddChannels(this IServiceCollection services)
    {
        services.AddSingleton<IChannelSender, EmailSender>();
        services.AddSingleton<IChannelSender, SmsSender>();
        services.AddSingleton<IChannelSender, SlackSender>();
        services.AddSingleton<IChannelSender, TeamsSender>();
        services.AddSingleton<IChannelSender, WebhookSender>();
        services.AddSingleton<IChannelSender, TicketSender>();

        services.AddOptions<NotificationOptions>().Validate(
            options => options.AllowedNetworks.All(network => IPNetwork.TryParse(network, out _)),
            $"{NotificationOptions.Section}:AllowedNetworks must be networks such as 10.1.0.0/16.");
        services.AddSingleton<IPostConfigureOptions<NotificationOptions>, NotificationFiles>();
        services.AddSingleton<IValidateOptions<NotificationOptions>, NotificationFiles>();
        services.TryAddSingleton<IHostResolver, SystemResolver>();
        services.AddSingleton<AddressGuard>();
        services.AddSingleton<TrustedRoots>();
        services.AddSingleton<GuardedConnector>();
        services.AddSingleton<HttpTargets>();
        return services;
    }
}
