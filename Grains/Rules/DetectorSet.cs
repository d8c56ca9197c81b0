using System.Text.Json;

namespace EsoCore.Grains.Rules;

/// <summary>
/// The anomaly detectors of one device, as their saved states: immutable, so that a batch that loses its commit has taught them nothing.
/// Kept in memory beside the twin and written now and then into a row of their own, because a twin's row is written with every commit.
/// What was learnt since is lost with the process, which costs a detector half an hour at most.
/// </summary>
/// <param name="Detectors">By kind and what they watch; at most <see cref="RuleLimits.MaxDetectors"/>, those fed last.</param>
/// <param name="SavedUs">When they were last written.</param>
/// <param name="Etag">Of the row.</param>
internal sealed record DetectorSet(ImmutableDictionary<string, DetectorState> Detectors, long SavedUs, string? Etag)
{
    /// <summary>Nothing learnt.</summary>
    internal static DetectorSet Empty { get; } = new(ImmutableDictionary<string, DetectorState>.Empty, 0, null);

    internal byte[]? Find(string key) => Detectors.GetValueOrDefault(key)?.State;

    /// <summary>The set with a detector's new state; the one not fed for longest makes room.</summary>
    internal DetectorSet With(string key, byte[] state, long fedUs)
    {
        var detectors = Detectors;
        if (!detectors.ContainsKey(key) && detectors.Count >= RuleLimits.MaxDetectors)
            detectors = detectors.Remove(detectors.MinBy(detector => detector.Value.FedUs).Key);
        return this with { Detectors = detectors.SetItem(key, new DetectorState(fedUs, state)) };
    }

    internal string Write() => JsonSerializer.Serialize(Detectors);

    internal static DetectorSet Read(string json, string etag, long nowUs) =>
        new(JsonSerializer.Deserialize<ImmutableDictionary<string, DetectorState>>(json) ?? Empty.Detectors, nowUs, etag);
}

/// <summary>A detector as it saved itself.</summary>
/// <param name="FedUs">When it was fed last.</param>
internal sealed record DetectorState(long FedUs, byte[] State);
