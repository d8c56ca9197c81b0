using EsoCore.Incidents;

namespace EsoCore.Grains.Incidents;

/// <summary>Episodes that make one incident.</summary>
/// <param name="Members">Their places in the list of held episodes.</param>
/// <param name="Folded">Those no longer held.</param>
/// <param name="Start">When the condition began.</param>
/// <param name="End">When it last held, or null while it does.</param>
/// <param name="LastAt">When it was last seen; of many devices, when the last of them became concerned.</param>
/// <param name="OverAt">When it is over for good if nothing more comes; <see cref="DateTimeOffset.MaxValue"/>: not by itself.</param>
/// <param name="Reopens">How often it was over in between.</param>
/// <param name="Devices">Devices concerned.</param>
internal sealed record Cluster(
    ImmutableArray<int> Members,
    ImmutableArray<FoldedEpisodes> Folded,
    DateTimeOffset Start,
    DateTimeOffset? End,
    DateTimeOffset LastAt,
    DateTimeOffset OverAt,
    int Reopens,
    int Devices)
{
    /// <summary>Episodes of it.</summary>
    public int Count => Members.Length + Folded.Sum(f => f.Count);
}

/// <summary>
/// Sorts a set of episodes into incidents. A pure function of the set (and of what people declared over or put aside), so that episodes
/// told in any order and any portions make the same incidents.
/// </summary>
internal sealed class EpisodeClusters
{
    private readonly IReadOnlyList<HeldEpisode> _episodes;
    private readonly IReadOnlyList<IncidentRecord> _records;
    private readonly RuleTiming _timing;
    private readonly DateTimeOffset _now;

    private EpisodeClusters(IReadOnlyList<HeldEpisode> episodes, IReadOnlyList<IncidentRecord> records, RuleTiming timing,
        DateTimeOffset now) =>
        (_episodes, _records, _timing, _now) = (episodes, records, timing, now);

    /// <summary>A stretch of time in which an episode (or several folded ones) counts.</summary>
    /// <param name="OverAt">When it counts as over.</param>
    /// <param name="JoinUntil">Up to when others join it.</param>
    private readonly record struct Span(
        DateTimeOffset Start, DateTimeOffset OverAt, DateTimeOffset JoinUntil, DateTimeOffset LastAt, DateTimeOffset? End, int Index,
        FoldedEpisodes? Folded);

    /// <summary>The incidents that these episodes make, by start.</summary>
    public static ImmutableArray<Cluster> Of(
        IReadOnlyList<HeldEpisode> episodes, IReadOnlyList<IncidentRecord> records, RuleTiming timing, DateTimeOffset now)
    {
        var sorter = new EpisodeClusters(episodes, records, timing, now);
        var spans = sorter.Spans();
        return timing.Devices > 1 ? [.. sorter.TakeSettled(spans), .. sorter.OfManyDevices(spans)] : sorter.OfOne(spans);
    }

    /// <summary>Whether an episode makes (or made) an incident at all: its condition held for as long as it must.</summary>
    public static bool Counts(HeldEpisode episode, DateTimeOffset now) =>
        episode.HoldFor <= TimeSpan.Zero || (episode.End ?? now) - episode.Start >= episode.HoldFor;

    /// <summary>When an episode will have held for as long as it must; null when it does already or never will.</summary>
    public static DateTimeOffset? PendingUntil(HeldEpisode episode, DateTimeOffset now) =>
        episode.End is null && !Counts(episode, now) ? Plus(episode.Start, episode.HoldFor) : null;

    /// <summary>A sum that ends at the end of time.</summary>
    public static DateTimeOffset Plus(DateTimeOffset time, TimeSpan span) =>
        time > DateTimeOffset.MaxValue - span ? DateTimeOffset.MaxValue : time + span;

