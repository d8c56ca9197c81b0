using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Grains.Rules.Evaluation;
using EsoCore.Grains.Storage;
using EsoCore.Grains.Telemetry;
using EsoCore.History;
using EsoCore.Rules;

namespace EsoCore.Grains.Rules;

/// <summary>One trial: reads what its rule looks at, device by device, within the limits of <see cref="IRuleTrialGrain"/>.</summary>
internal sealed class RuleTrialRun(
    IHistory history, RulePlaces places, Scope scope, CompiledRule rule, DateTimeOffset from, DateTimeOffset to)
{
    private readonly DeviceRules _rules = new([rule]);

    internal CompiledRule Rule => rule;

    internal int Devices { get; private set; }

    internal int Records { get; private set; }

    internal List<TrialEpisode> Episodes { get; } = [];

    internal bool IsFull => Records >= IRuleTrialGrain.MaxRecords || Episodes.Count >= IRuleTrialGrain.MaxEpisodes;

    internal async Task Add(DeviceRegistration device, ConfigSettings? profile)
    {
        Devices++;
        RuleRun Run(RuleMemory memory, DateTimeOffset now) => new(
            new RuleDevice(device.ProjectId, device.DeviceId, device.Serial, device.Model, null, device.SiteId), _rules, memory,
            new RatedValues(profile, device.Overrides), Micros.Of(now)) { MaxEnded = IRuleTrialGrain.MaxEpisodes };

        var run = Run(RuleMemory.Empty, to);
        IEnumerable<ToldEpisode> all = run.Told;
        switch (rule.Condition)
        {
            case EventCondition or EventAnomalyCondition:
                var events = await ReadEvents(device);
                if (rule.Condition is EventCondition)
                    await Events(run, device, events);
                else
                    all = DayByDay(Run, (day, detectors, after, until) => AnomalyRules.Events(
                        day, detectors, [.. events.Where(e => e.Key.TsUs >= after && e.Key.TsUs < until)], after - 1));
                break;
            case WindowStatisticCondition { Period: null } windows:
                await Windows(run, device, windows);
                break;
            case AnomalyCondition:
                var (values, assets) = await ReadPoints(device);
                all = DayByDay(Run, (day, detectors, after, until) => Anomalies(day, detectors, values, assets, after, until));
                break;
            default:
                (values, assets) = await ReadPoints(device);
                if (rule.Condition is MissingDataCondition missing)
                    Missing(run, missing, values, assets);
                else
                    foreach (var (at, (key, points)) in values.Index())
                        PointRules.Evaluate(run, [rule], key, at + 1, points, long.MinValue, assets);
                break;
        }

        // The last word on each episode counts; those withdrawn are none.
        var told = all.GroupBy(item => item.Episode.EpisodeId).Select(group => group.Last()).Where(item => item.Episode.Count > 0);
        Episodes.AddRange(told.Select(item => new TrialEpisode(item.Subject.ToString(), item.Episode)));
    }

    /// <summary>
    /// Detectors judge how things stand when they are asked, so they are shown the past as devices upload it: a day, and what it says, after
    /// the other.
    /// </summary>
    private List<ToldEpisode> DayByDay(Func<RuleMemory, DateTimeOffset, RuleRun> run, Func<RuleRun, DetectorSet, long, long, DetectorSet> show)
    {
        var (told, memory, detectors) = (new List<ToldEpisode>(), RuleMemory.Empty, DetectorSet.Empty);
        for (var (day, next) = (from, from); day < to; day = next)
        {
            next = day.AddDays(1) < to ? day.AddDays(1) : to;
            var part = run(memory, next);
            detectors = show(part, detectors, Micros.Of(day), Micros.Of(next));
            memory = part.After;
            told.AddRange(part.Told);
        }

        return told;
    }

    private async Task<List<NewEvent>> ReadEvents(DeviceRegistration device)
    {
        ImmutableArray<string> types = rule.Condition switch
        {
            EventCondition { Types.IsEmpty: false } c => [.. c.Types.Concat(c.RestoredBy).Distinct()],
            EventAnomalyCondition c => c.Types,
            _ => [],
        };
        var events = new List<NewEvent>();
        foreach (var type in types.IsEmpty ? [null] : types.Cast<string?>())
        {
            var query = new EventQuery(scope, device.DeviceId, null, null, type, null, null, from, to);
            await Pages(page => history.ReadEvents(query, page, CancellationToken.None), rows => events.AddRange(rows.Select(Event)));
        }

        return events;
    }

    private async Task Events(RuleRun run, DeviceRegistration device, List<NewEvent> events)
    {
        var assets = await places.Types(scope.ProjectId, rule.NeedsAssetTypes ? events.Select(e => e.AssetId ?? "") : []);
        var hours = _rules.NeedsHours ? await places.Hours(scope.ProjectId, device.SiteId) : OperatingHours.Always;
        EventRules.Evaluate(run, rule, events, [], new EventSurroundings(run.Rated, hours, assets));
    }

    private async Task Windows(RuleRun run, DeviceRegistration device, WindowStatisticCondition condition)
    {
        var windows = new List<WindowSample>();
        var query = new WindowQuery(scope, device.DeviceId, condition.Metric, null, from, to);
        await Pages(page => history.ReadWindows(query, page, CancellationToken.None), rows => windows.AddRange(rows.Select(row =>
            new WindowSample(Micros.Of(row.Ts), row.Metric, row.AssetId ?? "", Meta(row.Meta), row.Stats.Value ?? "", row.WindowS))));
        var assets = await places.Types(scope.ProjectId, rule.NeedsAssetTypes ? windows.Select(w => w.Asset) : []);
        WindowRules.Evaluate(run, windows.OrderBy(w => w.TsUs), assets);
    }

    private async Task<(List<(SeriesKey Key, PointEntry[] Points)> Series, AssetTypes Assets)> ReadPoints(DeviceRegistration device)
    {
        var series = new Dictionary<SeriesKey, List<PointEntry>>();
        foreach (var metric in Metrics())
        {
            var query = new PointQuery(scope, device.DeviceId, null, metric, null, from, to);
            await Pages(page => history.ReadPoints(query, page, CancellationToken.None), rows =>
            {
                foreach (var row in rows)
                {
                    var key = new SeriesKey(row.Metric, row.Unit ?? "", row.AssetId ?? "", Meta(row.Meta));
                    if (!series.TryGetValue(key, out var points))
                        series[key] = points = [];
                    points.Add(new PointEntry(Micros.Of(row.Ts), row.Value, points.Count));
                }
            });
        }

        var assets = await places.Types(scope.ProjectId, rule.NeedsAssetTypes ? series.Keys.Select(key => key.Asset) : []);
        return ([.. series.Select(pair => (pair.Key, pair.Value.ToArray()))], assets);
    }

    private static DetectorSet Anomalies(
        RuleRun run, DetectorSet detectors, List<(SeriesKey Key, PointEntry[] Points)> series, AssetTypes assets, long after, long until)
    {
        foreach (var (at, (key, points)) in series.Index())
        {
            PointEntry[] day = [.. points.Where(point => point.TsUs >= after && point.TsUs < until)];
            if (day.Length > 0)
                detectors = AnomalyRules.Points(run, detectors, key, at + 1, day, after - 1, assets);
        }

        return detectors;
    }

    /// <summary>Gaps between points of the metric, whichever of its series they are of, and from the last point to the end.</summary>
    private void Missing(
        RuleRun run, MissingDataCondition condition, List<(SeriesKey Key, PointEntry[] Points)> series, AssetTypes assets)
    {
        long[] times = [.. series.Where(s => rule.Concerns(s.Key.Asset, assets)).SelectMany(s => s.Points).Select(p => p.TsUs).Order()];
        for (var i = 0; i < times.Length; i++)
        {
            var (due, next) = (condition.Due(times[i]), i + 1 < times.Length ? times[i + 1] : (long?)null);
            if (due < (next ?? run.NowUs))
                StateRules.TellMissing(run, rule, condition, $"m:{condition.Metric}", due, next);
        }
    }

    /// <summary>Null stands for any.</summary>
    private IEnumerable<string?> Metrics() => rule.Condition switch
    {
        LimitCondition c => [c.Metric],
        MissingDataCondition c => [c.Metric],
        ForecastCondition c => [c.Metric],
        MetricAnomalyCondition { Metrics.IsEmpty: false } c => c.Metrics,
        _ => new string?[] { null },
    };

    private async Task Pages<T>(Func<PageRequest, Task<Page<T>>> read, Action<ImmutableArray<T>> take)
    {
        string? after = null;
        do
        {
            var page = await read(new PageRequest(Math.Min(PageRequest.MaxLimit, IRuleTrialGrain.MaxRecords - Records + 1), after));
            Records += page.Items.Length;
            take(page.Items);
            after = page.Next;
        }
        while (after is not null && !IsFull);
    }

    private static NewEvent Event(EventRow row) => new(
        row.Id, new BodyKey(Micros.Of(row.Ts), new UInt128(0, 0)), row.EventType, row.Category, row.Severity, row.Description,
        row.DurationMs,
        row.AssetId, Meta(row.Meta));

    private static string Meta(JsonText meta) => meta.Value is null or "{}" ? "" : meta.Value;
}
