using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// Gathers notices of one group key, so that a storm of them is a handful of messages. A critical one waits a moment for its like; the
/// first
/// of others waits longer; and for some minutes after a message the group is busy, and whatever is not critical waits until they are over.
/// </summary>
internal sealed class GroupStage : INotifierStage
{
    /// <summary>Where notices go that find no room for a group of their own.</summary>
    private const string Overflow = "";

    /// <inheritdoc/>
    public void Run(NotifierTurn turn)
    {
        foreach (var notice in turn.Arrived)
        {
            if (notice.Kind != NoticeKind.Resolved || WasToldHere(turn, notice))
                Add(turn, notice);
            else
                turn.Tell("notification.not_told", notice,
                    new { recipient = turn.Recipient, notice = notice.Id, reason = "its opening was not told here" });
        }

        foreach (var (key, group) in turn.State.Groups.ToList())
        {
            if (group.DueAt <= turn.Now)
                Take(turn, group);
            if (group.DueAt is null && !(group.SentAt + turn.Options.GroupInterval > turn.Now))
                turn.State.Groups.Remove(key); // Forgetting a group that rests needs no commit of its own.
        }
    }

    private static bool WasToldHere(NotifierTurn turn, Notice notice) =>
        turn.State.OpeningOf(notice.Incident.Id) is not null
        || turn.State.Groups.Values.Any(g =>
            g.OmittedOpenings.Contains(notice.Incident.Id) || g.Shown.Any(n => n.Incident.Id == notice.Incident.Id));

    private static void Add(NotifierTurn turn, Notice notice)
    {
        var key = $"{notice.GroupKey}|{string.Join(',', notice.Via.Order(StringComparer.Ordinal))}";
        var groups = turn.State.Groups;
        if (!groups.ContainsKey(key) && groups.Count >= NotificationLimits.Groups)
            key = $"{Overflow}|{string.Join(',', notice.Via.Order(StringComparer.Ordinal))}";
        if (!groups.TryGetValue(key, out var group))
            groups[key] = group = new NoticeGroup { Via = notice.Via };
        Keep(group, notice);
        var due = DueOf(turn, group, notice);
        group.DueAt = group.DueAt < due ? group.DueAt : due;
    }

    private static DateTimeOffset DueOf(NotifierTurn turn, NoticeGroup group, Notice notice)
    {
        if (notice.Incident.Severity == SeverityRank.Critical && notice.Kind != NoticeKind.Resolved)
            return turn.Now + turn.Options.CriticalWait;
        var due = turn.Now + turn.Options.GroupWait;
        return group.SentAt + turn.Options.GroupInterval is { } rested && rested > due ? rested : due;
    }

    /// <summary>Shows the gravest in full and counts the others. The gravest comes first, of equals the one that came first.</summary>
    private static void Keep(NoticeGroup group, Notice notice)
    {
        var at = group.Shown.FindIndex(n => Rank(n) < Rank(notice));
        group.Shown.Insert(at < 0 ? group.Shown.Count : at, notice);
        if (group.Shown.Count <= NotificationLimits.ShownNotices)
            return;
        var last = group.Shown[^1];
        group.Shown.RemoveAt(group.Shown.Count - 1);
        group.Omitted++;
        if (last.Kind != NoticeKind.Resolved && group.OmittedOpenings.Count < NotificationLimits.OpenedIncidents)
            group.OmittedOpenings.Add(last.Incident.Id);
    }

    private static int Rank(Notice notice) => notice.Kind == NoticeKind.Resolved ? -1 : SeverityRank.Of(notice.Incident.Severity);

    private static void Take(NotifierTurn turn, NoticeGroup group)
    {
        turn.Due.Add(new DueGroup(group.Via, [.. group.Shown], group.Omitted, [.. group.OmittedOpenings]));
        (group.DueAt, group.SentAt, group.Omitted) = (null, turn.Now, 0);
        group.Shown.Clear();
        group.OmittedOpenings.Clear();
        turn.HasChanged = true;
    }
}
