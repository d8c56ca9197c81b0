using EsoCore.Incidents;
using EsoCore.Rules;
using EsoCore.Wire;

namespace EsoCore.Grains.Incidents;

/// <summary>Opening, repeating, reopening and resolving, as the episodes have it.</summary>
internal sealed partial class IncidentMachine
{
    private static bool Overlaps(Cluster cluster, Incident view) =>
        cluster.Start <= (view.EndedAt ?? DateTimeOffset.MaxValue) && cluster.OverAt >= view.StartedAt;

    private void Open(Cluster cluster)
    {
        var no = ++_lastNo;
        var id = WorkIds.Of("incident", _context.ProjectId, _context.RuleId, _context.Subject, no);
        var face = FaceOf(cluster, null) ?? Plain(cluster);
        var view = new Incident(
            id, 1, _context.ProjectId, _context.RuleId, _context.Subject.ToString(), IncidentStatus.Open, face.Severity, TitleOf(face), "",
            face.Cause, null, 0, face.Source, cluster.Start, Now, cluster.LastAt, cluster.End, null, null, null, null, 0, 0, null, null, 0,
            "");
        var record = new IncidentRecord(no, view) { Unreported = true };
        record = Show(record, ViewOf(record, cluster));
        record = record with { NotifyAt = NotifyAt(record) };
        Tell("incident.opened", $"rule:{_context.RuleId}", record, null);
        if (cluster.End is not null)
            record = Resolve(record, ItsOwn, null);
        Put(record);
    }

    private void Update(IncidentRecord record, Cluster cluster)
    {
        var view = ViewOf(record, cluster);
        var after = Show(record, view);
        if (Stands(record.View) != Stands(after.View))
            after = after with { Unreported = true };
        switch (view.Status)
        {
            case IncidentStatus.Resolved when cluster.End is null:
                after = Reopen(after);
                break;
            case IncidentStatus.Open or IncidentStatus.Acknowledged when cluster.End is not null:
                // What ended it says why: back within limits, or a device that was disabled.
                after = Resolve(after, ItsOwn, view.Lasts ? view.Text : null);
                break;
        }

        Put(after);
    }

    /// <summary>
    /// What the correlation goes by. When something without an end was last seen it knows roughly, so that a flood of it asks seldom.
    /// </summary>
    private (DateTimeOffset, DateTimeOffset?, long, string, string?, bool) Stands(Incident view) =>
        (view.StartedAt, view.EndedAt, LastSeen(view), view.Cause, view.Source.SiteId, view.Status == IncidentStatus.Resolved);

    /// <summary>What concerns many devices takes in others for as long as more of them are lost, so that counts exactly.</summary>
    private long LastSeen(Incident view) => _context.Subject.Kind == SubjectKind.Site ? view.LastAt.UtcTicks
        : view.Lasts ? 0 : view.LastAt.UtcTicks / IncidentLimits.HeldCheck.Ticks;

    private IncidentRecord Reopen(IncidentRecord record)
    {
        var after = record with { Opening = record.Opening + 1, Unreported = true, Verdict = null };
        after = Show(after, after.View with
        {
            Status = IncidentStatus.Open, AcknowledgedAt = null, AcknowledgedBy = null, ResolvedAt = null, ResolvedBy = null,
            EscalationLevel = 0,
            Reopened = Math.Max(after.View.Reopened, after.Opening - 1),
        });
        Tell("incident.reopened", $"rule:{_context.RuleId}", after, null);
        return after with { NotifyAt = NotifyAt(after) };
    }

    private IncidentRecord Resolve(IncidentRecord record, string actor, string? text)
    {
        var after = Show(record, record.View with { Status = IncidentStatus.Resolved, ResolvedAt = Now, ResolvedBy = actor });
        Tell("incident.resolved", actor, after, text);
        if (_context.Rule?.Actions.OfType<DisableSensorAlertsAction>().Any() == true)
            EnableSensors(after.View, actor);
        foreach (var recipient in after.Told)
            HandOn(NoticeOf(after, EsoCore.Notifications.NoticeKind.Resolved, "resolved", recipient));
        return after with { Escalations = [], Told = [], Unreported = true };
    }

