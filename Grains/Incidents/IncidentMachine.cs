using EsoCore.Correlation;
using EsoCore.Feed;
using EsoCore.Grains.Correlation;
using EsoCore.Incidents;
using EsoCore.Rules;
using EsoCore.Wire;

namespace EsoCore.Grains.Incidents;

/// <summary>
/// Decides what becomes of incidents, one step at a time: made of a state and what the step goes by, fed with what happened, and asked for
/// the outcome. It reads no clock and calls nobody: the same steps make the same outcome.
/// </summary>
internal sealed partial class IncidentMachine
{
    private const string ItsOwn = "system";

    private readonly IncidentContext _context;
    private readonly IncidentState _before;
    private readonly RuleTiming _timing;
    private readonly List<HeldEpisode> _episodes;
    private readonly List<IncidentRecord> _records;
    private readonly List<Outgoing> _outgoing;
    private readonly List<Incident> _departed;
    private readonly List<IncidentLine> _lines = [];
    private readonly Dictionary<Guid, Incident> _gone = [];
    private readonly ImmutableDictionary<Guid, Incident> _views;
    private DateTimeOffset? _due;
    private long _lastNo;

    /// <summary>Begins a step.</summary>
    public IncidentMachine(IncidentState state, IncidentContext context)
    {
        (_before, _context) = (state, context);
        _timing = context.Timing ?? state.Timing;
        // An earlier program beside this one carries along what it cannot read: where both tell of an episode, the plain one is newer.
        _episodes = [.. state.Episodes.Concat(PackedEpisodes.Unpack(state.Packed.Span)).DistinctBy(e => e.Id)];
        (_records, _outgoing) = ([.. state.Incidents], [.. state.Outgoing]);
        _departed = [.. state.Departed];
        _views = state.Incidents.ToImmutableDictionary(r => r.View.Id, r => r.View);
        _lastNo = state.LastNo;
        _isEdited = _timing != state.Timing;
        if (_isEdited)
            Settle(state.Timing);
    }

    private DateTimeOffset Now => _context.Now;

    /// <summary>Takes an episode, new or told anew.</summary>
    public void Take(RuleEpisode episode)
    {
        var told = episode with
        {
            Text = Texts.Cut(episode.Text, IncidentLimits.MaxText),
            Meta = episode.Meta.Length <= IncidentLimits.MaxMeta ? episode.Meta : "",

            // JSON knows no infinity: one such number would keep the whole state from being written.
            Value = Finite(episode.Value),
            Limit = Finite(episode.Limit),
        };
        var held = new HeldEpisode(
            episode.EpisodeId, episode.Source.DeviceId, episode.Start, episode.End, episode.Lasts, episode.HoldFor, episode.Severity, told);
        var known = _episodes.FindIndex(e => e.Id == episode.EpisodeId);
        if (known < 0)
            _episodes.Add(held);
        else
            _episodes[known] = held;
    }

    /// <summary>Takes what the correlation says. What it says of an incident that is not held here is ignored.</summary>
    public void Judge(CauseVerdict verdict)
    {
        if (Find(verdict.IncidentId) is not { } record)
            return;
        var (before, view) = (record.View.CauseId, record.View);
        // The correlation remembers in memory alone: what it forgets to tell when the cause ends, it is asked for.
        if (verdict is { CauseId: not null, IsHeld: true, RecheckAt: null } && view.Status != IncidentStatus.Resolved)
            verdict = verdict with { RecheckAt = Now + IncidentLimits.HeldCheck };
        var after = record with { Verdict = verdict, Unreported = false };
        if (view.CauseId != verdict.CauseId || view.Consequences != verdict.Consequences)
            after = Show(after, view with { CauseId = verdict.CauseId, Consequences = verdict.Consequences });
        if (before != verdict.CauseId && verdict.CauseId is { } cause)
            Tell("incident.attached", ItsOwn, after, $"Consequence of incident {cause:D}.");
        else if (before != verdict.CauseId)
            Tell("incident.detached", ItsOwn, after, null);
        Put(record.IsHeld && !after.IsHeld && view.Status == IncidentStatus.Open ? Released(after) : after);
    }

