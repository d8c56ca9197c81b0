using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>A notice that is muted.</summary>
/// <param name="Until">When it is judged again.</param>
internal sealed record HeldNotice(Notice Notice, DateTimeOffset Until);

/// <summary>
/// Takes out what is to tell nobody now, says so in the audit trail, and holds it: an incident that outlasts what mutes it is told then.
/// The end of an incident is not muted: whoever heard of its opening hears of its end, and what is held of it is forgotten. What has become
/// a consequence meanwhile is held for as long as its cause goes on, as it would be had it opened now.
/// </summary>
internal sealed class MuteStage : INotifierStage
{
    /// <summary>
    /// How soon is judged again at the latest: a device may leave maintenance at any time, and people may end a silence before its time.
    /// </summary>
    public static readonly TimeSpan JudgedEvery = TimeSpan.FromMinutes(15);

    /// <summary>The least wait, so that no end by a clock that was put back is judged over and over.</summary>
    private static readonly TimeSpan LeastHold = TimeSpan.FromMinutes(1);

    private static readonly Muted BehindItsCause = new("it is a consequence of an incident that goes on", null);

    /// <inheritdoc/>
    public void Run(NotifierTurn turn)
    {
        var due = turn.State.Held.Where(h => h.Until <= turn.Now).Select(h => h.Notice).ToList();
        turn.HasChanged |= turn.State.Held.RemoveAll(h => h.Until <= turn.Now) > 0;
        // In order: what ends and then begins again in one turn is held.
        var over = new HashSet<Guid>(turn.Over);
        turn.Arrived.RemoveAll(notice =>
        {
            if (notice.Kind != NoticeKind.Resolved)
                return Take(turn, notice, isNew: true);
            over.Add(notice.Incident.Id);
            turn.HasChanged |= turn.State.Held.RemoveAll(h => h.Notice.Incident.Id == notice.Incident.Id) > 0;
            return false;
        });
        turn.Arrived.AddRange(due.Where(n => !over.Contains(n.Incident.Id) && !Take(turn, n, isNew: false)));
    }

    /// <summary>Whether a notice is muted, and held from now on.</summary>
    private static bool Take(NotifierTurn turn, Notice notice, bool isNew)
    {
        var device = turn.Devices.GetValueOrDefault(notice.Incident.Source.DeviceId);
        if (notice.Kind == NoticeKind.Resolved || (Muting.Why(notice.Incident, turn.Book, device, turn.Now)
            ?? (!isNew && turn.HeldBack.Contains(notice.Incident.Id) ? BehindItsCause : null)) is not { } muted)
            return false;
        var isHeld = Hold(turn, notice, muted.Until is { } end && end < turn.Now + JudgedEvery ? end : turn.Now + JudgedEvery);
        if (isNew || !isHeld)
            turn.Tell("notification.muted", notice, new
            {
                recipient = turn.Recipient,
                notice = notice.Id,
                kind = notice.Kind,
                incident = notice.Incident.Id,
                title = notice.Incident.Title,
                reason = muted.Reason,
                until = isHeld ? muted.Until : null,
                held = isHeld,
            });
        return true;
    }

    /// <summary>
    /// Holds the last notice of each incident and choice of channels, and of too many the gravest. One by other channels stands for no
    /// other: it may reach other people.
    /// </summary>
    private static bool Hold(NotifierTurn turn, Notice notice, DateTimeOffset until)
    {
        var held = turn.State.Held;
        held.RemoveAll(h => h.Notice.Incident.Id == notice.Incident.Id && h.Notice.Via.ToHashSet().SetEquals(notice.Via));
        var text = Texts.Cut(notice.Incident.Text, NotificationLimits.HeldText);
        var slim = notice with { Incident = notice.Incident with { Text = text, Meta = "" } };
        held.Add(new HeldNotice(slim, until > turn.Now ? until : turn.Now + LeastHold));
        turn.HasChanged = true;
        if (held.Count <= NotificationLimits.HeldNotices)
            return true;
        // Of the least grave the last, so that a storm of them does not push out each other.
        var least = Enumerable.Reverse(held).MinBy(h => SeverityRank.Of(h.Notice.Incident.Severity))!;
        held.Remove(least);
        if (least.Notice.Id == notice.Id)
            return false;
        turn.Tell("notification.not_told", least.Notice,
            new { recipient = turn.Recipient, notice = least.Notice.Id, reason = "too many graver ones are muted" });
        return true;
    }
}