    private List<Span> Spans()
    {
        var spans = new List<Span>(_episodes.Count);
        for (var i = 0; i < _episodes.Count; i++)
        {
            var episode = _episodes[i];
            if (!Counts(episode, _now))
                continue;
            var over = Cut(episode.Start, OverAt(episode));
            var end = episode.Lasts ? over == DateTimeOffset.MaxValue ? (DateTimeOffset?)null : over : episode.End ?? episode.Start;
            var last = end is { } ended && ended > episode.Start ? ended : episode.Start;
            spans.Add(Settle(new Span(episode.Start, over, JoinUntil(episode.Start, over), last, end, i, null)));
        }

        foreach (var record in _records)
        {
            if (record.Folded is { } folded)
            {
                var over = Cut(folded.From, folded.To);
                spans.Add(Settle(new Span(folded.From, over, JoinUntil(folded.From, over), folded.To, folded.To, -1, folded)));
            }
        }

        spans.Sort((a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : IdOf(a).CompareTo(IdOf(b)));
        return spans;
    }

    /// <summary>
    /// What is part of an incident that was over when the rule's times were changed is over as it was then, unless it turns out to have
    /// lasted longer; what is part of one that went on stays part of it.
    /// </summary>
    private Span Settle(Span span)
    {
        if (SettledAt(span.Start) is not { } settled)
            return span;
        if (settled.OverAt is not { } over)
            return span with { OverAt = Max(span.OverAt, settled.To), JoinUntil = Max(span.JoinUntil, settled.JoinUntil) };
        var isLonger = span.OverAt > over && (span.Index < 0 || _episodes[span.Index].Lasts);
        return isLonger ? span with { JoinUntil = Max(span.JoinUntil, settled.JoinUntil) }
            : span with { OverAt = over, JoinUntil = settled.JoinUntil };
    }

    private SettledSpan? SettledAt(DateTimeOffset start) =>
        _records.Select(r => r.Settled).FirstOrDefault(s => s is not null && s.From <= start && start <= s.To);

    /// <summary>Incidents of many devices that were over when the rule's times were changed; their episodes count for no other.</summary>
    private List<Cluster> TakeSettled(List<Span> spans)
    {
        var clusters = new List<Cluster>();
        foreach (var record in _records)
        {
            if (record.Settled is not { OverAt: { } over } settled)
                continue;
            var members = spans.FindAll(s => s.Folded is not null ? s.Folded == record.Folded
                : s.Start >= settled.From && s.Start <= settled.To);
            var taken = members.ToHashSet();
            spans.RemoveAll(taken.Contains);
            if (members.Count > 0)
                clusters.Add(Make(members, settled.From, over, settled.Reopens));
        }

        return clusters;
    }

    private DateTimeOffset JoinUntil(DateTimeOffset start, DateTimeOffset over) => Plus(LinkTo(start, over), _timing.ReopenWithin);

    private Guid IdOf(Span span) => span.Index < 0 ? Guid.Empty : _episodes[span.Index].Id;

    private DateTimeOffset OverAt(HeldEpisode episode)
    {
        if (episode.Lasts)
            return episode.End ?? DateTimeOffset.MaxValue;
        return _timing.ResolveAfter is { } quiet ? Plus(episode.End ?? episode.Start, quiet) : DateTimeOffset.MaxValue;
    }

    /// <summary>What a person declared over is over, whether or not its condition ever ended.</summary>
    private DateTimeOffset Cut(DateTimeOffset start, DateTimeOffset over)
    {
        foreach (var record in _records)
        {
            if (record.CutAt is { } cut && start <= cut && Plus(over, _timing.ReopenWithin) >= record.View.StartedAt && over > cut)
                over = cut;
        }

        return over;
    }

    /// <summary>What is put aside takes in everything that follows.</summary>
    private DateTimeOffset LinkTo(DateTimeOffset start, DateTimeOffset over)
    {
        foreach (var record in _records.Where(r => r.View.StartedAt <= start))
        {
            if (record.View.Status == IncidentStatus.Suppressed)
                return DateTimeOffset.MaxValue;
            if (record.JoinedUntil is { } until && start <= until)
                over = Max(over, until);
        }

        return over;
    }

    private ImmutableArray<Cluster> OfOne(List<Span> spans)
    {
        var clusters = ImmutableArray.CreateBuilder<Cluster>();
        for (var from = 0; from < spans.Count;)
        {
            var (join, over, reopens) = (spans[from].JoinUntil, spans[from].OverAt, 0);
            var to = from + 1;
            for (; to < spans.Count && spans[to].Start <= join; to++)
            {
                if (spans[to].Start > over)
                    reopens++;
                (join, over) = (Max(join, spans[to].JoinUntil), Max(over, spans[to].OverAt));
            }

            clusters.Add(Make(spans[from..to], spans[from].Start, over, reopens));
            from = to;
        }

        return clusters.ToImmutable();
    }

    /// <summary>
    /// Times in which enough devices are concerned. They begin when enough devices' episodes begin within the rule's time, and go on while
    /// enough of those that began then or later are still concerned: however many were lost one by one before, they neither begin nor
    /// prolong them. A device is concerned until its episode is over, and no shorter than the rule's time unless people said that it is.
    /// </summary>
    private ImmutableArray<Cluster> OfManyDevices(List<Span> spans)
    {
        var steps = new List<(DateTimeOffset At, Turn Turn, Span Span)>();
        foreach (var span in spans.Where(s => s.Index >= 0))
        {
            var (until, aged) = (Until(span), Plus(span.Start, _timing.Within));
            steps.Add((span.Start, Turn.Begins, span));
            steps.Add((aged < until ? aged : until, Turn.Ages, span));
            steps.Add((until, Turn.IsOver, span));
        }

        // What begins at the instant at which another ends still meets it.
        steps.Sort((a, b) => a.At != b.At ? a.At.CompareTo(b.At) : a.Turn.CompareTo(b.Turn));
        var (fresh, concerned) = (new Dictionary<Guid, int>(), new Dictionary<Guid, int>());
        var clusters = ImmutableArray.CreateBuilder<Cluster>();
        Stretch? current = null;
        foreach (var (at, turn, span) in steps)
        {
            if (turn != Turn.IsOver)
                Count(fresh, span, turn == Turn.Begins ? +1 : -1);
            if (turn != Turn.Ages && current is not null && span.Start >= current.Since)
                Count(concerned, span, turn == Turn.Begins ? +1 : -1);
            if (current is { IsOpen: false } && at > Plus(current.Link, _timing.ReopenWithin))
            {
                clusters.Add(Make(current, spans));
                current = null;
            }

            if (current is null && turn == Turn.Begins && fresh.Count >= _timing.Devices)
            {
                current = new Stretch(at - _timing.Within, at, at, LinkTo(at, at), 0, true);
                concerned = new Dictionary<Guid, int>(fresh);
            }
            else if (current is { IsOpen: false } && turn == Turn.Begins && concerned.Count >= _timing.Devices)
            {
                current = current with { Reopens = current.Reopens + 1, IsOpen = true };
            }
            else if (current is { IsOpen: true } && concerned.Count < _timing.Devices)
            {
                current = current with { To = at, Link = Max(current.Link, at), IsOpen = false };
            }
        }

        if (current is not null)
            clusters.Add(Make(current, spans));
        return clusters.ToImmutable();
    }

    private void Count(Dictionary<Guid, int> devices, Span span, int step)
    {
        var device = _episodes[span.Index].Device;
        devices[device] = devices.GetValueOrDefault(device) + step;
        if (devices[device] == 0)
            devices.Remove(device);
    }

    /// <summary>Until when a device counts as concerned by an episode.</summary>
    private DateTimeOffset Until(Span span) => Max(span.OverAt, Cut(span.Start, Plus(span.Start, _timing.Within)));

    private Cluster Make(Stretch stretch, List<Span> spans)
    {
        List<Span> members = [.. spans.Where(s => s.Start <= stretch.To && Until(s) >= stretch.From
            && (s.Index < 0 || s.Start >= stretch.Since))];
        var first = members.Min(s => s.Start);
        return Make(members, Max(first, stretch.Since), stretch.To, stretch.Reopens);
    }

    /// <summary>What happens to a device by an episode; at one instant in this order.</summary>
    private enum Turn
    {
        /// <summary>It begins.</summary>
        Begins,

        /// <summary>It began too long ago to begin anything together with what begins from now on.</summary>
        Ages,

        /// <summary>It concerns the device no longer.</summary>
        IsOver,
    }

    /// <summary>A time in which enough devices are concerned.</summary>
    /// <param name="Since">Episodes that began earlier have nothing to do with it.</param>
    /// <param name="From">When enough had begun.</param>
    /// <param name="To">When they were enough for the last time.</param>
    /// <param name="Link">Up to when it continues if enough are concerned again, apart from the time of reopening.</param>
    private sealed record Stretch(
        DateTimeOffset Since, DateTimeOffset From, DateTimeOffset To, DateTimeOffset Link, int Reopens, bool IsOpen);

    private Cluster Make(List<Span> spans, DateTimeOffset start, DateTimeOffset over, int reopens)
    {
        // While it may be repeated it is not over, whenever it was last seen.
        var end = over > _now ? (DateTimeOffset?)null : _timing.Devices > 1 ? over : spans.Max(s => s.End ?? s.LastAt);
        return new Cluster(
            [.. spans.Where(s => s.Index >= 0).Select(s => s.Index)], [.. spans.Where(s => s.Folded is not null).Select(s => s.Folded!)],
            start, end, spans.Max(s => _timing.Devices > 1 && s.Index >= 0 ? s.Start : s.LastAt), over, reopens,
            spans.Where(s => s.Index >= 0).Select(s => _episodes[s.Index].Device).Distinct().Count());
    }

    private static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
