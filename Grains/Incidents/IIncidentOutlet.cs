using EsoCore.Feed;
using EsoCore.Grains.Projects;
using EsoCore.Notifications;

namespace EsoCore.Grains.Incidents;

/// <summary>Where incidents hand on what people are to hear. Everything may be handed over twice, with the same ids.</summary>
internal interface IIncidentOutlet
{
    /// <summary>Hands notices to a recipient's pipeline; durable when the task ends.</summary>
    Task Notify(Guid projectId, string to, ImmutableArray<Notice> notices);

    /// <summary>Hands entries to the project's live feed.</summary>
    Task Publish(Guid projectId, ImmutableArray<FeedEntry> entries);
}

/// <summary>Hands on to grains.</summary>
internal sealed class GrainOutlet(IGrainFactory grains) : IIncidentOutlet
{
    /// <inheritdoc/>
    public Task Notify(Guid projectId, string to, ImmutableArray<Notice> notices) =>
        grains.GetGrain<INotifierGrain>(ProjectKey.Of(projectId, to)).Enqueue(notices);

    /// <inheritdoc/>
    public Task Publish(Guid projectId, ImmutableArray<FeedEntry> entries) => grains.GetGrain<IFeedGrain>($"{projectId:D}").Publish(entries);
}
