using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// Decides how much is held of each notice that is gathered: the gravest in full, the next by name, the rest as a number, so that a storm
/// stays within bounds of count and of bytes. The gravest come first, of equals the one that came first.
/// </summary>
internal sealed class NoticeKeeper(NotifierState state)
{
    /// <summary>What a notice takes beside its texts, about.</summary>
    private const int FixedBytes = 1_024;

    private int _bytes = state.Groups.Values.Sum(g => g.Shown.Sum(BytesOf));
    private int _named = state.Groups.Values.Sum(g => g.Named.Count);

    /// <summary>Takes a notice into a group.</summary>
    public void Keep(NoticeGroup group, Notice notice)
    {
        if (notice.Kind != NoticeKind.Resolved)
            ForgetEnd(group, notice.Incident.Id);
        var started = notice.Incident.StartedAt;
        group.Since = group.Since < started ? group.Since : started;
        var room = NotificationLimits.ShownNotices;
        if (_bytes + BytesOf(notice) > NotificationLimits.GatheredBytes)
        {
            notice = Slim(notice);
            if (_bytes + BytesOf(notice) > NotificationLimits.GatheredBytes)
                room = Math.Clamp(group.Shown.Count, 1, room); // One must stand in each message.
        }

        var at = group.Shown.FindIndex(n => Rank(n) < Rank(notice));
        group.Shown.Insert(at < 0 ? group.Shown.Count : at, notice);
        _bytes += BytesOf(notice);
        if (group.Shown.Count <= room)
            return;
        var last = group.Shown[^1];
        group.Shown.RemoveAt(group.Shown.Count - 1);
        _bytes -= BytesOf(last);
        group.Omitted++;
        if (last.Kind != NoticeKind.Resolved && group.OmittedOpenings.Count < NotificationLimits.OpenedIncidents)
            group.OmittedOpenings.Add(last.Incident.Id);
        Name(group, Line(last));
    }

    /// <summary>
    /// What begins again is not over: an end that still waits, and would stand below in the message, would say the opposite.
    /// </summary>
    private void ForgetEnd(NoticeGroup group, Guid incident)
    {
        foreach (var end in group.Shown.Where(n => n.Kind == NoticeKind.Resolved && n.Incident.Id == incident).ToList())
        {
            group.Shown.Remove(end);
            _bytes -= BytesOf(end);
        }

        var named = group.Named.RemoveAll(n => n.Kind == NoticeKind.Resolved && n.IncidentId == incident);
        (group.Omitted, _named) = (group.Omitted - named, _named - named);
    }

    /// <summary>A notice in a line.</summary>
    public static DeliveryNotice Line(Notice notice) => new(
        notice.Id, notice.Kind, notice.Incident.Id, notice.Incident.RuleId, notice.Incident.Severity, notice.Incident.Title);

    private void Name(NoticeGroup group, DeliveryNotice line)
    {
        var at = group.Named.FindIndex(n => Rank(n) < Rank(line));
        group.Named.Insert(at < 0 ? group.Named.Count : at, line);
        _named++;
        if (group.Named.Count > NotificationLimits.NamedNotices)
            Unname(group);
        else if (_named > NotificationLimits.NamedInAll)
            Unname(state.Groups.Values.Where(g => g.Named.Count > 0).MinBy(g => Rank(g.Named[^1]))!);
    }

    /// <summary>Forgets the name of the least grave; it is counted already.</summary>
    private void Unname(NoticeGroup group)
    {
        group.Named.RemoveAt(group.Named.Count - 1);
        _named--;
    }

    private static Notice Slim(Notice notice) => notice with
    {
        Incident = notice.Incident with
        {
            Meta = "", Text = Texts.Cut(notice.Incident.Text, MessageBounds.GroupedText),
        },
    };

    private static int BytesOf(Notice notice) =>
        FixedBytes + notice.Incident.Title.Length + notice.Incident.Text.Length + notice.Incident.Meta.Length;

    private static int Rank(Notice notice) => Rank(notice.Kind, notice.Incident.Severity);

    private static int Rank(DeliveryNotice notice) => Rank(notice.Kind, notice.Severity);

    private static int Rank(NoticeKind kind, string severity) => kind == NoticeKind.Resolved ? -1 : SeverityRank.Of(severity);
}
