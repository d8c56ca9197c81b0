using System.Globalization;
using EsoCore.Assets;
using EsoCore.Events;

namespace EsoCore.Grains.Assets;

/// <summary>
/// Folds cycle events into counts. Devices upload their newest data first, and an asset may have several devices, so a closing event
/// often arrives before its opening, and yesterday's cycles after today's. The counts come out as if all had come in time:
/// <list type="bullet">
/// <item>Openings, closings, the histograms by day and week, the latest times, the peak torque and every duration that a closing event
/// itself tells depend on the set of events alone, never on their order.</item>
/// <item>Where a closing event tells no duration, it is the time since its opening, and which that is a late event can still change. So
/// these events stay pending and are paired anew, by the time at which they happened, with every event that comes
/// (<see cref="CyclePairing"/>). A pair is settled once <see cref="MaxPairs"/> pairs were completed after it: that much later an event may
/// come and still count as if it had come in time.</item>
/// </list>
/// </summary>
internal static class CycleFold
{
    /// <summary>Days kept.</summary>
    public const int MaxDays = 62;

    /// <summary>Weeks kept.</summary>
    public const int MaxWeeks = 105;

    /// <summary>Cycles that stay open; the one opened longest ago is given up for a newer one.</summary>
    public const int MaxOpen = 64;

    /// <summary>Closing events that wait for their opening.</summary>
    public const int MaxWaiting = 64;

    /// <summary>Whole cycles whose pairing may still change.</summary>
    public const int MaxPairs = 32;

    /// <summary>Characters of a cycle id that count.</summary>
    public const int MaxCycleId = 128;

    /// <summary>The state after one event.</summary>
    /// <exception cref="NotSupportedException">The transition is none of an asset's.</exception>
    public static CycleState Apply(CycleState state, DateTimeOffset at, TransitionBody body) => body switch
    {
        CycleOpened opened => Add(Opened(state, at), at, opened.CycleId, closes: false, hasDuration: false),
        CycleClosed closed => Add(Closed(state, at, closed), at, closed.CycleId, closes: true, DurationTally.IsPlausible(closed.DurationMs)),
        _ => throw new NotSupportedException($"An asset has no use for {body?.GetType().Name ?? "an empty transition"}."),
    };

    /// <summary>The counts as readers see them: what is settled, and what is pending as it is paired now.</summary>
    public static CycleCounts ToCounts(CycleState state)
    {
        var pairing = CyclePairing.Of(state.Pending);
        var durations = pairing.Pairs.Aggregate(state.Settled, AddDerived);
        return new CycleCounts(
            state.Opened, state.Closed, pairing.Open.Count, state.LastOpenedAt, state.LastClosedAt, durations.ToStats(), state.PeakTorqueNm,
            state.ByDay, state.ByWeek, durations.ToHistogram());
    }

    private static CycleState Opened(CycleState state, DateTimeOffset at) =>
        state with { Opened = state.Opened + 1, LastOpenedAt = Later(state.LastOpenedAt, at) };

    private static CycleState Closed(CycleState state, DateTimeOffset at, CycleClosed closed)
    {
        var day = at.UtcDateTime;
        var torque = closed.PeakTorqueNm is { } told && double.IsFinite(told) ? told : state.PeakTorqueNm;
        return state with
        {
            Closed = state.Closed + 1,
            LastClosedAt = Later(state.LastClosedAt, at),
            PeakTorqueNm = torque is { } t ? Math.Max(t, state.PeakTorqueNm ?? t) : null,
            ByDay = Count(state.ByDay, day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), MaxDays),
            ByWeek = Count(state.ByWeek, $"{ISOWeek.GetYear(day):D4}-W{ISOWeek.GetWeekOfYear(day):D2}", MaxWeeks),
            Settled = DurationTally.IsPlausible(closed.DurationMs) ? state.Settled.Add(closed.DurationMs!.Value) : state.Settled,
        };
    }

    /// <summary>Adds an event to the pending ones, then settles or gives up what is beyond their bounds.</summary>
    private static CycleState Add(CycleState state, DateTimeOffset at, string? cycleId, bool closes, bool hasDuration)
    {
        var id = cycleId is { Length: > MaxCycleId } ? cycleId[..MaxCycleId] : cycleId ?? "";
        var atUs = (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;
        var added = new PendingCycleEvent(state.Arrivals, atUs, id, closes, hasDuration);
        var index = ~state.Pending.BinarySearch(added, CyclePairing.Order);
        var next = state with { Arrivals = state.Arrivals + 1, Pending = state.Pending.Insert(index, added) };
        return next.Pending.Length <= 2 * MaxPairs ? next : Trim(next);
    }

    private static CycleState Trim(CycleState state)
    {
        var pairing = CyclePairing.Of(state.Pending);
        if (pairing.Pairs.Count > MaxPairs)
        {
            // By arrival, not by time: while yesterday's cycles are filled in, today's are long complete and yesterday's are being made.
            var settled = pairing.Pairs.MinBy(p => Math.Max(p.Open.Arrival, p.Close.Arrival));
            return state with
            {
                Settled = AddDerived(state.Settled, settled),
                Pending = state.Pending.Remove(settled.Open).Remove(settled.Close),
            };
        }

        if (pairing.Open.Count > MaxOpen)
            return state with { Pending = state.Pending.Remove(pairing.Open.MinBy(e => (e.AtUs, e.Arrival))!) };
        if (pairing.Closed.Count > MaxWaiting)
            return state with { Pending = state.Pending.Remove(pairing.Closed.MinBy(e => e.Arrival)!) };
        return state;
    }

    private static DurationTally AddDerived(DurationTally tally, (PendingCycleEvent Open, PendingCycleEvent Close) pair) =>
        pair.Close.HasDuration ? tally : tally.Add((pair.Close.AtUs - pair.Open.AtUs) / 1_000.0);

    private static DateTimeOffset Later(DateTimeOffset? known, DateTimeOffset at) => known > at ? known.Value : at;

    /// <summary>
    /// Counts one more under a key; of more than <paramref name="max"/> keys the oldest goes, which is also the one that late events
    /// would find gone.
    /// </summary>
    private static ImmutableSortedDictionary<string, long> Count(ImmutableSortedDictionary<string, long> counts, string key, int max)
    {
        var next = counts.SetItem(key, counts.GetValueOrDefault(key) + 1);
        return next.Count > max ? next.Remove(next.Keys.First()) : next;
    }
}
