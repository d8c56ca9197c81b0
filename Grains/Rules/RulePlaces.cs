using EsoCore.Assets;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Rules.Evaluation;
using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Sites;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Rules;

/// <summary>
/// What rules ask of sites (operating hours) and assets (their type), read from their documents and kept for a while in this process. Read
/// only for devices that have a rule which asks. While the store is away the last known is used. Where nothing is known the step must wait,
/// since an event is judged once; only what is stored and cannot be read is done without, or it would stop the device for ever.
/// </summary>
internal sealed class RulePlaces(IResourceStore store, TimeProvider time, ILogger<RulePlaces> log)
{
    /// <summary>Sites and assets held; beyond it all are forgotten, and read again.</summary>
    internal const int MaxHeld = 100_000;

    /// <summary>How old an answer may be.</summary>
    internal static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Dictionary<(Guid Project, string Kind, string Id), (object? Value, long ReadAt)> _held = [];

    /// <summary>
    /// The operating hours of a site; always open where there is none, and never where they cannot be read: an alert too many is the
    /// lesser harm.
    /// </summary>
    /// <exception cref="StorageUnavailableException">They are not known yet.</exception>
    internal async ValueTask<OperatingHours> Hours(Guid projectId, string? siteId) =>
        siteId is null ? OperatingHours.Always
            : (OperatingHours?)await Get(
                projectId, ResourceKinds.Site, siteId, found => OperatingHours.Of(ResourceDocument<SiteDefinition>.Read(found).Value),
                OperatingHours.Never) ?? OperatingHours.Always;

    /// <summary>The registered types of assets; those that are not registered, or cannot be read, have none.</summary>
    /// <exception cref="StorageUnavailableException">They are not known yet.</exception>
    internal async ValueTask<AssetTypes> Types(Guid projectId, IEnumerable<string> assets)
    {
        var types = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var asset in assets.Where(code => code.Length > 0).Distinct(StringComparer.Ordinal))
        {
            types[asset] = (string?)await Get(
                projectId, ResourceKinds.Asset, asset, found => ResourceDocument<AssetDefinition>.Read(found).Value.Type, unreadable: null);
        }

        return new AssetTypes(types);
    }

    private async ValueTask<object?> Get(
        Guid projectId, string kind, string id, Func<StoredResource, object?> read, object? unreadable)
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
            value = stored is null || stored.Deleted ? null : Read(stored);
        }
        catch (StorageUnavailableException error)
        {
            log.LogWarning(error, "The {Kind} {Id} that a rule asks for cannot be read now", kind, id);
            lock (_gate)
            {
                if (!_held.TryGetValue(key, out var last))
                    throw;
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

        object? Read(StoredResource stored)
        {
            try
            {
                return read(stored);
            }
            catch (Exception error)
            {
                log.LogError(error, "The {Kind} {Id} that a rule asks for is stored in a form that cannot be read", kind, id);
                return unreadable;
            }
        }
    }
}
