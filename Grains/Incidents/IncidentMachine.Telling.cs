using EsoCore.Escalation;
using EsoCore.Grains.Escalation;
using EsoCore.Incidents;
using EsoCore.Notifications;
using EsoCore.Rules;
using EsoCore.Tickets;

namespace EsoCore.Grains.Incidents;

/// <summary>Whom an incident is told, and when.</summary>
internal sealed partial class IncidentMachine
{
    /// <summary>Decides whether people are told that an incident is open: not while it is a consequence of one that they know of.</summary>
    private void Notify(IncidentRecord record, bool isUnheard)
    {
        var opened = record.Opening == 1 ? record.View.OpenedAt : record.NotifyAt!.Value;
        if (isUnheard && CanWait(record) && Now < opened + IncidentLimits.MaxUnheard)
        {
            Put(record with { NotifyAt = Now + IncidentLimits.Retry });
            return;
        }

        var after = record with { NotifyAt = null };
        var view = record.View;
        var isAttached = view.CauseId is not null && (record.IsHeld || view.Status == IncidentStatus.Resolved);
        if (view.Status != IncidentStatus.Suppressed && !isAttached && record.Announced < record.Opening)
            after = Announce(after);
        Put(after);
    }

    private IncidentRecord Announce(IncidentRecord record)
    {
        var after = record with { Announced = record.Opening };
        var actions = _context.Rule?.Actions ?? [];
        var kind = record is { Opening: 1, TakenUp: 0 } ? NoticeKind.Opened : NoticeKind.Reopened;
        for (var i = 0; i < actions.Length; i++)
        {
            switch (actions[i])
            {
                case NotifyAction notify:
                    foreach (var to in notify.To)
                        after = TellOpen(after, kind, $"opened.{i}", new Recipient(to, notify.Via));
                    break;
                case EscalateAction when record.View.Status == IncidentStatus.Open:
                    after = after with { Escalations = after.Escalations.Add(new EscalationProgress(i, 0, Now)) };
                    after = Schedule(after, after.Escalations[^1], Now);
                    break;
                case TicketAction ticket:
                    HandOn(TicketOf(record.View, ticket, i));
                    break;
            }
        }

        if (IsCorrelated && record.View.CauseId is null)
            HandOn(new FleetOut(Now, record.View));
        return after;
    }

    /// <summary>Sets when the next step of an escalation is due, or ends it.</summary>
    private IncidentRecord Schedule(IncidentRecord record, EscalationProgress progress, DateTimeOffset from)
    {
        var plan = PlanOf(progress);
        var at = record.Escalations.IndexOf(record.Escalations.First(e => e.Action == progress.Action));
        if (plan is null)
        {
            var waits = progress with { DueAt = AskAgain(from), UnplannedSince = from };
            return record with { Escalations = record.Escalations.SetItem(at, waits) };
        }

        if (plan.Next(progress.Step) is not { } step)
            return record with { Escalations = record.Escalations.RemoveAt(at) };
        var due = QuietRules.Release(plan.Quiet, record.View.Severity, from + step.After);
        return record with { Escalations = record.Escalations.SetItem(at, progress with { DueAt = due, UnplannedSince = null }) };
    }

    /// <summary>
    /// Takes the steps that are due. Each is taken once: the number of steps taken stands in the state that the step writes. While a cause
    /// holds the incident back none is taken, and those that were count.
    /// </summary>
    private void Escalate(IncidentRecord record)
    {
        if (record.Escalations.IsEmpty || record.View.Status == IncidentStatus.Open && record.IsHeld)
            return;
        if (record.View.Status != IncidentStatus.Open)
        {
            Put(record with { Escalations = [] });
            return;
        }

        foreach (var progress in record.Escalations.Where(e => e.DueAt <= Now).ToList())
            record = Step(record, progress);
        Put(record);
    }

