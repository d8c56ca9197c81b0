using EsoCore.Correlation;
using EsoCore.Grains.Incidents;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Incidents;
using EsoCore.Rules;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Correlation;

/// <summary>
/// Holds the recent incidents of a place in memory and judges them as a set. What it holds is what the incidents' rows say, so it writes
/// nothing: after a crash it reads them, and tells those whose rows say otherwise than it does.
/// </summary>
[GrainType("correlation")]
internal sealed class CorrelationGrain(IWorkStore store, TimeProvider time, ILogger<CorrelationGrain> log) : Grain, ICorrelationGrain
{
    /// <summary>Incidents held (10,000); beyond it the oldest that concern one device are let go, those that are over first.</summary>
    public const int MaxIncidents = PageRequest.MaxLimit;

    /// <summary>How long an incident that is over is held: late uploads bring causes of days ago.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromDays(7);

    /// <summary>How often what is long over is let go of.</summary>
    public static readonly TimeSpan ForgetEvery = TimeSpan.FromMinutes(1);

    /// <summary>When telling an incident is tried again.</summary>
    public static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    /// <summary>How often telling one is tried; it is told again when something about it changes.</summary>
    public const int MaxTries = 100;

    /// <summary>Incidents told at one time.</summary>
    private const int ToldAtOnce = 16;

    private readonly Dictionary<Guid, Incident> _incidents = [];
    private readonly Dictionary<Guid, List<Incident>> _ofDevice = [];
    private readonly Dictionary<Guid, Incident> _wide = [];
    private readonly Dictionary<Guid, CauseVerdict> _told = [];
    private readonly Dictionary<Guid, (CauseVerdict Verdict, int Tries)> _toTell = [];
    private Guid _projectId;
    private DateTimeOffset _forgetAt;
    private bool _isTelling;

