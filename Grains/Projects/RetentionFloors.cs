using System.Collections.Concurrent;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Projects;

/// <summary>
/// How far back each project keeps its records, as the device grains of this process use it: read from the store at most every
/// <see cref="MaxAge"/>. The store removes what a raised floor cuts off only well after that, so records below it are rejected before
/// what they would be compared with is gone.
/// </summary>
internal sealed class RetentionFloors(IProjectStore store, TimeProvider time)
{
    /// <summary>Projects held; past it the cache starts anew. Nothing is lost by that: the floor itself is in the store.</summary>
    internal const int MaxProjects = 10_000;

    /// <summary>How old an answer may be.</summary>
    internal static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Guid, Entry> _entries = new();

    /// <summary>A read and when it began: from then on its answer ages.</summary>
    private sealed record Entry(long BeganAt, Task<StoredRetention?> Read);

    /// <summary>
    /// Microseconds since the epoch below which records are too old; <see cref="long.MinValue"/> when the project keeps all. Throws as
    /// <see cref="IDeviceStore"/> does.
    /// </summary>
    internal async ValueTask<long> Get(Guid projectId)
    {
        // The read itself is held, so that the devices of a project do not each ask while one is under way.
        if (!_entries.TryGetValue(projectId, out var entry) || entry.Read.IsFaulted || time.GetElapsedTime(entry.BeganAt) >= MaxAge)
        {
            if (_entries.Count >= MaxProjects)
                _entries.Clear();
            entry = _entries[projectId] = new Entry(time.GetTimestamp(), store.FindRetention(projectId, CancellationToken.None));
        }

        if (await entry.Read is not { } retention)
            return long.MinValue;
        return retention.Days is { } days ? Math.Max(retention.FloorUs, Micros.Of(time.GetUtcNow().AddDays(-days))) : retention.FloorUs;
    }
}
