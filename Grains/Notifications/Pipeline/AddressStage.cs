using EsoCore.Grains.Common;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// Finds who is behind the recipient, at the moment the message is made: whoever is on call then. Remembers where openings went, because
/// the end of an incident is told there and nowhere else. What had nowhere to go is addressed once more when somebody asks for it.
/// </summary>
internal sealed class AddressStage : INotifierStage
{
    /// <inheritdoc/>
    public void Run(NotifierTurn turn)
    {
        foreach (var due in turn.Due)
            Address(turn, due);
        foreach (var (dead, _) in turn.Revived)
        {
            if (dead is { Channel: null, Meant: { } meant })
                AddressAnew(turn, meant, dead);
        }
    }

    private static void Address(NotifierTurn turn, DueGroup due)
    {
        var finder = new TargetFinder(turn.Book, turn.OnCall, turn.HasInstallationMail);
        var (targets, reason) = finder.Find(turn.Recipient, due.Via);
        foreach (var (schedule, fault) in finder.Faults)
            turn.Tell("notification.schedule_failed", due.Notices[0],
                new { recipient = turn.Recipient, schedule, reason = fault, told = TargetFinder.LastResort }, schedule);
        if (targets.IsEmpty)
        {
            turn.Addressed.Add(new AddressedMessage(null, reason, due.Notices, due.Omitted, due.Named, due.Query)
            {
                Missed = finder.Missed, Meant = due,
            });
        }

        foreach (var target in targets)
        {
            ImmutableArray<Notice> notices = [.. due.Notices.Where(n => Hears(turn, due, n.Kind, n.Incident.Id, target))];
            ImmutableArray<DeliveryNotice> named = [.. due.Named.Where(n => Hears(turn, due, n.Kind, n.IncidentId, target))];
            if (!notices.IsEmpty)
                turn.Addressed.Add(new AddressedMessage(
                    target, null, notices, due.Omitted - (due.Named.Length - named.Length), named, due.Query));
        }

        Remember(turn, due, targets);
    }

    /// <summary>
    /// Whoever is there now is told all of it, ends included: nobody was told before. Where there still is nobody, it stays as it is.
    /// </summary>
    private static void AddressAnew(NotifierTurn turn, DueGroup due, DeliveryState dead)
    {
        var (targets, _) = new TargetFinder(turn.Book, turn.OnCall, turn.HasInstallationMail).Find(turn.Recipient, due.Via);
        foreach (var target in targets)
        {
            turn.Addressed.Add(new AddressedMessage(target, null, due.Notices, due.Omitted, due.Named, due.Query)
            {
                Id = target == targets[0] ? dead.Id : StableId.Of("delivery", dead.Id.ToString("D"), target.Key), MadeAt = dead.CreatedAt,
            });
        }

        if (!targets.IsEmpty)
            Remember(turn, due, targets);
    }

    private static void Remember(NotifierTurn turn, DueGroup due, ImmutableArray<Target> targets)
    {
        ImmutableArray<string> keys = [.. targets.Select(t => t.Key)];
        foreach (var incident in due.Notices.Where(n => n.Kind != NoticeKind.Resolved).Select(n => n.Incident.Id)
            .Concat(due.OmittedOpenings).Distinct())
            turn.State.Remember(incident, keys);
    }

    /// <summary>
    /// Whether a target is told: of an end only when the incident's opening went to it before, or goes there with this very message.
    /// </summary>
    private static bool Hears(NotifierTurn turn, DueGroup due, NoticeKind kind, Guid incident, Target target) =>
        kind != NoticeKind.Resolved
        || turn.State.OpeningOf(incident)?.Targets.Contains(target.Key) == true
        || due.OmittedOpenings.Contains(incident)
        || due.Notices.Any(n => n.Kind != NoticeKind.Resolved && n.Incident.Id == incident);
}
