using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EsoCore.Grains.Notifications;

/// <summary>What all notifiers of a silo share.</summary>
internal sealed class NotifierServices(
    IWorkStore store,
    NotificationBooks books,
    IOnCall onCall,
    IDeviceFacts devices,
    ChannelSenders senders,
    TemplateRenderer renderer,
    IOptions<NotificationOptions> options,
    TimeProvider time,
    ILogger<NotifierGrain> log)
{
    internal IWorkStore Store { get; } = store;

    internal NotificationBooks Books { get; } = books;

    internal IOnCall OnCall { get; } = onCall;

    internal IDeviceFacts Devices { get; } = devices;

    internal ChannelSenders Senders { get; } = senders;

    internal NotifierPipeline Pipeline { get; } = new(renderer);

    internal NotificationOptions Options { get; } = options.Value;

    internal TimeProvider Time { get; } = time;

    internal ILogger Log { get; } = log;
}
