using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EsoCore.Grains.Notifications;

/// <summary>Registers what notifiers need; the host registers an <see cref="IChannelSender"/> for each kind of channel beside it.</summary>
internal static class NotificationServices
{
    /// <summary>Adds the services of notifications and their options.</summary>
    public static IServiceCollection AddNotifications(this IServiceCollection services)
    {
        services.AddOptions<NotificationOptions>().BindConfiguration(NotificationOptions.Section).ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddSingleton<NotificationBooks>();
        services.AddSingleton<TemplateRenderer>();
        services.AddSingleton<ChannelSenders>();
        services.TryAddSingleton<IOnCall, NobodyOnCall>();
        services.TryAddSingleton<IDeviceFacts, GrainDeviceFacts>();
        services.AddSingleton<NotifierServices>();
        return services;
    }
}
