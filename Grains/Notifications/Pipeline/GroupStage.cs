using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// Gathers notices of one group key, so that a storm of them is a handful of messages. A critical one waits a moment for its like; the
/// first of others waits longer; and for some minutes after a message the group is busy, and whatever is not critical waits until they are
/// over. What it holds of each is decided by <see cref="NoticeKeeper"/>.
/// </summary>
internal sealed class GroupStage : INotifierStage
{
    /// <summary>Where notices go that find no room for a group of their own.</summary>
    private const string Overflow = "";

    private const string SitePrefix = "site:";

    /// <inheritdoc/>
    public void Run(NotifierTurn turn)
    {
        var keeper = new NoticeKeeper(turn.State);
        foreach (var notice in turn.Arrived)
        {
            if (notice.Kind != NoticeKind.Resolved || WasToldHere(turn, notice))
                Add(turn, keeper, notice);
            else
                turn.Tell("notification.not_told", notice,
                    new { recipient = turn.Recipient, notice = notice.Id, reason = "its opening was not told here" });
        }

        foreach (var (key, group) in turn.State.Groups.ToList())
        {
            if (group.DueAt <= turn.Now)
                Take(turn, key, group);
            if (group.DueAt is null && !(group.SentAt + turn.Options.GroupInterval > turn.Now))
                turn.State.Groups.Remove(key); // Forgetting a group that rests needs no commit of its own.
        }
    }

    private static bool WasToldHere(NotifierTurn turn, Notice notice) =>
        turn.State.OpeningOf(notice.Incident.Id) is not null
        || turn.State.Groups.Values.Any(g =>
            g.OmittedOpenings.Contains(notice.Incident.Id) || g.Shown.Any(n => n.Incident.Id == notice.Incident.Id));

    private static void Add(NotifierTurn turn, NoticeKeeper keeper, Notice notice)
    {
        var key = KeyOf(notice.GroupKey, notice.Via);
        var groups = turn.State.Groups;
        if (!groups.ContainsKey(key) && groups.Count >= NotificationLimits.Groups)
            key = KeyOf(Overflow, notice.Via);
        if (!groups.TryGetValue(key, out var group))
            groups[key] = group = new NoticeGroup { Via = notice.Via };
        keeper.Keep(group, notice);
        var due = DueOf(turn, group, notice);
        group.DueAt = group.DueAt < due ? group.DueAt : due;
    }

    private static string KeyOf(string groupKey, ImmutableArray<string> via) =>
        $"{groupKey}|{string.Join(',', via.Order(StringComparer.Ordinal))}";

    private static DateTimeOffset DueOf(NotifierTurn turn, NoticeGroup group, Notice notice)
    {
        if (notice.Incident.Severity == SeverityRank.Critical && notice.Kind != NoticeKind.Resolved)
            return turn.Now + turn.Options.CriticalWait;
        var due = turn.Now + turn.Options.GroupWait;
        return group.SentAt + turn.Options.GroupInterval is { } rested && rested > due ? rested : due;
    }

    private static void Take(NotifierTurn turn, string key, NoticeGroup group)
    {
        turn.Due.Add(new DueGroup(
            group.Via, [.. group.Shown], group.Omitted, [.. group.OmittedOpenings], [.. group.Named], QueryOf(key, group)));
        (group.DueAt, group.SentAt, group.Omitted, group.Since) = (null, turn.Now, 0, null);
        group.Shown.Clear();
        group.Named.Clear();
        group.OmittedOpenings.Clear();
        turn.HasChanged = true;
    }

    /// <summary>The call that lists what the message is about, and perhaps more of the same time.</summary>
    private static string QueryOf(string key, NoticeGroup group)
    {
        var since = (group.Since ?? group.Shown[0].Incident.StartedAt).UtcDateTime;
        var from = since.ToString("yyyy-MM-ddTHH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        var site = key.StartsWith(SitePrefix, StringComparison.Ordinal)
            ? $"site={Uri.EscapeDataString(key[SitePrefix.Length..key.LastIndexOf('|')])}&" : "";
        return $"/api/incidents?{site}from={from}";
    }
}
