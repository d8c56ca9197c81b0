using System.Collections.Concurrent;
using EsoCore.Projects;

namespace EsoCore.Grains.Projects;

/// <summary>
/// How far back each project keeps its points, as the device grains of this process use it: read from the project's grain at most every
/// <see cref="MaxAge"/>. Records below the floor are rejected before retention can have removed what they would be compared with.
/// </summary>
internal sealed class RetentionFloors(IGrainFactory grains, TimeProvider time)
{
    /// <summary>Projects held; past it the cache starts anew.</summary>
    internal const int MaxProjects = 10_000;

    /// <summary>How old an answer may be.</summary>
    internal static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Guid, Entry> _entries = new();

    /// <summary>The highest floor of a project that storage has told of; it only moves forward.</summary>
    private readonly ConcurrentDictionary<Guid, long> _stored = new();

    private sealed record Entry(int? Days, long LoadedAt);

    /// <summary>Takes the floor that stands in the store: below it retention has removed points already, however long it is now.</summary>
    internal void Note(Guid projectId, long floorUs)
    {
        if (floorUs == long.MinValue)
            return;
        if (_stored.Count >= MaxProjects)
            _stored.Clear();
        _stored.AddOrUpdate(projectId, floorUs, (_, known) => Math.Max(known, floorUs));
    }

    /// <summary>Microseconds since the epoch below which records are too old; <see cref="long.MinValue"/> when the project keeps all.</summary>
    internal async ValueTask<long> Get(Guid projectId)
    {
        if (!_entries.TryGetValue(projectId, out var entry) || time.GetElapsedTime(entry.LoadedAt) >= MaxAge)
        {
            var project = await grains.GetGrain<IProjectGrain>(projectId.ToString("D")).Get();
            if (_entries.Count >= MaxProjects)
                _entries.Clear();
            entry = _entries[projectId] = new Entry(project?.Value.RetentionDays, time.GetTimestamp());
        }

        var storedUs = _stored.GetValueOrDefault(projectId, long.MinValue);
        return entry.Days is { } days ? Math.Max(storedUs, Micros.Of(time.GetUtcNow().AddDays(-days))) : storedUs;
    }
}
