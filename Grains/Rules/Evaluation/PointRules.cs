using EsoCore.Grains.Rules.Conditions;
using EsoCore.Grains.Storage;
using EsoCore.Grains.Telemetry;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>Rules over the points of one series. Only points above its high-water mark are shown to them.</summary>
internal static class PointRules
{
    /// <summary>Evaluates the rules of one series.</summary>
    /// <param name="rules">Those of its metric.</param>
    /// <param name="key">The series.</param>
    /// <param name="no">Its number.</param>
    /// <param name="points">A batch's points of it, ascending.</param>
    /// <param name="markUs">Its mark before the batch.</param>
    internal static void Evaluate(
        RuleRun run, ImmutableArray<CompiledRule> rules, SeriesKey key, int no, ReadOnlySpan<PointEntry> points, long markUs,
        AssetTypes types)
    {
        var fresh = points[FirstAbove(points, markUs)..];
        if (fresh.IsEmpty || SensorMutes.IsMuted(run.Mutes, key))
            return;
        var (low, high) = Bounds(fresh);
        if (low > high)
            return;
        string? name = null;
        foreach (var rule in rules)
        {
            try
            {
                if (!rule.Concerns(key.Asset, types) || ((LimitCondition)rule.Condition).Limits.Resolve(run.Rated) is not { } limits)
                {
                    if (run.HasLevels)
                        run.EndUnconcerned(rule, name ??= $"s{no}");
                    continue;
                }

                // The usual case: nothing is held and no value is out.
                if (rule.Condition is ThresholdCondition && !run.HasLevels && !limits.IsOut(low) && !limits.IsOut(high))
                    continue;
                var watched = new Watched(name ??= $"s{no}", key.Unit, key.Asset);
                if (rule.Condition is ThresholdCondition)
                    Threshold(run, rule, limits, watched, fresh, low, high);
                else
                    Period(run, rule, limits, watched, fresh);
            }
            catch (Exception error)
            {
                run.PassOver(rule.Id, error);
            }
        }
    }

    private static void Threshold(
        RuleRun run, CompiledRule rule, ResolvedLimits limits, in Watched watched, ReadOnlySpan<PointEntry> points, double low, double high)
    {
        var tracker = new LevelTracker(run, rule, limits, watched);
        if (tracker.IsIdle && !limits.IsOut(low) && !limits.IsOut(high))
            return;
        foreach (ref readonly var point in points)
        {
            if (!point.Dropped)
                tracker.Add(point.TsUs, point.Value);
        }

        tracker.End();
    }

    private static void Period(RuleRun run, CompiledRule rule, ResolvedLimits limits, in Watched watched, ReadOnlySpan<PointEntry> points)
    {
        var key = watched.Key;
        var before = run.Periods.FirstOrDefault(period => period.Rule == rule.Id && period.Key == key);
        if (before is null && run.Periods.Length >= RuleLimits.MaxPeriods)
            return;
        var length = rule.Condition is RateOfChangeCondition { Period: var ratePeriod } ? ratePeriod
            : ((WindowStatisticCondition)rule.Condition).Period!.Value;
        var buckets = new PeriodBuckets(length, before?.Buckets);
        var tracker = new LevelTracker(run, rule, limits, watched);
        foreach (ref readonly var point in points)
        {
            if (point.Dropped)
                continue;
            buckets.Add(point.TsUs, point.Value);
            var value = rule.Condition is RateOfChangeCondition rate ? buckets.Rate(rate.Per)
                : buckets.Span * 2 >= length ? buckets.Statistic(((WindowStatisticCondition)rule.Condition).Stat) : null;
            if (value is { } known)
                tracker.Add(point.TsUs, known);
        }

        tracker.End();
        var kept = run.Periods;
        if (before is not null)
            kept = kept.Remove(before);
        var saved = buckets.Save();
        run.Periods = saved.Length == 0 ? kept : kept.Add(new PeriodState(rule.Id, key, rule.Print, saved));
    }

    /// <summary>Where the points above the mark begin.</summary>
    private static int FirstAbove(ReadOnlySpan<PointEntry> points, long markUs)
    {
        if (points.IsEmpty || points[0].TsUs > markUs)
            return 0;
        var (low, high) = (0, points.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (points[middle].TsUs > markUs)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    private static (double Low, double High) Bounds(ReadOnlySpan<PointEntry> points)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (ref readonly var point in points)
        {
            if (point.Dropped)
                continue;
            if (point.Value < low)
                low = point.Value;
            if (point.Value > high)
                high = point.Value;
        }

        return (low, high);
    }
}