    /// <summary>
    /// The sensors that its faults muted are looked at again where the events themselves do not say that they are well: when people declare
    /// it over, or when faults without an end of their own were not repeated. What begins later is a fault of its own.
    /// </summary>
    private void EnableSensors(Incident view, string actor)
    {
        var isByPeople = actor != ItsOwn;
        if (!isByPeople && (view.Lasts || view.Count == 0))
            return;
        var upTo = isByPeople ? Now : view.EndedAt ?? view.LastAt;
        foreach (var device in _episodes.Where(e => e.Start >= view.StartedAt && e.Start <= upTo).Select(e => e.Device)
            .Append(view.Source.DeviceId).Distinct().Take(IncidentLimits.MaxSensorDevices).ToList())
            HandOn(new SensorOut(Now, device, upTo));
    }

    /// <summary>
    /// Its episodes turned out not to count, or to belong to another incident. Rare: only late data that takes back what was believed does
    /// it.
    /// </summary>
    private void Withdraw(IncidentRecord record, Cluster? into)
    {
        var survivor = into is null ? null : _records.Find(r => r.No != record.No && Overlaps(into, r.View));
        var text = survivor is null ? "Withdrawn: late data shows that its condition did not hold."
            : $"Withdrawn: part of incident {survivor.View.Id:D}.";
        var after = Show(record, record.View with { Text = text, Count = 0, EndedAt = record.View.EndedAt ?? Now, CauseId = null,
            Consequences = 0 });
        if (after.View.Status != IncidentStatus.Resolved)
            after = Resolve(after, ItsOwn, text);
        Depart(after with { Unreported = true });
    }

    /// <summary>Holds an incident no longer: it lives on in its row alone, and in the correlation as it was told of last.</summary>
    private void Depart(IncidentRecord record)
    {
        _gone[record.View.Id] = record.View;
        _records.RemoveAll(r => r.No == record.No);
        if (!record.Unreported || !IsCorrelated)
            return;
        _departed.Add(record.View with { Text = "", Meta = "" });
        if (_departed.Count > IncidentLimits.MaxDeparted)
            _departed.RemoveAt(0);
    }

    /// <summary>
    /// Incidents that are held no longer: those that turned out to be none the correlation is to forget, and of the others it is to know
    /// the end. Until it was told it holds back what it took for their consequences.
    /// </summary>
    public IReadOnlyList<Incident> Departed => _departed;

    /// <summary>Notes that the correlation was told of one that is held no longer.</summary>
    public void Reported(Guid departed) => _departed.RemoveAll(view => view.Id == departed);

    private Incident ViewOf(IncidentRecord record, Cluster cluster)
    {
        var (view, face) = (record.View, FaceOf(cluster, record.View));
        var severity = cluster.Members.Select(i => Rank(_episodes[i].Severity)).DefaultIfEmpty(Rank(view.Severity)).Max();
        if (!cluster.Folded.IsEmpty && Rank(view.Severity) > severity)
            severity = Rank(view.Severity);
        view = view with
        {
            Severity = Severities.NameOf(severity), StartedAt = cluster.Start, LastAt = cluster.LastAt, EndedAt = cluster.End,
            Count = cluster.Count,
            Reopened = Math.Max(Math.Max(cluster.Reopens, record.Settled?.Reopens ?? 0), record.Opening - 1),
            Lasts = cluster.Members.Any(i => _episodes[i].Lasts),
        };
        if (face is null)
            return view;
        var text = _timing.Devices > 1 ? $"{cluster.Devices} devices: {face.Text}" : face.Text;
        return view with
        {
            Title = TitleOf(face), Text = Texts.Cut(text, IncidentLimits.MaxText), Cause = CauseOf(face), Source = face.Source,
            Value = face.Value,
            Limit = face.Limit, Meta = face.Meta,
        };
    }

