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
        var run = new RuleRun(
            new RuleDevice(device.ProjectId, device.DeviceId, device.Serial, device.Model, null, device.SiteId), _rules, RuleMemory.Empty,
            new RatedValues(profile, device.Overrides), Micros.Of(to)) { MaxEnded = IRuleTrialGrain.MaxEpisodes };
        switch (rule.Condition)
        {
            case EventCondition or EventAnomalyCondition:
                await Events(run, device);
                break;
            case WindowStatisticCondition { Period: null } windows:
                await Windows(run, device, windows);
                break;
            default:
                await Points(run, device);
                break;
        }

        // The last word on each episode counts; those withdrawn are none.
        var told = run.Told.GroupBy(item => item.Episode.EpisodeId).Select(group => group.Last()).Where(item => item.Episode.Count > 0);
        Episodes.AddRange(told.Select(item => new TrialEpisode(item.Subject.ToString(), item.Episode)));
    }

    private async Task Events(RuleRun run, DeviceRegistration device)
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

        var assets = await places.Types(scope.ProjectId, rule.NeedsAssetTypes ? events.Select(e => e.AssetId ?? "") : []);
        if (rule.Condition is EventAnomalyCondition)
        {
            AnomalyRules.Events(run, DetectorSet.Empty, [.. events], long.MinValue);
            return;
        }

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

    private async Task Points(RuleRun run, DeviceRegistration device)
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
        foreach (var (at, (key, points)) in series.Index())
            Evaluate(run, key, at + 1, points.ToArray(), assets);
    }

    private void Evaluate(RuleRun run, SeriesKey key, int no, PointEntry[] points, AssetTypes assets)
    {
        if (rule.Condition is MissingDataCondition missing)
            Missing(run, missing, key, no, points, assets);
        else if (rule.Condition is AnomalyCondition)
            AnomalyRules.Points(run, DetectorSet.Empty, key, no, points, points[0].TsUs - 1, assets);
        else
            PointRules.Evaluate(run, [rule], key, no, points, long.MinValue, assets);
    }

    /// <summary>Gaps between points, and from the last point to the end.</summary>
    private void Missing(RuleRun run, MissingDataCondition condition, SeriesKey key, int no, PointEntry[] points, AssetTypes assets)
    {
        if (!rule.Concerns(key.Asset, assets))
            return;
        for (var i = 0; i < points.Length; i++)
        {
            var (due, next) = (condition.Due(points[i].TsUs), i + 1 < points.Length ? points[i + 1].TsUs : (long?)null);
            if (due < (next ?? run.NowUs))
                StateRules.TellMissing(run, rule, condition, $"s{no}", due, next);
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
