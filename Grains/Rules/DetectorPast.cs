using EsoCore.Grains.Storage;
using EsoCore.Grains.Telemetry;

namespace EsoCore.Grains.Rules;

/// <summary>What is stored of one kind of event when a detector of its rate begins.</summary>
/// <param name="SinceUs">From when on all of them are known.</param>
/// <param name="TimesUs">When they were, in order.</param>
internal sealed record EventPast(long SinceUs, ImmutableArray<long> TimesUs);

/// <summary>
/// Reads the events of the last month for a detector that begins. Without it a device that never had a fault would have no baseline when
/// the first ones come, and those are the most unusual of all.
/// </summary>
internal static class DetectorPast
{
    /// <summary>As far as a rate remembers.</summary>
    internal static readonly TimeSpan Reach = TimeSpan.FromDays(30);

    /// <summary>By name of event; one read each, once in the life of a detector.</summary>
    /// <param name="store">The port.</param>
    /// <param name="deviceNo">The device.</param>
    /// <param name="firstSeenUs">When it was first heard; <see cref="long.MinValue"/> when it never was, and then there is no past.</param>
    /// <param name="newestUs">The newest event stored.</param>
    /// <param name="types">Names of events.</param>
    /// <param name="nowUs">The server's time.</param>
    internal static async Task<Dictionary<string, EventPast>> Read(
        IDeviceStore store, long deviceNo, long firstSeenUs, long newestUs, ImmutableArray<string> types, long nowUs)
    {
        var past = new Dictionary<string, EventPast>(StringComparer.Ordinal);
        if (firstSeenUs == long.MinValue || types.IsEmpty)
            return past;
        var sinceUs = Math.Max(firstSeenUs, nowUs - (long)Reach.TotalMicroseconds);
        foreach (var type in types)
        {
            var events = await store.ReadEvents(
                deviceNo, [type], sinceUs, newestUs, RuleLimits.MaxStoredEvents, newestFirst: true, CancellationToken.None);
            var fromUs = events.Length < RuleLimits.MaxStoredEvents ? sinceUs : events[^1].Key.TsUs;
            past[type] = new EventPast(fromUs, [.. events.Select(e => e.Key.TsUs).Reverse()]);
        }

        return past;
    }
}
