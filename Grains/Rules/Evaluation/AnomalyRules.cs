using EsoCore.Grains.Anomalies;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Grains.Storage;
using EsoCore.Grains.Telemetry;
using EsoCore.Incidents;
using EsoCore.Wire;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>
/// Rules over what is unusual. Detectors see only what is newer than all before it; each is shared by the rules that watch the same. An
/// unreadable saved state begins anew.
/// </summary>
internal static class AnomalyRules
{
    /// <summary>A forecast is over when it lies this much further off than asked for: it must not come and go with every average.</summary>
    private const double ClearFactor = 1.25;

    /// <summary>Shows the points of one series to the detectors that a rule wants of it.</summary>
    internal static DetectorSet Points(
        RuleRun run, DetectorSet detectors, SeriesKey key, int no, ReadOnlySpan<PointEntry> points, long markUs, AssetTypes types)
    {
        if (SensorMutes.IsMuted(run.Mutes, key))
            return detectors;
        var watching = run.Rules.Anomalies.Where(rule => rule.Concerns(key.Asset, types)).ToList();
        var metric = watching.Where(
            rule => rule.Condition is MetricAnomalyCondition c && (c.Metrics.IsEmpty || c.Metrics.Contains(key.Metric))).ToList();
        if (metric.Count > 0)
            detectors = Values(run, metric, detectors, key, no, points, markUs);
        var forecasts = watching.Where(
            rule => rule.Condition is ForecastCondition c && c.Metric == key.Metric && c.Limit.Resolve(run.Rated) is not null).ToList();
        return forecasts.Count > 0 ? Trends(run, forecasts, detectors, key, no, points, markUs) : detectors;
    }

    /// <summary>Counts a batch's events, and judges every rate that is watched or held.</summary>
    /// <param name="markUs">The newest event before the batch; later uploads of older ones say nothing of now.</param>
    /// <param name="past">What a new detector begins with, by name of event; one that has nothing there knows nothing yet.</param>
    internal static DetectorSet Events(
        RuleRun run, DetectorSet detectors, ImmutableArray<NewEvent> events, long markUs,
        IReadOnlyDictionary<string, EventPast>? past = null)
    {
        foreach (var type in run.Rules.WatchedEvents.Order(StringComparer.Ordinal))
        {
            var fresh = events.Where(e => e.EventType == type && e.Key.TsUs > markUs).OrderBy(e => e.Key.TsUs).ToList();
            var key = RateKey(type);
            if (fresh.Count == 0 && detectors.Find(key) is null && past?.ContainsKey(type) != true && !IsHeld(run, key))
                continue;
            if (!detectors.HasPlaceFor(key, run.NowUs))
            {
                detectors = detectors.Short();
                EndUnwatched(run, key);
                continue;
            }

            var rate = Load(detectors.Find(key), EventRate.Load) ?? Begin(past?.GetValueOrDefault(type));
            foreach (var item in fresh)
                rate.Add(Micros.ToTime(item.Key.TsUs));
            rate.Add(Micros.ToTime(run.NowUs), 0);
            detectors = detectors.With(key, rate.Save(), run.NowUs);
            Judge(run, type, key, rate.Judge());
        }

        return detectors;
    }

    /// <summary>
    /// The events whose rate is wanted and can have a detector, but has none: the batch has one of them, or the rate is held unusual. Of
    /// those that find no place the past would be read with each batch, for nothing.
    /// </summary>
    internal static ImmutableArray<string> Unknown(RuleRun run, DetectorSet detectors, ImmutableArray<NewEvent> events) =>
    [
        .. run.Rules.WatchedEvents.Where(type => detectors.Find(RateKey(type)) is null
            && (events.Any(e => e.EventType == type) || IsHeld(run, RateKey(type)))
            && detectors.HasPlaceFor(RateKey(type), run.NowUs)),
    ];

    /// <summary>Whether a rate is held unusual, so that it must be looked at without any event.</summary>
    internal static bool HoldsRate(RuleRun run) =>
        run.HasLevels && run.Levels.Any(level => level.Key.StartsWith(DetectorSet.RatePrefix, StringComparison.Ordinal));

    private static bool IsHeld(RuleRun run, string key) => run.HasLevels && run.Levels.Any(level => level.Key == key);

    /// <summary>What is held of a detector whose place went to another would wait for an end for ever.</summary>
    private static void EndUnwatched(RuleRun run, string key) =>
        run.End(level => level.Key == key, "It is watched no longer: the device has more to watch than places for it.");

    private static string RateKey(string type) => DetectorSet.RatePrefix + type;