    /// <summary>The place of an incident: its site, or its device where that is at none; null for those of a whole project.</summary>
    public static string? PlaceOf(Incident incident) => SubjectKey.Parse(incident.Subject) switch
    {
        { Kind: SubjectKind.Project } or null => null,
        { Kind: SubjectKind.Site } subject => ProjectKey.Of(incident.ProjectId, subject.ToString()),
        _ => ProjectKey.Of(incident.ProjectId, incident.Source.SiteId is { } site
            ? new SubjectKey(SubjectKind.Site, site).ToString() : SubjectKey.Device(incident.Source.DeviceId).ToString()),
    };

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_projectId, var place) = ProjectKey.Parse(this.GetPrimaryKeyString());
        var subject = SubjectKey.Parse(place) ?? throw new ArgumentException($"'{place}' is no place.");
        var filter = subject.Kind == SubjectKind.Site
            ? new WorkFilter(WorkKinds.Incident, SiteId: subject.Id) : new WorkFilter(WorkKinds.Incident, DeviceId: Guid.Parse(subject.Id));
        await Read(filter with { From = time.GetUtcNow() - Memory });
        await Read(filter with { Statuses = ["open", "acknowledged", "suppressed"] });
        foreach (var incident in _incidents.Values)
            _told[incident.Id] = new CauseVerdict(incident.Id, incident.CauseId, false, incident.Consequences, null);
        Queue(CauseFinder.Judge(_incidents.Values, time.GetUtcNow()), null);
    }

    /// <inheritdoc/>
    public Task<CauseVerdict> Report(Incident incident)
    {
        // No await in here: calls interleave, and each must find the set whole.
        var before = _incidents.GetValueOrDefault(incident.Id);
        if (incident.Count == 0)
            Remove(incident.Id);
        else
            Keep(incident);
        Forget();
        var seeds = new[] { before, _incidents.GetValueOrDefault(incident.Id) }.OfType<Incident>().ToList();
        var verdicts = CauseFinder.Judge(CauseNeighbours.Of(seeds, _wide.Values, _ofDevice), time.GetUtcNow());
        var own = verdicts.GetValueOrDefault(incident.Id) ?? new CauseVerdict(incident.Id, null, false, 0, null);
        _told[incident.Id] = own;
        _toTell.Remove(incident.Id);
        Queue(verdicts, incident.Id);
        return Task.FromResult(own);
    }

    private async Task Read(WorkFilter filter)
    {
        var page = await store.List(_projectId, filter, new PageRequest(MaxIncidents), CancellationToken.None);
        foreach (var item in page.Items)
        {
            try
            {
                var incident = WorkJson.Read<Incident>(item.Body);
                if (incident.Count > 0 && PlaceOf(incident) == this.GetPrimaryKeyString())
                    Keep(incident);
            }
            catch (InvalidDataException error)
            {
                log.LogError(error, "Incident {IncidentId} cannot be read and is left out of the correlation", item.Id);
            }
        }
    }

    private void Keep(Incident incident)
    {
        Remove(incident.Id);
        _incidents[incident.Id] = incident;
        if (CauseFinder.IsWide(incident))
            _wide[incident.Id] = incident;
        else if (_ofDevice.TryGetValue(incident.Source.DeviceId, out var own))
            own.Add(incident);
        else
            _ofDevice[incident.Source.DeviceId] = [incident];
    }

    private void Remove(Guid id)
    {
        if (!_incidents.Remove(id, out var incident) || _wide.Remove(id))
            return;
        var own = _ofDevice[incident.Source.DeviceId];
        own.RemoveAll(i => i.Id == id);
        if (own.Count == 0)
            _ofDevice.Remove(incident.Source.DeviceId);
    }

    /// <summary>Lets go of what is long over, now and then, and of what is too many, a tenth at once.</summary>
    private void Forget()
    {
        var now = time.GetUtcNow();
        if (_incidents.Count <= MaxIncidents && now < _forgetAt)
            return;
        _forgetAt = now + ForgetEvery;
        var old = now - Memory;
        var gone = _incidents.Values.Where(i => i.EndedAt is { } ended && ended < old && (i.ResolvedAt is null || i.ResolvedAt < old))
            .ToList();
        if (_incidents.Count - gone.Count is var left && left > MaxIncidents)
        {
            gone.AddRange(_incidents.Values.Except(gone).Where(i => !_wide.ContainsKey(i.Id))
                .OrderBy(i => i.EndedAt is null).ThenBy(i => i.LastAt).Take(left - (MaxIncidents * 9 / 10)));
        }

        foreach (var incident in gone)
        {
            Remove(incident.Id);
            _told.Remove(incident.Id);
            _toTell.Remove(incident.Id);
        }
    }

    /// <summary>Notes who is to hear of a changed verdict, and sees to it on a timer: whoever reports must not wait for others.</summary>
    private void Queue(Dictionary<Guid, CauseVerdict> verdicts, Guid? reporter)
    {
        foreach (var (id, verdict) in verdicts)
        {
            if (id != reporter && (!_told.TryGetValue(id, out var told) || Differs(told, verdict)))
                _toTell[id] = (verdict, 0);
        }

        if (_toTell.Count > 0 && !_isTelling)
            Start(TimeSpan.Zero);
    }

    private static bool Differs(CauseVerdict a, CauseVerdict b) =>
        a.CauseId != b.CauseId || a.Consequences != b.Consequences || a.IsHeld != b.IsHeld || a.RecheckAt != b.RecheckAt;

    private void Start(TimeSpan wait)
    {
        _isTelling = true;
        this.RegisterGrainTimer(Tell, new GrainTimerCreationOptions(wait, Timeout.InfiniteTimeSpan) { Interleave = true });
    }

    private async Task Tell(CancellationToken cancel)
    {
        var failed = false;
        try
        {
            var owners = _toTell.Values.Where(t => _incidents.ContainsKey(t.Verdict.IncidentId)).Select(t => t.Verdict)
                .GroupBy(v => OwnerOf(_incidents[v.IncidentId])).Select(g => (Owner: g.Key, Verdicts: g.ToImmutableArray()));
            foreach (var part in owners.ToList().Chunk(ToldAtOnce))
            {
                cancel.ThrowIfCancellationRequested();
                failed |= (await Task.WhenAll(part.Select(o => Tell(o.Owner, o.Verdicts)))).Contains(false);
            }
        }
        finally
        {
            _isTelling = false;
            if (_toTell.Count > 0 && !cancel.IsCancellationRequested)
                Start(failed ? Retry : TimeSpan.Zero);
        }
    }

    private async Task<bool> Tell(string owner, ImmutableArray<CauseVerdict> verdicts)
    {
        try
        {
            await GrainFactory.GetGrain<IIncidentGrain>(owner).Judge(verdicts);
        }
        catch (Exception error)
        {
            log.LogWarning(error, "{Owner} could not be told of its cause; it is told again", owner);
            foreach (var verdict in verdicts)
            {
                if (_toTell.TryGetValue(verdict.IncidentId, out var left) && left.Verdict == verdict)
                {
                    _toTell[verdict.IncidentId] = (verdict, left.Tries + 1);
                    if (left.Tries + 1 >= MaxTries)
                        _toTell.Remove(verdict.IncidentId);
                }
            }

            return false;
        }

        foreach (var verdict in verdicts)
        {
            // It may have changed again meanwhile.
            _told[verdict.IncidentId] = verdict;
            if (_toTell.TryGetValue(verdict.IncidentId, out var left) && left.Verdict == verdict)
                _toTell.Remove(verdict.IncidentId);
        }

        return true;
    }

    private static string OwnerOf(Incident incident) => $"{incident.ProjectId:D}/{incident.RuleId}/{incident.Subject}";
}
