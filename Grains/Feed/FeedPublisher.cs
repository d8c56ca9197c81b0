using System.Collections.Concurrent;
using EsoCore.Feed;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Feed;

/// <summary>
/// Tells the feeds of projects what devices of this silo committed. Nobody waits for it. Whether anybody reads a project's feed is asked
/// every few seconds while its devices commit; while nobody does, a commit costs a look into memory, and nothing is written or sent.
/// </summary>
internal sealed class FeedPublisher(IGrainFactory grains, TimeProvider time, ILogger<FeedPublisher> log)
{
    /// <summary>How long the answer counts whether a feed is read.</summary>
    public static readonly TimeSpan AnswerGoodFor = TimeSpan.FromSeconds(3);

    /// <summary>Projects known before those at rest are forgotten.</summary>
    public const int MaxProjects = 10_000;

    private readonly ConcurrentDictionary<Guid, ProjectFeed> _projects = new();

    /// <summary>A device has committed. To be called from its grain's turn.</summary>
    public void Committed(Guid deviceId, DeviceState state, ImmutableArray<NewEvent> events) =>
        Of(state.Traits.ProjectId).Note(deviceId, state, events);

    private ProjectFeed Of(Guid projectId)
    {
        if (_projects.TryGetValue(projectId, out var known))
            return known;
        if (_projects.Count >= MaxProjects)
        {
            foreach (var (id, feed) in _projects)
            {
                if (feed.IsAtRest)
                    _projects.TryRemove(id, out _);
            }
        }

        return _projects.GetOrAdd(
            projectId, id => new ProjectFeed(grains.GetGrain<IFeedGrain>(id.ToString("D")), time, log));
    }
}
