using EsoCore.Grains.Rules.Conditions;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>
/// Reads, for the event rules that need more than the batch, the stored events around those of the batch: the interval between restoring
/// events that they fall into, or the windows that they can count in. At most <see cref="RuleLimits.MaxStoredEvents"/> for one rule.
/// </summary>
internal static class StoredEvents
{
    /// <summary>What was read, by rule. Empty for rules that need none, and when nothing was ever stored.</summary>
    /// <param name="store">The port.</param>
    /// <param name="deviceNo">The device.</param>
    /// <param name="newestUs">The newest event stored; <see cref="long.MinValue"/> when there is none.</param>
    /// <param name="concerned">By rule, the batch's events that may begin or end its episodes.</param>
    /// <param name="max">Events read for one rule.</param>
    internal static async Task<Dictionary<CompiledRule, ImmutableArray<NewEvent>>> Read(
        IDeviceStore store, long deviceNo, long newestUs, Dictionary<CompiledRule, List<NewEvent>> concerned,
        int max = RuleLimits.MaxStoredEvents)
    {
        var read = new Dictionary<CompiledRule, ImmutableArray<NewEvent>>();
        if (newestUs == long.MinValue)
            return read;
        List<Counting> counting = [.. concerned.Where(pair => ((EventCondition)pair.Key.Condition).Count > 1).Select(Counting.Of)];
        await Counted(store, deviceNo, newestUs, counting, max / 2, read);
        foreach (var (rule, events) in concerned)
        {
            var condition = (EventCondition)rule.Condition;
            if (!condition.IsRestored)
                continue;
            var (from, to) = (events.Min(e => e.Key.TsUs), events.Max(e => e.Key.TsUs));
            read[rule] = EventGroups.Of(rule) ? await Around(store, deviceNo, condition, to, max / 2)
                : await Interval(store, deviceNo, condition, from, to, newestUs, max);
        }

        return read;
    }

    /// <summary>What a rule that counts must see around a batch's events.</summary>
    /// <param name="Rule">The rule; null for several together.</param>
    /// <param name="Types">Names; empty: any.</param>
    /// <param name="FromUs">The first time that can count, or begin a stretch that does.</param>
    /// <param name="ToUs">The last.</param>
    /// <param name="AtUs">The batch's newest event.</param>
    private sealed record Counting(CompiledRule? Rule, ImmutableArray<string> Types, long FromUs, long ToUs, long AtUs)
    {
        internal static Counting Of(KeyValuePair<CompiledRule, List<NewEvent>> concerned)
        {
            var condition = (EventCondition)concerned.Key.Condition;
            var width = (long)condition.Within.TotalMicroseconds;
            var (from, at) = (concerned.Value.Min(e => e.Key.TsUs), concerned.Value.Max(e => e.Key.TsUs));
            var first = ((long)Math.Floor(from / (double)width) - 1) * width;
            var last = ((long)Math.Floor(at / (double)width) + 2) * width;
            return new Counting(concerned.Key, condition.Types, first, last - 1, at);
        }

        internal static Counting OfAll(List<Counting> all) => new(
            null, all.Any(c => c.Types.IsEmpty) ? [] : [.. all.SelectMany(c => c.Types).Distinct()],
            all.Min(c => c.FromUs), all.Max(c => c.ToUs), all.Max(c => c.AtUs));

        internal bool Takes(NewEvent item) =>
            item.Key.TsUs >= FromUs && item.Key.TsUs <= ToUs && (Types.IsEmpty || Types.Contains(item.EventType));
    }

    /// <summary>
    /// One reading for all rules that count; where it does not hold everything, one for each, so that none takes another's room.
    /// </summary>
    private static async Task Counted(
        IDeviceStore store, long deviceNo, long newestUs, List<Counting> counting, int half,
        Dictionary<CompiledRule, ImmutableArray<NewEvent>> read)
    {
        if (counting.Count > 1 && await Nearest(store, deviceNo, newestUs, Counting.OfAll(counting), half) is (var shared, Cut: false))
        {
            foreach (var one in counting)
                read[one.Rule!] = [.. shared.Where(one.Takes)];
            return;
        }

        foreach (var one in counting)
            (read[one.Rule!], _) = await Nearest(store, deviceNo, newestUs, one, half);
    }

    /// <summary>
    /// Those nearest to the batch on both sides: half up to its newest event, half after it. That is as many on each side as a rule can
    /// count, so that whether there are enough is right where all events of its names count; how many there are in all is rough beyond.
    /// </summary>
    private static async Task<(ImmutableArray<NewEvent> Events, bool Cut)> Nearest(
        IDeviceStore store, long deviceNo, long newestUs, Counting window, int half)
    {
        var before = await store.ReadEvents(
            deviceNo, window.Types, window.FromUs, window.AtUs, half, newestFirst: true, CancellationToken.None);
        ImmutableArray<NewEvent> after = window.AtUs >= newestUs ? []
            : await store.ReadEvents(
                deviceNo, window.Types, window.AtUs + 1, window.ToUs, half, newestFirst: false, CancellationToken.None);
        return ([.. before, .. after], before.Length == half || after.Length == half);
    }

    /// <summary>From the restoring event before to the one after; in order of time.</summary>
    private static async Task<ImmutableArray<NewEvent>> Interval(
        IDeviceStore store, long deviceNo, EventCondition condition, long fromUs, long toUs, long newestUs, int max)
    {
        var before = await store.ReadEvents(
            deviceNo, condition.RestoredBy, long.MinValue, fromUs - 1, 1, newestFirst: true, CancellationToken.None);
        ImmutableArray<NewEvent> after = toUs >= newestUs ? []
            : await store.ReadEvents(
                deviceNo, condition.RestoredBy, toUs + 1, long.MaxValue, 1, newestFirst: false, CancellationToken.None);
        var within = await store.ReadEvents(
            deviceNo, Kinds(condition), before is [var start] ? start.Key.TsUs : long.MinValue,
            after is [var end] ? end.Key.TsUs : long.MaxValue,
            max, newestFirst: false, CancellationToken.None);
        // Where more repeats came than are read, the end must not be lost: the count then stops at what was read.
        return within.Length < max ? within : [.. within.Concat(after).DistinctBy(e => e.Id)];
    }

    /// <summary>
    /// The nearest on both sides: what ends an episode of one group says nothing of another, so there is no interval to read.
    /// </summary>
    private static async Task<ImmutableArray<NewEvent>> Around(
        IDeviceStore store, long deviceNo, EventCondition condition, long toUs, int half)
    {
        var kinds = Kinds(condition);
        var before = await store.ReadEvents(deviceNo, kinds, long.MinValue, toUs, half, newestFirst: true, CancellationToken.None);
        var after = await store.ReadEvents(deviceNo, kinds, toUs + 1, long.MaxValue, half, newestFirst: false, CancellationToken.None);
        return [.. before, .. after];
    }

    /// <summary>Empty for a rule that asks for no names: then any event may begin it.</summary>
    private static ImmutableArray<string> Kinds(EventCondition condition) =>
        condition.Types.IsEmpty ? [] : [.. condition.Types.Concat(condition.RestoredBy).Distinct()];
}

/// <summary>Whether the events of a rule belong together by more than their time.</summary>
internal static class EventGroups
{
    internal static bool Of(CompiledRule rule) =>
        ((EventCondition)rule.Condition).Same is not null || rule.Definition.Subject == EsoCore.Rules.SubjectKind.Asset;
}