    /// <summary>The latest episode of which everything is known: it gives the incident its words.</summary>
    private RuleEpisode? FaceOf(Cluster cluster, Incident? view)
    {
        var face = cluster.Members.Select(i => _episodes[i]).Where(e => e.Told is not null).OrderBy(e => e.Start).ThenBy(e => e.Id)
            .LastOrDefault()?.Told;
        if (face is not null || view is not null || cluster.Members.IsEmpty)
            return face;

        // An incident that split off another has episodes whose words are forgotten: it borrows those of the latest told.
        var first = _episodes[cluster.Members[^1]];
        var like = _records.OrderBy(r => r.No).LastOrDefault()?.View;
        return like is null ? null : new RuleEpisode(
            first.Id, 0, first.Start, first.End, first.Lasts, first.HoldFor, first.Severity, like.Cause, null, 1, like.Value, like.Limit,
            like.Text,
            like.Source, like.Meta);
    }

    /// <summary>
    /// Words for episodes whose own are forgotten. It should not come to this; but if it does, a bare incident says more than a grain that
    /// fails on it again and again.
    /// </summary>
    private RuleEpisode Plain(Cluster cluster)
    {
        var device = cluster.Members.IsEmpty ? Guid.Empty : _episodes[cluster.Members[^1]].Device;
        var severity = cluster.Members.IsEmpty ? Severities.NameOf(Severity.Medium) : _episodes[cluster.Members[^1]].Severity;
        return new RuleEpisode(
            Guid.Empty, 0, cluster.Start, cluster.End, cluster.End is null, TimeSpan.Zero, severity, _context.RuleId, null, 1, null, null,
            "", new EpisodeSource(device, "", "", null, _context.Subject.Kind == SubjectKind.Site ? _context.Subject.Id : null, null), "");
    }

    /// <summary>Incidents of several devices are known to the causal graph by their rule where that names them.</summary>
    private string CauseOf(RuleEpisode face) =>
        _timing.Devices > 1 && EsoCore.Grains.Correlation.CausalGraph.Knows(_context.RuleId) ? _context.RuleId : face.Cause;

    private string TitleOf(RuleEpisode face)
    {
        var what = string.IsNullOrWhiteSpace(_context.Rule?.Name) ? _context.RuleId : _context.Rule.Name;
        var where = _context.Subject.Kind switch
        {
            SubjectKind.Device => face.Source.Serial,
            SubjectKind.Project when _context.Subject.Id.Length == 0 => "fleet",
            _ => _context.Subject.Id,
        };
        return Texts.Cut($"{what}: {where}", IncidentLimits.MaxTitle);
    }

    private DateTimeOffset NotifyAt(IncidentRecord record) => !CanWait(record)
        ? Now : Now + (Rank(record.View.Severity) == Severity.Critical ? IncidentLimits.SettleCritical : IncidentLimits.Settle);

    /// <summary>Old incidents that are resolved live on in their rows alone.</summary>
    private void Forget()
    {
        var old = _records.Where(r => r.View.Status == IncidentStatus.Resolved && r.NotifyAt is null).OrderBy(r => r.View.StartedAt)
            .ThenBy(r => r.No)
            .Take(Math.Max(0, _records.Count - IncidentLimits.MaxIncidents)).ToList();
        foreach (var record in old)
        {
            Depart(record);
            _episodes.RemoveAll(e => e.Start >= record.View.StartedAt && e.Start <= (record.View.EndedAt ?? record.View.LastAt));
        }
    }

    /// <summary>Keeps the words of an episode only where they are, or may yet be, those of an incident.</summary>
    private IEnumerable<HeldEpisode> Stripped()
    {
        var faces = EpisodeClusters.Of(_episodes, _records, _timing, Now)
            .Select(c => c.Members.Select(i => _episodes[i]).Where(e => e.Told is not null).OrderBy(e => e.Start).ThenBy(e => e.Id)
                .LastOrDefault()?.Id)
            .ToHashSet();
        return _episodes.Select(e => e.Told is null || faces.Contains(e.Id) || !EpisodeClusters.Counts(e, Now) || _timing.Devices > 1
            && InNone(e)
            ? e : e with { Told = null });
    }

    /// <summary>Whether the episode waits for others before it is anything: then its words may yet be wanted.</summary>
    private bool InNone(HeldEpisode episode) => !_records.Any(r => r.View.StartedAt <= episode.Start && r.View.EndedAt is null);

    private static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