    private static EventRate Begin(EventPast? past)
    {
        var rate = new EventRate();
        if (past is null)
            return rate;
        rate.Add(Micros.ToTime(past.SinceUs), 0);
        foreach (var timeUs in past.TimesUs)
            rate.Add(Micros.ToTime(timeUs));
        return rate;
    }

    private static void Judge(RuleRun run, string type, string key, EventRateResult judged)
    {
        var usual = judged.UsualLow == judged.UsualHigh ? $"{judged.UsualLow}" : $"{judged.UsualLow}-{judged.UsualHigh}";
        foreach (var rule in run.Rules.Anomalies)
        {
            if (rule.Condition is not EventAnomalyCondition condition || !condition.Types.Contains(type))
                continue;
            var unusual = judged.Count >= condition.MinCount && judged.Probability <= condition.MaxProbability;
            // The words of the end are those that stay: what was unusual must not be lost with it.
            var worst = unusual ? null : run.Find(rule.Id, key)?.Worst;
            var text = worst is { } most ? $"{Counted((int)most, type)} in 24 h, usually {usual}; now {judged.Count}."
                : $"{Counted(judged.Count, type)} in 24 h, usually {usual}.";
            Follow(run, rule, key, unusual, run.NowUs, judged.Count, judged.UsualHigh, text, $"anomaly:{type}", null, grows: true);
        }
    }

    /// <summary>"14 sensor faults"; of what is no thing but happens, "6 safety edge triggered events".</summary>
    private static string Counted(int count, string type)
    {
        var words = type.Replace('_', ' ');
        if (type.EndsWith("ed", StringComparison.Ordinal))
            words += " event";
        return $"{count} {words}{(count == 1 ? "" : "s")}";
    }

    private static DetectorSet Values(
        RuleRun run, List<CompiledRule> rules, DetectorSet detectors, SeriesKey key, int no, ReadOnlySpan<PointEntry> points, long markUs)
    {
        var name = $"a:s{no}";
        if (!detectors.HasPlaceFor(name, run.NowUs))
            return detectors.Short();
        var detector = Load(detectors.Find(name), MetricDetector.Load) ?? new MetricDetector();
        (long TsUs, double Value, AnomalyResult Result) strongest = default;
        foreach (ref readonly var point in points)
        {
            if (point.Dropped || point.TsUs <= markUs)
                continue;
            var result = detector.Add(Micros.ToTime(point.TsUs), point.Value);
            if (result.Likelihood > strongest.Result.Likelihood)
                strongest = (point.TsUs, point.Value, result);
        }

        foreach (var rule in rules)
        {
            if (strongest.Result.Likelihood >= ((MetricAnomalyCondition)rule.Condition).MinLikelihood)
                TellValue(run, rule, name, key, strongest.TsUs, strongest.Value, strongest.Result);
        }

        return detectors.With(name, detector.Save(), run.NowUs);
    }

    private static void TellValue(RuleRun run, CompiledRule rule, string name, SeriesKey key, long tsUs, double value, AnomalyResult result)
    {
        var unit = UnitOf(key);
        var usual = $"{EpisodeTexts.Number(result.UsualLow)} to {EpisodeTexts.Number(result.UsualHigh)}{unit}";
        var text = $"{key.Metric} {Say(result.Kind)}{At(key)}: {EpisodeTexts.Number(value)}{unit}, usually {usual}" +
            $"{(result.Seasonal ? " at this hour" : "")} (likelihood {EpisodeTexts.Number(Math.Round(result.Likelihood, 2))}).";
        var start = Micros.ToTime(tsUs);
        run.Tell(rule, key.Asset, new RuleEpisode(
            run.Device.EpisodeId(rule.Id, name, tsUs), rule.Version, start, start, Lasts: false, TimeSpan.Zero,
            rule.Definition.Severity ?? Severities.NameOf(Severity.Low), $"anomaly:{key.Metric}", null, 1, value,
            value < result.UsualLow ? result.UsualLow : result.UsualHigh, text, run.Device.Source(key.Asset), ""), isOwed: false);
    }

    private static string Say(AnomalyKind kind) => kind switch
    {
        AnomalyKind.High => "is unusually high",
        AnomalyKind.Low => "is unusually low",
        AnomalyKind.Jump => "jumped",
        AnomalyKind.ShortShift => "has shifted in the last values",
        AnomalyKind.LongShift => "has shifted in the last hours",
        AnomalyKind.MoreVariable => "changes more than usual",
        AnomalyKind.LessVariable => "changes less than usual",
        AnomalyKind.Stuck => "has stayed the same unusually long",
        _ => "is unusual",
    };

