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
            .Validate(options => options.Smtp.Security is "starttls" or "tls" or "none",
                $"{NotificationOptions.Section}:Smtp:Security must be starttls, tls or none.")
            .Validate(options => options.Smtp.Host is null or "" || RecipientValidator.IsEmail(options.Smtp.From),
                $"{NotificationOptions.Section}:Smtp:From must be a mail address.")
            .ValidateOnStart();
        services.AddSingleton<NotificationBooks>();
        services.AddSingleton<ReferenceCheck>();
        services.AddSingleton<TemplateRenderer>();
        services.AddSingleton<ChannelSenders>();
        services.TryAddSingleton<IOnCall, GrainOnCall>();
        services.TryAddSingleton<IDeviceFacts, GrainDeviceFacts>();
        services.AddSingleton<NotifierServices>();
        return services;
    }
}