    /// <summary>
    /// Its cause holds it back no longer, but it is not told at once: while late data comes in, causes come and go. An escalation that had
    /// begun goes on where it stood: who was told knows, and a step that came due meanwhile is overdue.
    /// </summary>
    private IncidentRecord Released(IncidentRecord record)
    {
        var soonest = NotifyAt(record);
        return record with
        {
            NotifyAt = record.NotifyAt ?? (record.Announced < record.Opening ? soonest : null),
            Escalations = [.. record.Escalations.Select(e => e.DueAt < soonest ? e with { DueAt = soonest } : e)],
        };
    }

    /// <summary>Whether the correlation is to be asked about an incident before the step decides anything about it.</summary>
    public ImmutableArray<Incident> ToReport() =>
        [.. _records.Where(r => IsCorrelated && (r.Unreported || IsDue(r.NotifyAt) && CanWait(r) || IsDue(r.Verdict?.RecheckAt)))
            .Select(r => r.View)];

    /// <summary>Sorts the episodes into incidents as of now, and opens, reopens and resolves what follows from it.</summary>
    public void Sort()
    {
        _episodes.RemoveAll(e => e.End is not null && !EpisodeClusters.Counts(e, Now));
        var clusters = EpisodeClusters.Of(_episodes, _records, _timing, Now);
        _due = null;
        foreach (var cluster in clusters.Where(c => c.End is null))
            Due(cluster.OverAt);
        var left = clusters.ToList();
        foreach (var record in _records.ToList())
        {
            var own = left.FindIndex(c => Overlaps(c, record.View));
            if (own >= 0)
            {
                if (!IsSettled(record, left[own]))
                    Update(record, left[own]);
                left.RemoveAt(own);
            }
            else if (_isEdited && record.View.Status != IncidentStatus.Resolved)
            {
                Release(record, "Ended: its rule was changed, and what is held of it makes no incident by the rule as it is now.");
            }
            else if (_timing.Devices > 1 && record.Folded is not null)
            {
                Release(record, null);
            }
            else
            {
                Withdraw(record, clusters.FirstOrDefault(c => Overlaps(c, record.View)));
            }
        }

        foreach (var cluster in left)
            Open(cluster);
        Fold();
        Forget();
    }

    /// <summary>Decides what is due, once <see cref="Sort"/> has run.</summary>
    /// <param name="unheard">Incidents about which the correlation could not be asked.</param>
    public void Wake(IReadOnlySet<Guid> unheard)
    {
        foreach (var record in _records.ToList())
        {
            if (IsDue(record.NotifyAt))
                Notify(record, unheard.Contains(record.View.Id));
        }

        foreach (var record in _records.ToList())
            Escalate(record);
    }

    /// <summary>Takes things off the list of what is to be handed on: they have arrived, or were given up.</summary>
    public void HandedOn(IReadOnlySet<Outgoing> done, IEnumerable<Outgoing> givenUp)
    {
        _outgoing.RemoveAll(done.Contains);
        foreach (var lost in givenUp)
        {
            _outgoing.Remove(lost);
            if (lost is NoticeOut notice)
                _lines.Add(new IncidentLine("incident.undelivered", ItsOwn, notice.Notice.Incident,
                    $"A notice to {notice.To} was given up."));
        }
    }

