using EsoCore.Incidents;

namespace EsoCore.Grains.Incidents;

/// <summary>What people do with incidents.</summary>
internal sealed partial class IncidentMachine
{
    /// <summary>Does what a person asked for. To be followed by <see cref="Sort"/>.</summary>
    public EditOutcome Act(IncidentAct act, out ImmutableArray<FieldError> faults)
    {
        faults = Faults(act);
        if (!faults.IsEmpty)
            return EditOutcome.Invalid;
        if (Find(act.IncidentId) is not { } record)
            return EditOutcome.NotFound;
        if (act.ExpectedVersion is { } expected && expected != record.View.Version)
            return EditOutcome.VersionMismatch;
        var text = string.IsNullOrEmpty(act.Text) ? null : act.Text;
        switch (act.Verb)
        {
            case IncidentVerb.Acknowledge when record.View.Status == IncidentStatus.Open:
                Acknowledge(record, act.Actor, text);
                break;
            case IncidentVerb.Resolve when record.View.Status != IncidentStatus.Resolved:
                var joined = record.View.Status == IncidentStatus.Suppressed ? Now : record.JoinedUntil;
                Put(Resolve(record with { CutAt = Now, JoinedUntil = joined, NotifyAt = null }, act.Actor, text));
                break;
            case IncidentVerb.Suppress when record.View.Status is IncidentStatus.Open or IncidentStatus.Acknowledged:
                var aside = Show(record with { Escalations = [], NotifyAt = null, Told = [], Unreported = true },
                    record.View with { Status = IncidentStatus.Suppressed });
                Tell("incident.suppressed", act.Actor, aside, text);
                Put(aside);
                break;
            case IncidentVerb.Unsuppress when record.View.Status == IncidentStatus.Suppressed:
                TakeUp(record, act.Actor, text);
                break;
            case IncidentVerb.Assign when record.View.Assignee != act.Assignee:
                var assigned = Show(record, record.View with { Assignee = act.Assignee });
                Tell("incident.assigned", act.Actor, assigned, text ?? act.Assignee);
                Put(assigned);
                break;
            case IncidentVerb.Comment:
                Tell("incident.commented", act.Actor, record, text);
                break;
        }

        return EditOutcome.Changed;
    }

    /// <summary>An incident as it stands within the step, or null.</summary>
    public Incident? View(Guid id) => Find(id)?.View;

    private void Acknowledge(IncidentRecord record, string actor, string? text)
    {
        var after = Show(record with { Escalations = [] }, record.View with
        {
            Status = IncidentStatus.Acknowledged, AcknowledgedAt = Now, AcknowledgedBy = actor,
        });
        Tell("incident.acknowledged", actor, after, text);
        Put(after);
    }

    /// <summary>
    /// Takes up again what was put aside. If it goes on, it is told anew and its escalation begins with its first step, counted from now:
    /// what was told before has been dealt with by putting it aside, and whoever is on duty now may never have heard of it.
    /// </summary>
    private void TakeUp(IncidentRecord record, string actor, string? text)
    {
        var isOver = record.View.EndedAt is not null;
        var told = record with { JoinedUntil = Now, NotifyAt = null, Unreported = true };
        if (!isOver)
            told = told with { NotifyAt = Now, Announced = 0, TakenUp = record.TakenUp + (record.Announced > 0 ? 1 : 0) };
        var after = Show(told, record.View with
        {
            Status = isOver ? IncidentStatus.Resolved : IncidentStatus.Open,
            AcknowledgedAt = isOver ? record.View.AcknowledgedAt : null,
            AcknowledgedBy = isOver ? record.View.AcknowledgedBy : null,
            EscalationLevel = isOver ? record.View.EscalationLevel : 0,
            ResolvedAt = isOver ? Now : null,
            ResolvedBy = isOver ? ItsOwn : null,
        });
        Tell("incident.unsuppressed", actor, after, text);
        Put(after);
    }

    private static ImmutableArray<FieldError> Faults(IncidentAct act)
    {
        var faults = ImmutableArray.CreateBuilder<FieldError>();
        if (act.Text is { Length: > IIncidentGrain.MaxComment })
            faults.Add(new FieldError("text", $"must be at most {IIncidentGrain.MaxComment} characters"));
        if (act.Verb == IncidentVerb.Comment && string.IsNullOrWhiteSpace(act.Text))
            faults.Add(new FieldError("text", $"is required: 1 to {IIncidentGrain.MaxComment} characters"));
        if (act.Assignee is { Length: 0 or > IIncidentGrain.MaxAssignee })
            faults.Add(new FieldError("assignee", $"must be 1 to {IIncidentGrain.MaxAssignee} characters, or null"));
        return faults.ToImmutable();
    }
}