    private static DetectorSet Trends(
        RuleRun run, List<CompiledRule> rules, DetectorSet detectors, SeriesKey key, int no, ReadOnlySpan<PointEntry> points, long markUs)
    {
        var name = $"f:s{no}";
        if (!detectors.HasPlaceFor(name, run.NowUs))
        {
            EndUnwatched(run, name);
            return detectors.Short();
        }

        var trend = Load(detectors.Find(name), TrendForecast.Load) ?? new TrendForecast();
        var lastUs = long.MinValue;
        foreach (ref readonly var point in points)
        {
            if (point.Dropped || point.TsUs <= markUs)
                continue;
            trend.Add(Micros.ToTime(point.TsUs), point.Value);
            lastUs = point.TsUs;
        }

        if (lastUs == long.MinValue)
            return detectors;
        // The slopes change with each new average of six hours; to look once in each is enough, and cheap.
        if (markUs != long.MinValue && Part(markUs) != Part(lastUs))
        {
            foreach (var rule in rules)
                Judge(run, rule, name, key, trend, lastUs);
        }

        return detectors.With(name, trend.Save(), run.NowUs);
    }

    private static void Judge(RuleRun run, CompiledRule rule, string name, SeriesKey key, TrendForecast trend, long lastUs)
    {
        var condition = (ForecastCondition)rule.Condition;
        var limit = condition.Limit.Resolve(run.Rated)!.Value;
        var crossing = trend.Passes(limit, condition.Rising);
        var held = run.Find(rule.Id, name) is not null;
        var due = crossing is { } found && found.In <= condition.Within * (held ? ClearFactor : 1);
        var text = crossing is { } c ? Say(key, c, limit, condition.Rising)
            : $"The trend of {key.Metric}{At(key)} no longer leads past {EpisodeTexts.Number(limit)}{UnitOf(key)}.";
        Follow(run, rule, name, due, lastUs, crossing?.SlopePerDay, limit, text, $"forecast:{key.Metric}", key.Asset, grows: false);
    }

    private static string Say(SeriesKey key, Crossing crossing, double limit, bool rising)
    {
        var slope = $"{(rising ? "rises" : "falls")} by {EpisodeTexts.Number(Math.Abs(crossing.SlopePerDay))}{UnitOf(key)} a day";
        var passes = crossing.In > TimeSpan.Zero ? $"passes {EpisodeTexts.Number(limit)}{UnitOf(key)} in about {Days(crossing.In)}"
            : $"has passed {EpisodeTexts.Number(limit)}{UnitOf(key)}";
        return $"{key.Metric}{At(key)} {slope} and {passes}.";
    }

    private static string UnitOf(SeriesKey key) => key.Unit.Length > 0 ? $" {key.Unit}" : "";

    private static string At(SeriesKey key) => key.Asset.Length > 0 ? $" at {key.Asset}" : "";

    private static string Days(TimeSpan time) => time.TotalDays >= 1.5 ? $"{Math.Round(time.TotalDays)} days"
        : $"{Math.Max(1, Math.Round(time.TotalHours))} h";

    private static long Part(long us) => Math.DivRem(us, 6L * 3_600_000_000).Quotient;

    /// <summary>Tells what begins and ends; of what grows, also each time that it has doubled.</summary>
    private static void Follow(
        RuleRun run, CompiledRule rule, string key, bool holds, long atUs, double? value, double? limit, string text, string cause,
        string? asset, bool grows)
    {
        var held = run.Find(rule.Id, key);
        var doubled = grows && holds && held is not null && value >= 2 * held.Worst;
        if (holds == held is not null && !doubled)
            return;
        var level = held ?? new LevelState(
            rule.Id, key, rule.Print, atUs, Told: true, value, 1, atUs, run.Device.SubjectOf(rule.Definition.Subject, asset).ToString(),
            cause,
            rule.Definition.Severity ?? Severities.NameOf(Severity.Low));
        if (doubled)
            level = level with { Worst = value, LastUs = atUs };
        if (!run.Replace(held, holds ? level : null))
            return;
        run.Tell(rule, level, new RuleEpisode(
            run.Device.EpisodeId(rule.Id, key, level.SinceUs), rule.Version, Micros.ToTime(level.SinceUs),
            holds ? null : Micros.ToTime(Math.Max(atUs, level.SinceUs)), Lasts: true, TimeSpan.Zero, level.Severity!, cause, null, 1,
            holds ? value : level.Worst ?? value, limit, text, run.Device.Source(asset), ""));
    }

    private delegate T Loader<out T>(ReadOnlySpan<byte> state);

    private static T? Load<T>(byte[]? state, Loader<T> load) where T : class
    {
        try
        {
            return state is null ? null : load(state);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