    /// <summary>Ends the step.</summary>
    public IncidentOutcome End()
    {
        var current = _records.Select(r => r.View).Concat(_gone.Values).ToList();
        ImmutableArray<Incident> changed = [.. current.Where(v => !_views.TryGetValue(v.Id, out var old) || old != v)];
        foreach (var view in changed)
            HandOn(new FeedOut(Now, FeedOf(view)));
        var views = current.ToDictionary(v => v.Id);
        var (episodes, packed) = PackedEpisodes.Split(Stripped());
        var state = _before with
        {
            Format = IncidentState.CurrentFormat,
            Episodes = episodes,
            Packed = packed,
            Incidents = [.. _records.OrderBy(r => r.No)],
            Departed = [.. _departed],
            Outgoing = [.. _outgoing.Select(o => Final(o, views))],
            LastNo = _lastNo,
            Timing = _timing,
        };
        return new IncidentOutcome(state, changed,
            [.. _lines.Select(l => l with { Incident = views.GetValueOrDefault(l.Incident.Id, l.Incident) })], NextDue());
    }

    private bool IsCorrelated => _context.Subject.Kind != SubjectKind.Project;

    private bool IsDue(DateTimeOffset? at) => at is { } due && due <= Now;

    /// <summary>Whether it can be a consequence, so that it is worth waiting for its cause.</summary>
    private bool CanWait(IncidentRecord record) => IsCorrelated && CausalGraph.HasCauses(record.View.Cause);

    private IncidentRecord? Find(Guid id) => _records.Find(r => r.View.Id == id);

    private void Put(IncidentRecord record)
    {
        var at = _records.FindIndex(r => r.No == record.No);
        if (at < 0)
            _records.Add(record);
        else
            _records[at] = record;
    }

    /// <summary>The record with another view of it; its version is one more than before the step, however often it is changed.</summary>
    private IncidentRecord Show(IncidentRecord record, Incident view)
    {
        var before = _views.GetValueOrDefault(view.Id);
        return record with { View = before is not null && before == view with { Version = before.Version } ? before
            : view with { Version = (before?.Version ?? 0) + 1 } };
    }

    private void Tell(string action, string actor, IncidentRecord record, string? text) =>
        _lines.Add(new IncidentLine(action, actor, record.View, text));

    private void Due(DateTimeOffset? at)
    {
        if (at is { } due && due < DateTimeOffset.MaxValue && (_due is null || due < _due))
            _due = due;
    }

    private DateTimeOffset? NextDue()
    {
        if (_departed.Count > 0)
            Due(Now + IncidentLimits.MaxUnheard);
        foreach (var episode in _episodes)
            Due(EpisodeClusters.PendingUntil(episode, Now));
        foreach (var record in _records)
        {
            Due(record.NotifyAt);
            if (record.Unreported && IsCorrelated)
                Due(Now + IncidentLimits.MaxUnheard);
            if (record.IsHeld || record.View.CauseId is not null && record.Announced < record.Opening)
                Due(IsDue(record.Verdict?.RecheckAt) ? Now + IncidentLimits.MaxUnheard : record.Verdict?.RecheckAt);
            foreach (var escalation in record.IsHeld ? [] : record.Escalations)
                Due(escalation.DueAt);
        }

        return _due;
    }

    private FeedEntry FeedOf(Incident view) => new(
        $"{view.Id:D}:{view.Version}", "incident", view.Source.SiteId, _context.Subject.Kind == SubjectKind.Device ? view.Source.DeviceId
            : null,
        new JsonText(WorkJson.Write(view with { Meta = "", Text = Texts.Cut(view.Text, 512) })));

    private static Outgoing Final(Outgoing item, Dictionary<Guid, Incident> views) => item switch
    {
        // Notices made in this step show the incident as the step leaves it; those made before stay as they are.
        NoticeOut { Notice: var notice } out1 when views.TryGetValue(notice.Incident.Id, out var view)
            && view.Version == notice.Incident.Version =>
            out1 with { Notice = notice with { Incident = view } },
        _ => item,
    };

    private static double? Finite(double? number) => number is { } given && double.IsFinite(given) ? given : null;

    private static Severity Rank(string severity) => Severities.TryParse(severity, out var rank) ? rank : Severity.Medium;
}
