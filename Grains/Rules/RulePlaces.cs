using EsoCore.Assets;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Rules.Evaluation;
using EsoCore.Grains.Storage;
using EsoCore.Sites;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Rules;

/// <summary>
/// What rules ask of sites (operating hours) and assets (their type), read from their documents and kept for a while in this process. Read
/// only for devices that have a rule which asks. While the store is away the last known is used, and nothing where none is.
/// </summary>
internal sealed class RulePlaces(IResourceStore store, TimeProvider time, ILogger<RulePlaces> log)
{
    /// <summary>Sites and assets held; beyond it all are forgotten, and read again.</summary>
    internal const int MaxHeld = 100_000;

    /// <summary>How old an answer may be.</summary>
    internal static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Dictionary<(Guid Project, string Kind, string Id), (object? Value, long ReadAt)> _held = [];

    /// <summary>The operating hours of a site; always open where there is none.</summary>
    internal async ValueTask<OperatingHours> Hours(Guid projectId, string? siteId) =>
        siteId is null ? OperatingHours.Always
            : (OperatingHours?)await Get(
                projectId, ResourceKinds.Site, siteId, found => OperatingHours.Of(ResourceDocument<SiteDefinition>.Read(found).Value))
                ?? OperatingHours.Always;

    /// <summary>The registered types of assets; those that are not registered have none.</summary>
    internal async ValueTask<AssetTypes> Types(Guid projectId, IEnumerable<string> assets)
    {
        var types = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var asset in assets.Where(code => code.Length > 0).Distinct(StringComparer.Ordinal))
        {
            types[asset] = (string?)await Get(
                projectId, ResourceKinds.Asset, asset, found => ResourceDocument<AssetDefinition>.Read(found).Value.Type);
        }

        return new AssetTypes(types);
    }

    private async ValueTask<object?> Get(Guid projectId, string kind, string id, Func<StoredResource, object?> read)
    {
        var key = (projectId, kind, id);
        lock (_gate)
        {
            if (_held.TryGetValue(key, out var held) && time.GetElapsedTime(held.ReadAt) < MaxAge)
                return held.Value;
        }

        object? value;
        try
        {
            // Two batches at once may both read: a second read of one row costs less than waiting for each other would.
            var stored = await store.Find(projectId, kind, id, CancellationToken.None);
            value = stored is null || stored.Deleted ? null : read(stored);
        }
        catch (Exception error)
        {
            log.LogWarning(error, "The {Kind} {Id} that a rule asks for cannot be read", kind, id);
            lock (_gate)
            {
                // What was never read is not held as nothing: the next to ask reads again.
                if (!_held.TryGetValue(key, out var last))
                    return null;
                value = last.Value;
            }
        }

        lock (_gate)
        {
            if (_held.Count >= MaxHeld && !_held.ContainsKey(key))
                _held.Clear();
            _held[key] = (value, time.GetTimestamp());
        }

        return value;
    }
}
