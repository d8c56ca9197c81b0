using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// Finds who is behind the recipient, at the moment the message is made: whoever is on call then. Remembers where openings went, because
/// the end of an incident is told there and nowhere else.
/// </summary>
internal sealed class AddressStage : INotifierStage
{
    /// <inheritdoc/>
    public void Run(NotifierTurn turn)
    {
        foreach (var due in turn.Due)
        {
            var finder = new TargetFinder(turn.Book, turn.OnCall, turn.HasInstallationMail);
            var (targets, reason) = finder.Find(turn.Recipient, due.Via);
            if (targets.IsEmpty)
                turn.Addressed.Add(new AddressedMessage(null, reason, due.Notices, due.Omitted));
            foreach (var target in targets)
            {
                ImmutableArray<Notice> notices = [.. due.Notices.Where(n => n.Kind != NoticeKind.Resolved || Heard(turn, due, n, target))];
                if (!notices.IsEmpty)
                    turn.Addressed.Add(new AddressedMessage(target, null, notices, due.Omitted));
            }

            ImmutableArray<string> keys = [.. targets.Select(t => t.Key)];
            foreach (var incident in due.Notices.Where(n => n.Kind != NoticeKind.Resolved).Select(n => n.Incident.Id)
                .Concat(due.OmittedOpenings).Distinct())
                Remember(turn.State, incident, keys);
        }
    }

    /// <summary>Whether the incident's opening went to this target, or goes there with this very message.</summary>
    private static bool Heard(NotifierTurn turn, DueGroup due, Notice resolved, Target target) =>
        turn.State.OpeningOf(resolved.Incident.Id)?.Targets.Contains(target.Key) == true
        || due.OmittedOpenings.Contains(resolved.Incident.Id)
        || due.Notices.Any(n => n.Kind != NoticeKind.Resolved && n.Incident.Id == resolved.Incident.Id);

    private static void Remember(NotifierState state, Guid incidentId, ImmutableArray<string> targets)
    {
        if (state.OpeningOf(incidentId) is { } known)
        {
            state.Opened.Remove(known);
            targets = [.. known.Targets.Union(targets)];
        }

        state.Opened.Add(new OpenedIncident(incidentId, targets));
        if (state.Opened.Count > NotificationLimits.OpenedIncidents)
            state.Opened.RemoveAt(0);
    }
}
