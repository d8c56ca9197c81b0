using System.Collections.Immutable;
using EsoCore.Feed;
using EsoCore.Grains.Incidents;
using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using EsoCore.Silo.Channels;
using EsoCore.Silo.Channels.Webhook;
using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Tests.Workflows;

/// <summary>Moments on the way from a device's upload to its message's receiver.</summary>
public enum Moment
{
    /// <summary>The device's twin, event and transition are committed; nothing of it was published.</summary>
    DeviceCommitted,

    /// <summary>The incident is committed with its notice; nothing of it was handed on.</summary>
    IncidentCommitted,

    /// <summary>The notifier has committed the notice; the incident has not heard of that.</summary>
    NoticeTaken,

    /// <summary>The message is committed with its key; nothing was sent.</summary>
    MessageCommitted,

    /// <summary>The receiver has taken the message; that is not recorded.</summary>
    MessageSent,
}

/// <summary>Tells the silos of a cluster apart: each has one of its own.</summary>
internal sealed class SiloMark;

/// <summary>
/// The moment at which a silo is to die: the first that comes to it goes no further, so that it can be killed there however long that
/// takes. The others pass.
/// </summary>
internal sealed class DeathPoint(Moment? moment)
{
    private readonly TaskCompletionSource<SiloMark> _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _dead = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The silo that has come to the moment.</summary>
    public Task<SiloMark> Reached => _reached.Task;

    /// <summary>Never ends for the silo that is to die.</summary>
    public Task Pass(Moment at, SiloMark silo) =>
        at == moment && _reached.TrySetResult(silo) ? new TaskCompletionSource().Task : Task.CompletedTask;

    /// <summary>The same for a thread of the storage, which a silo waits for even as it is killed: it ends once the silo is dead.</summary>
    public void Block(Moment at, SiloMark silo)
    {
        if (at != moment || !_reached.TrySetResult(silo))
            return;
        _dead.Task.Wait();
        throw new InvalidOperationException("The process is dead.");
    }

    /// <summary>The silo is dead.</summary>
    public void Died() => _dead.TrySetResult();
}

/// <summary>Registers a silo's ways out with a place to die before and behind each.</summary>
internal static class DeathPoints
{
    public static void AddDeathPoint(this IServiceCollection services, DeathPoint point)
    {
        services.AddSingleton<SiloMark>();
        services.AddSingleton<IIncidentOutlet>(silo => new MortalOutlet(
            new GrainOutlet(silo.GetRequiredService<IGrainFactory>()), point, silo.GetRequiredService<SiloMark>()));
        services.AddChannels();
        services.Remove(services.Single(service => service.ImplementationType == typeof(WebhookSender)));
        services.AddSingleton<IChannelSender>(silo => new MortalSender(
            ActivatorUtilities.CreateInstance<WebhookSender>(silo), point, silo.GetRequiredService<SiloMark>()));
    }

    private sealed class MortalOutlet(IIncidentOutlet inner, DeathPoint point, SiloMark silo) : IIncidentOutlet
    {
        public async Task Notify(Guid projectId, string to, ImmutableArray<Notice> notices)
        {
            await point.Pass(Moment.IncidentCommitted, silo);
            await inner.Notify(projectId, to, notices);
            await point.Pass(Moment.NoticeTaken, silo);
        }

        public Task Publish(Guid projectId, ImmutableArray<FeedEntry> entries) => inner.Publish(projectId, entries);
    }

    private sealed class MortalSender(IChannelSender inner, DeathPoint point, SiloMark silo) : IChannelSender
    {
        public string Kind => inner.Kind;

        public async Task<SendResult> Send(OutgoingMessage message, CancellationToken cancel)
        {
            await point.Pass(Moment.MessageCommitted, silo);
            var result = await inner.Send(message, cancel);
            await point.Pass(Moment.MessageSent, silo);
            return result;
        }
    }
}
