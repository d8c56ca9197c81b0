using System.Text.Json;

namespace EsoCore.Grains.Rules;

/// <summary>
/// The anomaly detectors of one device, as their saved states: immutable, so that a batch that loses its commit has taught them nothing.
/// Kept in memory beside the twin and written now and then into a row of their own, because a twin's row is written with every commit.
/// What was learnt since is lost with the process, which costs a detector half an hour at most.
/// </summary>
/// <param name="Detectors">By kind and what they watch; of each kind at most <see cref="RuleLimits.MaxDetectors"/>.</param>
/// <param name="SavedUs">When they were last written; 0: never.</param>
/// <param name="Etag">Of the row.</param>
internal sealed record DetectorSet(ImmutableDictionary<string, DetectorState> Detectors, long SavedUs, string? Etag)
{
    /// <summary>What the keys of rates of events begin with; those of series begin otherwise.</summary>
    internal const string RatePrefix = "e:";

    /// <summary>Nothing learnt.</summary>
    internal static DetectorSet Empty { get; } = new(ImmutableDictionary<string, DetectorState>.Empty, 0, null);

    /// <summary>Whether something found no place. Known in memory alone: it is said once in the life of an activation.</summary>
    internal bool IsShort { get; init; }

    internal byte[]? Find(string key) => Detectors.GetValueOrDefault(key)?.State;

    /// <summary>Whether a series, by its number, has a detector.</summary>
    internal bool Holds(int seriesNo) => Detectors.ContainsKey($"a:s{seriesNo}") || Detectors.ContainsKey($"f:s{seriesNo}");

    /// <summary>
    /// Whether a detector has its place, or finds one. Whoever came first keeps its place as long as it is fed: were it the longest unfed
    /// that goes at once, more series than places would drive each other out in turn, and none would ever learn.
    /// </summary>
    internal bool HasPlaceFor(string key, long nowUs) => Detectors.ContainsKey(key) || IsRoomFor(key) || IdleAt(key, nowUs) is not null;

    /// <summary>The set with a detector's new state; the same but <see cref="IsShort"/> where it has no place.</summary>
    internal DetectorSet With(string key, byte[] state, long fedUs)
    {
        var detectors = Detectors;
        if (!detectors.ContainsKey(key) && !IsRoomFor(key))
        {
            if (IdleAt(key, fedUs) is not { } idle)
                return Short();
            detectors = detectors.Remove(idle);
        }

        return this with { Detectors = detectors.SetItem(key, new DetectorState(fedUs, state)) };
    }

    /// <summary>The set, knowing that something found no place.</summary>
    internal DetectorSet Short() => IsShort ? this : this with { IsShort = true };

    internal string Write() => JsonSerializer.Serialize(Detectors);

    /// <summary>They were last written when one was last fed, or soon after: of a device that is heard seldom, each batch counts.</summary>
    internal static DetectorSet Read(string json, string etag)
    {
        var detectors = JsonSerializer.Deserialize<ImmutableDictionary<string, DetectorState>>(json) ?? Empty.Detectors;
        return new DetectorSet(detectors, detectors.Values.Select(d => d.FedUs).DefaultIfEmpty(0).Max(), etag);
    }

    private bool IsRoomFor(string key) => OfKind(key).Count() < RuleLimits.MaxDetectors;

    /// <summary>The longest unfed of those of its kind that nothing has fed for <see cref="RuleLimits.DetectorIdle"/>, or null.</summary>
    private string? IdleAt(string key, long nowUs)
    {
        var (idle, state) = OfKind(key).MinBy(detector => detector.Value.FedUs);
        return state is not null && nowUs - state.FedUs >= (long)RuleLimits.DetectorIdle.TotalMicroseconds ? idle : null;
    }

    /// <summary>Rates of events have places of their own: they come seldom, and series would have taken all.</summary>
    private IEnumerable<KeyValuePair<string, DetectorState>> OfKind(string key)
    {
        var isRate = IsRate(key);
        return Detectors.Where(detector => IsRate(detector.Key) == isRate);
    }

    private static bool IsRate(string key) => key.StartsWith(RatePrefix, StringComparison.Ordinal);
}

/// <summary>A detector as it saved itself.</summary>
/// <param name="FedUs">When it was fed last.</param>
internal sealed record DetectorState(long FedUs, byte[] State);
