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
    /// <summary>Incidents held; beyond it the oldest that are over are let go.</summary>
    public const int MaxIncidents = 2_000;

    /// <summary>How long an incident that is over is held: late uploads bring causes of days ago.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromDays(7);

    /// <summary>When telling an incident is tried again.</summary>
    public static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    /// <summary>How often telling one is tried; it is told again when something about it changes.</summary>
    public const int MaxTries = 100;

    private const int PageSize = 1_000;

    private readonly Dictionary<Guid, Incident> _incidents = [];
    private readonly Dictionary<Guid, CauseVerdict> _told = [];
    private readonly Dictionary<Guid, (CauseVerdict Verdict, int Tries)> _toTell = [];
    private Guid _projectId;
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
        if (incident.Count == 0)
            _incidents.Remove(incident.Id);
        else
            _incidents[incident.Id] = incident;
        Forget();
        var verdicts = CauseFinder.Judge(_incidents.Values, time.GetUtcNow());
        var own = verdicts.GetValueOrDefault(incident.Id) ?? new CauseVerdict(incident.Id, null, false, 0, null);
        _told[incident.Id] = own;
        _toTell.Remove(incident.Id);
        Queue(verdicts, incident.Id);
        return Task.FromResult(own);
    }

    private async Task Read(WorkFilter filter)
    {
        var page = await store.List(_projectId, filter, new PageRequest(PageSize), CancellationToken.None);
        foreach (var item in page.Items)
        {
            try
            {
                var incident = WorkJson.Read<Incident>(item.Body);
                if (incident.Count > 0 && PlaceOf(incident) == this.GetPrimaryKeyString())
                    _incidents[incident.Id] = incident;
            }
            catch (InvalidDataException error)
            {
                log.LogError(error, "Incident {IncidentId} cannot be read and is left out of the correlation", item.Id);
            }
        }
    }

    private void Forget()
    {
        var old = time.GetUtcNow() - Memory;
        var gone = _incidents.Values.Where(i => i.EndedAt is { } ended && ended < old && (i.ResolvedAt is null || i.ResolvedAt < old)).ToList();
        gone.AddRange(_incidents.Values.Except(gone).OrderBy(i => i.EndedAt is null).ThenBy(i => i.LastAt)
            .Take(Math.Max(0, _incidents.Count - gone.Count - MaxIncidents)));
        foreach (var incident in gone)
        {
            _incidents.Remove(incident.Id);
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
            foreach (var (owner, verdicts) in _toTell.Values.Where(t => _incidents.ContainsKey(t.Verdict.IncidentId))
                .GroupBy(t => OwnerOf(_incidents[t.Verdict.IncidentId]), t => t.Verdict).Select(g => (g.Key, g.ToImmutableArray())).ToList())
            {
                cancel.ThrowIfCancellationRequested();
                failed |= !await Tell(owner, verdicts);
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
