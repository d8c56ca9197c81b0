namespace EsoCore.Grains.Assets;

/// <summary>Which closing event belongs to which opening one.</summary>
/// <param name="Pairs">Opening and closing event of each whole cycle.</param>
/// <param name="Open">Openings without a closing.</param>
/// <param name="Closed">Closings without an opening.</param>
internal sealed record CyclePairing(
    List<(PendingCycleEvent Open, PendingCycleEvent Close)> Pairs, List<PendingCycleEvent> Open, List<PendingCycleEvent> Closed)
{
    /// <summary>Orders events by cycle id, then time, then so that equal sets give equal orders.</summary>
    public static readonly Comparer<PendingCycleEvent> Order = Comparer<PendingCycleEvent>.Create((a, b) =>
    {
        var byId = string.CompareOrdinal(a.CycleId, b.CycleId);
        if (byId != 0)
            return byId;
        var byTime = a.AtUs.CompareTo(b.AtUs);
        if (byTime != 0)
            return byTime;
        var byKind = a.Closes.CompareTo(b.Closes);
        if (byKind != 0)
            return byKind;
        var byDuration = a.HasDuration.CompareTo(b.HasDuration);
        return byDuration != 0 ? byDuration : a.Arrival.CompareTo(b.Arrival);
    });

    /// <summary>
    /// Pairs events as they happened, not as they arrived: of those with one cycle id (or of those without any), each closing takes the
    /// newest opening before it that no other has taken. Where a closing and an opening carry one timestamp, the closing ends the cycle
    /// before and the opening begins the next, unless there is no cycle before. The result depends on the set alone.
    /// </summary>
    /// <param name="events">Sorted by <see cref="Order"/>.</param>
    public static CyclePairing Of(IReadOnlyList<PendingCycleEvent> events)
    {
        var pairing = new CyclePairing([], [], []);
        var open = new Stack<PendingCycleEvent>();
        for (var start = 0; start < events.Count;)
        {
            var end = start + 1;
            while (end < events.Count && events[end].CycleId == events[start].CycleId)
                end++;
            for (var i = start; i < end;)
                i = PairInstant(events, i, end, open, pairing);
            pairing.Open.AddRange(open);
            open.Clear();
            start = end;
        }

        return pairing;
    }

    /// <summary>Pairs the events of one instant, openings first in the list, and answers where the next instant begins.</summary>
    private static int PairInstant(
        IReadOnlyList<PendingCycleEvent> events, int from, int end, Stack<PendingCycleEvent> open, CyclePairing pairing)
    {
        var closes = from;
        while (closes < end && events[closes].AtUs == events[from].AtUs && !events[closes].Closes)
            closes++;
        var next = closes;
        while (next < end && events[next].AtUs == events[from].AtUs)
            next++;

        var i = closes;
        for (; i < next && open.Count > 0; i++)
            pairing.Pairs.Add((open.Pop(), events[i]));
        for (var o = from; o < closes; o++)
            open.Push(events[o]);
        for (; i < next; i++)
        {
            if (open.Count > 0)
                pairing.Pairs.Add((open.Pop(), events[i]));
            else
                pairing.Closed.Add(events[i]);
        }

        return next;
    }
}
