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
    internal static async Task<Dictionary<CompiledRule, ImmutableArray<NewEvent>>> Read(
        IDeviceStore store, long deviceNo, long newestUs, Dictionary<CompiledRule, List<NewEvent>> concerned)
    {
        var read = new Dictionary<CompiledRule, ImmutableArray<NewEvent>>();
        if (newestUs == long.MinValue)
            return read;
        foreach (var (rule, events) in concerned)
        {
            var condition = (EventCondition)rule.Condition;
            if (!condition.NeedsStored)
                continue;
            var (from, to) = (events.Min(e => e.Key.TsUs), events.Max(e => e.Key.TsUs));
            read[rule] = condition.Count > 1 ? await Windows(store, deviceNo, condition, from, to)
                : EventGroups.Of(rule) ? await Around(store, deviceNo, condition, from, to)
                : await Interval(store, deviceNo, condition, from, to, newestUs);
        }

        return read;
    }

    private static Task<ImmutableArray<NewEvent>> Windows(
        IDeviceStore store, long deviceNo, EventCondition condition, long fromUs, long toUs)
    {
        var width = (long)condition.Within.TotalMicroseconds;
        var first = ((long)Math.Floor(fromUs / (double)width) - 1) * width;
        var last = ((long)Math.Floor(toUs / (double)width) + 2) * width;
        return store.ReadEvents(
            deviceNo, condition.Types, first, last - 1, RuleLimits.MaxStoredEvents, newestFirst: false, CancellationToken.None);
    }

    /// <summary>From the restoring event before to the one after; in order of time.</summary>
    private static async Task<ImmutableArray<NewEvent>> Interval(
        IDeviceStore store, long deviceNo, EventCondition condition, long fromUs, long toUs, long newestUs)
    {
        var before = await store.ReadEvents(
            deviceNo, condition.RestoredBy, long.MinValue, fromUs - 1, 1, newestFirst: true, CancellationToken.None);
        ImmutableArray<NewEvent> after = toUs >= newestUs ? []
            : await store.ReadEvents(
                deviceNo, condition.RestoredBy, toUs + 1, long.MaxValue, 1, newestFirst: false, CancellationToken.None);
        var within = await store.ReadEvents(
            deviceNo, Kinds(condition), before is [var start] ? start.Key.TsUs : long.MinValue,
            after is [var end] ? end.Key.TsUs : long.MaxValue,
            RuleLimits.MaxStoredEvents, newestFirst: false, CancellationToken.None);
        // Where more repeats came than are read, the end must not be lost: the count then stops at what was read.
        return within.Length < RuleLimits.MaxStoredEvents ? within : [.. within.Concat(after).DistinctBy(e => e.Id)];
    }

    /// <summary>
    /// The nearest on both sides: what ends an episode of one group says nothing of another, so there is no interval to read.
    /// </summary>
    private static async Task<ImmutableArray<NewEvent>> Around(
        IDeviceStore store, long deviceNo, EventCondition condition, long fromUs, long toUs)
    {
        const int Half = RuleLimits.MaxStoredEvents / 2;
        var kinds = Kinds(condition);
        var before = await store.ReadEvents(deviceNo, kinds, long.MinValue, toUs, Half, newestFirst: true, CancellationToken.None);
        var after = await store.ReadEvents(deviceNo, kinds, toUs + 1, long.MaxValue, Half, newestFirst: false, CancellationToken.None);
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