    private IncidentRecord Step(IncidentRecord record, EscalationProgress progress)
    {
        var plan = PlanOf(progress);
        if (progress.UnplannedSince is not null || plan is not null && plan.Next(progress.Step) is null)
            return Schedule(record, progress, progress.UnplannedSince ?? Now);

        // It is due and stays so: it is taken as soon as the policy can be read.
        if (plan?.Next(progress.Step) is not { } step)
        {
            var since = progress.OverdueSince ?? Now;
            var waits = progress with { DueAt = AskAgain(since), OverdueSince = since };
            return record with { Escalations = record.Escalations.Replace(progress, waits) };
        }

        if (QuietRules.Release(plan.Quiet, record.View.Severity, Now) is var release && release > Now)
        {
            var waits = progress with { DueAt = release, OverdueSince = null };
            return record with { Escalations = record.Escalations.Replace(progress, waits) };
        }

        var after = Show(record, record.View with { EscalationLevel = Math.Max(record.View.EscalationLevel, step.Level) });
        foreach (var to in step.To)
            after = TellOpen(after, step.Kind, $"step.{progress.Action}.{progress.Step}", new Recipient(to, step.Via));
        if (plan.InPlaceOf is { } policy)
        {
            Tell("incident.policy_failed", ItsOwn, after,
                $"Escalation policy {policy} is gone or damaged; told once in its place: {string.Join(", ", step.To)}.");
            return after with { Escalations = after.Escalations.Remove(progress) };
        }

        Tell("incident.escalated", ItsOwn, after,
            $"Level {step.Level}{(step.Kind == NoticeKind.Repeated ? ", again" : "")}: {string.Join(", ", step.To)}.");
        return Schedule(after, progress with { Step = progress.Step + 1, OverdueSince = null }, Now);
    }

    /// <summary>
    /// When a policy is read again that could not be read since then: after as long again, so each wait is about twice the one before it.
    /// </summary>
    private DateTimeOffset AskAgain(DateTimeOffset since) =>
        Min(Max(Now + (Now - since), Now + IncidentLimits.Retry), Now + IncidentLimits.MaxRetry);

    /// <summary>
    /// The plan of an escalation; null when its policy could not be read just now; without steps when the rule has it no longer.
    /// </summary>
    private EscalationPlan? PlanOf(EscalationProgress progress)
    {
        if (_context.Rule?.Actions.ElementAtOrDefault(progress.Action) is not EscalateAction action)
            return EscalationPlan.None;
        if (action.Policy is not { } id)
            return EscalationPlan.Of(action, null);
        return !_context.Policies.TryGetValue(id, out var policy) ? null
            : policy is null ? EscalationPlan.InPlace(action, id) : EscalationPlan.Of(action, policy);
    }

    private IncidentRecord TellOpen(IncidentRecord record, NoticeKind kind, string step, Recipient recipient)
    {
        HandOn(NoticeOf(record, kind, step, recipient));
        return record.Told.Length >= IncidentLimits.MaxTold || record.Told.Any(t => t.To == recipient.To)
            ? record : record with { Told = record.Told.Add(recipient) };
    }

    private NoticeOut NoticeOf(IncidentRecord record, NoticeKind kind, string step, Recipient recipient) =>
        new(Now, recipient.To, new Notice(
        WorkIds.Of("notice", record.View.Id, record.Opening, record.TakenUp == 0 ? step : $"{step}/{record.TakenUp}", recipient.To),
        kind, record.View, recipient.Via,
        record.View.Source.SiteId is { } site ? $"site:{site}" : "project", Now));

    private TicketOut TicketOf(Incident view, TicketAction action, int place)
    {
        var id = WorkIds.Of("ticket", view.Id, place);
        var title = string.IsNullOrWhiteSpace(action.Title) ? $"{action.Kind.Replace('_', ' ')}: {view.Title}" : action.Title;
        return new TicketOut(Now, id, new TicketDraft(
            action.Kind, Texts.Cut(title, ITicketGrain.MaxTitle), view.OpenedAt + action.DueIn, view.Id, view.RuleId,
            _context.Subject.Kind is SubjectKind.Device or SubjectKind.Asset ? view.Source.DeviceId : null, view.Source.SiteId,
            view.Source.AssetId,
            view.Severity, null, view.Text, $"rule:{view.RuleId}"));
    }

    /// <summary>Puts something onto the list of what is to be handed on, as far as it has room.</summary>
    private void HandOn(Outgoing item)
    {
        if (_outgoing.Count >= IncidentLimits.MaxOutgoing)
        {
            if (item is FeedOut)
                return;
            if (_outgoing.Find(o => o is FeedOut) is { } entry)
                _outgoing.Remove(entry);
            else if (item is NoticeOut lost)
                _lines.Add(new IncidentLine("incident.undelivered", ItsOwn, lost.Notice.Incident,
                    $"Too much waits; a notice to {lost.To} was left out."));
        }

        if (_outgoing.Count < IncidentLimits.MaxOutgoing)
            _outgoing.Add(item);
    }
}
