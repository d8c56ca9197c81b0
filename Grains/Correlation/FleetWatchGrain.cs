using EsoCore.Correlation;
using EsoCore.Grains.Incidents;
using EsoCore.Grains.Storage;
using EsoCore.Incidents;
using EsoCore.Rules;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Correlation;

/// <summary>
/// Holds what opened across the fleet lately and has what it finds made an incident. It reads the incidents' rows when it begins and writes
/// nothing of its own.
/// </summary>
[GrainType("fleet-watch")]
internal sealed class FleetWatchGrain(IWorkStore store, TimeProvider time, ILogger<FleetWatchGrain> log) : Grain, IFleetWatchGrain
{
    /// <summary>The rule that incidents of the fleet are known by.</summary>
    public const string RuleId = "fleet_pattern";

    /// <summary>Openings held; beyond it the oldest go.</summary>
    public const int MaxOpenings = 20_000;

    /// <summary>Devices whose firmware is remembered.</summary>
    public const int MaxDevices = 100_000;

    private const int PageSize = 1_000;
    private const int MaxPages = 20;

    private readonly Dictionary<Guid, FleetOpening> _openings = [];
    private readonly Dictionary<string, List<FleetOpening>> _byRule = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, string> _firmware = [];
    private readonly Dictionary<string, int> _devices = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Rule, string Kind), (Guid Id, DateTimeOffset Start, DateTimeOffset At, int Devices)> _told = [];
    private Guid _projectId;
    private int _pruneAt = 1_000;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _projectId = Guid.ParseExact(this.GetPrimaryKeyString(), "D");
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
        var found = FleetPatterns.Find(_byRule.GetValueOrDefault(incident.RuleId) ?? [], _devices);
        foreach (var pattern in found)
            await Tell(pattern, incident);
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
        incident.RuleId != RuleId
        && SubjectKey.Parse(incident.Subject)?.Kind is SubjectKind.Device or SubjectKind.Asset;

    /// <summary>Adds an opening of a device, unless it is known.</summary>
    private void Add(Incident incident)
    {
        var source = incident.Source;
        var opening = new FleetOpening(
            incident.RuleId, incident.Title, source.DeviceId, source.FirmwareVersion ?? "", source.SiteId, incident.StartedAt);
        if (!_openings.TryAdd(incident.Id, opening))
            return;
        if (!_byRule.TryGetValue(opening.RuleId, out var same))
            _byRule[opening.RuleId] = same = [];
        same.Add(opening);
        Count(opening);
        if (_openings.Count >= _pruneAt)
            Prune();
    }

    private void Count(FleetOpening opening)
    {
        if (_firmware.TryGetValue(opening.DeviceId, out var before))
            _devices[before]--;
        else if (_firmware.Count >= MaxDevices)
            return;
        _firmware[opening.DeviceId] = opening.Firmware;
        _devices[opening.Firmware] = _devices.GetValueOrDefault(opening.Firmware) + 1;
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
    private async Task Tell(FleetPattern pattern, Incident latest)
    {
        var key = (pattern.RuleId, pattern.Kind);
        var now = time.GetUtcNow();
        var known = _told.TryGetValue(key, out var told) && now - told.At <= FleetPatterns.FirmwareWindow;
        if (known && pattern.Devices < told.Devices * 1.25)
            return;
        var (id, start) = known ? (told.Id, told.Start)
            : (WorkIds.Of("fleet", _projectId, pattern.RuleId, pattern.Kind, pattern.Start.ToUnixTimeMilliseconds()), pattern.Start);
        var episode = new RuleEpisode(
            id, 0, start, start, false, TimeSpan.Zero, "high", RuleId, null, pattern.Devices, pattern.Devices, pattern.Of, pattern.Text,
            latest.Source, "");
        var subject = new SubjectKey(SubjectKind.Project, pattern.RuleId);
        await GrainFactory.GetGrain<IIncidentGrain>(subject.GrainKey(_projectId, RuleId)).Tell([episode]);
        _told[key] = (id, start, now, pattern.Devices);
    }
}
