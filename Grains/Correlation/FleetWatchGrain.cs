using EsoCore.Correlation;
using EsoCore.Grains.Incidents;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Grains.Storage;
using EsoCore.Incidents;
using EsoCore.Rules;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Correlation;

/// <summary>
/// Holds what opened across the fleet lately, and has what the project's rules over patterns in the fleet find in it made incidents of
/// those rules. It reads the incidents' rows when it begins and writes nothing of its own.
/// </summary>
[GrainType("fleet-watch")]
internal sealed class FleetWatchGrain(
    IWorkStore store, IDeviceStore devices, IRuleBooks books, TimeProvider time, ILogger<FleetWatchGrain> log) : Grain, IFleetWatchGrain
{
    /// <summary>Openings held; beyond it the oldest go.</summary>
    public const int MaxOpenings = 20_000;

    /// <summary>Patterns remembered as told; beyond it all are forgotten, and told once more at worst.</summary>
    public const int MaxTold = 10_000;

    private const int PageSize = 1_000;
    private const int MaxPages = 20;

    private readonly Dictionary<Guid, FleetOpening> _openings = [];
    private readonly Dictionary<string, List<FleetOpening>> _byRule = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Watch, string Rule, string Kind), Told> _told = [];
    private (RuleBook? Book, ImmutableArray<Watch> Rules) _watching = (null, []);
    private FirmwareCensus _census = null!;
    private Guid _projectId;
    private int _pruneAt = 1_000;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _projectId = Guid.ParseExact(this.GetPrimaryKeyString(), "D");
        _census = new FirmwareCensus(devices, _projectId, time, log);
        var filter = new WorkFilter(WorkKinds.Incident, From: time.GetUtcNow() - FleetPatterns.FirmwareWindow);
        var next = new PageRequest(PageSize);
        for (var i = 0; i < MaxPages && next is not null; i++)
        {
            var page = await store.List(_projectId, filter, next, cancellationToken);
            foreach (var item in page.Items)
                TryAdd(item);
            next = page.Next is null ? null : new PageRequest(PageSize, page.Next);
        }
    }

    /// <inheritdoc/>
    public async Task Opened(Incident incident)
    {
        if (!IsOfDevice(incident))
            return;

        // Known from its row or not: a watch that has just read the rows has told nobody of what they show.
        Add(incident);
        var openings = _byRule.GetValueOrDefault(incident.RuleId) ?? [];
        foreach (var watch in await Watching())
        {
            var census = FleetPatterns.MayCompare(watch.Condition, openings) ? await _census.Get() : null;
            foreach (var pattern in FleetPatterns.Find(watch.Condition, openings, census))
                await Tell(watch, pattern, incident);
        }
    }

    /// <summary>A rule over patterns in the fleet.</summary>
    private sealed record Watch(string RuleId, long Version, string? Severity, FleetPatternCondition Condition);

    /// <summary>A pattern that was told.</summary>
    private sealed record Told(Guid Id, DateTimeOffset Start, DateTimeOffset At, int Devices);

    /// <summary>The rules that look for patterns, read once for each edit. While none can be read whoever reports hears of it.</summary>
    private async ValueTask<ImmutableArray<Watch>> Watching()
    {
        var book = await books.Get(_projectId);
        if (!ReferenceEquals(book, _watching.Book))
            _watching = (book, WatchingIn(book));
        return _watching.Rules;
    }

    private ImmutableArray<Watch> WatchingIn(RuleBook book)
    {
        // A condition that cannot be read watches for nothing; devices' rules are sorted out here too.
        ImmutableArray<Watch> all =
        [
            .. from rule in book.Rules
               where rule.Value.Value.Enabled
               let condition = ConditionReader.Read(rule.Value.Value.Condition, []) as FleetPatternCondition
               where condition is not null
               select new Watch(rule.Key, rule.Value.Version, rule.Value.Value.Severity, condition),
        ];
        if (all.Length <= RuleLimits.MaxFleetRules)
            return all;
        log.LogWarning("Project {Project} has {Rules} rules over patterns in the fleet; only the first {Max} are followed", _projectId,
            all.Length, RuleLimits.MaxFleetRules);
        return all[..RuleLimits.MaxFleetRules];
    }

    private void TryAdd(WorkItem item)
    {
        try
        {
            var incident = WorkJson.Read<Incident>(item.Body);
            if (incident.CauseId is null && incident.Count > 0 && IsOfDevice(incident))
                Add(incident);
        }
        catch (InvalidDataException error)
        {
            log.LogError(error, "Incident {IncidentId} cannot be read and is left out of the fleet's watch", item.Id);
        }
    }

    private static bool IsOfDevice(Incident incident) =>
        SubjectKey.Parse(incident.Subject)?.Kind is SubjectKind.Device or SubjectKind.Asset;

    /// <summary>Adds an opening of a device, unless it is known.</summary>
    private void Add(Incident incident)
    {
        var source = incident.Source;
        var opening = new FleetOpening(
            incident.RuleId, incident.Title, source.DeviceId, new FirmwareOfModel(source.Model, source.FirmwareVersion ?? ""),
            source.SiteId, incident.StartedAt);
        if (!_openings.TryAdd(incident.Id, opening))
            return;
        if (!_byRule.TryGetValue(opening.RuleId, out var same))
            _byRule[opening.RuleId] = same = [];
        same.Add(opening);
        if (_openings.Count >= _pruneAt)
            Prune();
    }

    /// <summary>Lets go of what is too old, or too much, now and then.</summary>
    private void Prune()
    {
        var old = _openings.Values.Max(o => o.At) - FleetPatterns.FirmwareWindow;
        var kept = _openings.Where(o => o.Value.At >= old).OrderByDescending(o => o.Value.At).Take(MaxOpenings / 2).ToList();
        _openings.Clear();
        _byRule.Clear();
        foreach (var (id, opening) in kept)
            _openings.Add(id, opening);
        foreach (var rule in kept.Select(o => o.Value).GroupBy(o => o.RuleId))
            _byRule[rule.Key] = [.. rule];
        _pruneAt = Math.Min(MaxOpenings, kept.Count * 2 + 1_000);
    }

    /// <summary>Tells a pattern once, and again when a quarter more devices have it.</summary>
    private async Task Tell(Watch watch, FleetPattern pattern, Incident latest)
    {
        var key = (watch.RuleId, pattern.RuleId, pattern.Kind);
        var now = time.GetUtcNow();
        var known = _told.TryGetValue(key, out var told) && now - told.At <= FleetPatterns.FirmwareWindow;
        if (known && pattern.Devices < told!.Devices * 1.25)
            return;
        var (id, start) = known ? (told!.Id, told.Start)
            : (WorkIds.Of("fleet", _projectId, pattern.RuleId, pattern.Kind, pattern.Start.ToUnixTimeMilliseconds()), pattern.Start);

        // It is of no one device or site: a silence of the latest one's, or a reader of that site alone, has nothing to do with it.
        var episode = new RuleEpisode(
            id, watch.Version, start, start, false, TimeSpan.Zero, watch.Severity ?? latest.Severity, DefaultRules.FleetPattern, null,
            pattern.Devices, pattern.Devices, pattern.Of, pattern.Text, new EpisodeSource(Guid.Empty, "", "", null, null, null), "");
        var subject = new SubjectKey(SubjectKind.Project, pattern.RuleId);
        await GrainFactory.GetGrain<IIncidentGrain>(subject.GrainKey(_projectId, watch.RuleId)).Tell([episode]);
        if (_told.Count >= MaxTold)
            _told.Clear();
        _told[key] = new Told(id, start, now, pattern.Devices);
    }
}
