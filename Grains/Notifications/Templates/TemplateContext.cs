using System.Globalization;
using System.Text.Json;
using EsoCore.Incidents;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>What templates can name: plain maps, lists, texts and numbers, so that a template reaches nothing but them.</summary>
internal static class TemplateContext
{
    /// <summary>Entries of one map or list of an event's meta.</summary>
    private const int MaxMetaEntries = 64;

    /// <summary>Levels of an event's meta.</summary>
    private const int MaxMetaDepth = 4;

    /// <summary>The data of a message.</summary>
    /// <param name="notices">The gravest first; at least one.</param>
    /// <param name="total">How many there are with those not among <paramref name="notices"/>.</param>
    /// <param name="named">The next by name, the gravest first.</param>
    /// <param name="query">The call that lists the incidents.</param>
    /// <param name="bounds">What the message can carry.</param>
    public static Dictionary<string, object?> Of(
        string recipient, IReadOnlyList<Notice> notices, int total, IReadOnlyList<DeliveryNotice> named, string query, MessageBounds bounds)
    {
        var first = Notice(notices[0], int.MaxValue);
        var inFull = notices.Take(bounds.InFull).Select(n => Notice(n, total == 1 ? int.MaxValue : MessageBounds.GroupedText)).ToList();
        var (lines, count) = NoticeLines.Of([.. notices.Skip(bounds.InFull).Select(NoticeKeeper.Line), .. named], bounds.Lines);
        return new Dictionary<string, object?>
        {
            ["recipient"] = recipient,
            ["project_id"] = notices[0].Incident.ProjectId.ToString("D"),
            ["kind"] = first["kind"],
            ["label"] = first["label"],
            ["severity"] = Gravest(notices),
            ["title"] = notices[0].Incident.Title,
            ["incident"] = first["incident"],
            ["count"] = total,
            ["omitted"] = total - inFull.Count,
            ["notices"] = inFull,
            ["lines"] = lines,
            ["named"] = count,
            ["unnamed"] = total - inFull.Count - count,
            ["names"] = NoticeLines.Names([.. notices.Select(NoticeKeeper.Line), .. named], total, MessageBounds.Names),
            ["query"] = query,
        };
    }

    /// <summary>The gravest severity of notices that are not good news; of all when there are no others.</summary>
    public static string Gravest(IReadOnlyList<Notice> notices) =>
        notices.OrderBy(n => n.Kind == NoticeKind.Resolved).ThenByDescending(n => SeverityRank.Of(n.Incident.Severity))
            .First().Incident.Severity;

    /// <summary>Data to try a template on.</summary>
    /// <param name="kind">opened, ..., or group.</param>
    public static Dictionary<string, object?> Sample(string kind)
    {
        var at = new DateTimeOffset(2025, 1, 15, 14, 30, 22, TimeSpan.Zero);
        var incident = new Incident(
            new Guid("0193f2a0-0000-7000-8000-000000000001"), 3, new Guid("0193f2a0-0000-7000-8000-000000000000"), "power_outage",
            "device:0193f2a0-0000-7000-8000-000000000002", IncidentStatus.Open, "critical", "Power outage at DOOR-2 SN-1001",
            "Mains voltage was 0 V, under the limit of 180 V, for 4 minutes.", "power_outage", null, 2,
            new EpisodeSource(new Guid("0193f2a0-0000-7000-8000-000000000002"), "SN-1001", "DOOR-2", "1.2.3", "WAREHOUSE_A", "ASSET_3"),
            at, at.AddSeconds(2), at.AddMinutes(4), null, null, null, null, null, 1, 0, 0, 180, 0, """{"main_voltage":0}""");
        var word = Enum.GetValues<NoticeKind>().FirstOrDefault(k => Word(k) == kind);
        var notice = new Notice(incident.Id, word, incident, [], "WAREHOUSE_A", at.AddSeconds(2));
        var lost = incident with { Severity = "medium", Title = "Connection lost at SN-1002", Text = "Silent for 6 minutes." };
        var other = notice with { Incident = lost };
        var third = NoticeKeeper.Line(notice with { Incident = lost with { Title = "Connection lost at SN-1003" } });
        const string Query = "/api/incidents?site=WAREHOUSE_A&from=2025-01-15T14:30:22Z";
        return kind == "group" ? Of("team:maintenance", [notice, other], 5, [third], Query, MessageBounds.Of(""))
            : Of("team:maintenance", [notice], 1, [], Query, MessageBounds.Of(""));
    }

    /// <summary>The word for why people are told.</summary>
    public static string Word(NoticeKind kind) => kind.ToString().ToLowerInvariant();

    /// <summary>The word for where a delivery stands.</summary>
    public static string Word(DeliveryStatus status) => status.ToString().ToLowerInvariant();

    private static Dictionary<string, object?> Notice(Notice notice, int maxText) => new()
    {
        ["kind"] = Word(notice.Kind),
        ["label"] = Label(notice.Kind),
        ["at"] = Time(notice.At),
        ["incident"] = Incident(notice.Incident, maxText),
    };

    /// <summary>What stands before a title where it is not plain that something opened.</summary>
    public static string Label(NoticeKind kind) => kind switch
    {
        NoticeKind.Reopened => "Open again: ",
        NoticeKind.Escalated => "Nobody has acknowledged: ",
        NoticeKind.Repeated => "Still nobody has acknowledged: ",
        NoticeKind.Resolved => "Resolved: ",
        NoticeKind.Ticket => "Ticket: ",
        _ => "",
    };

    private static Dictionary<string, object?> Incident(Incident incident, int maxText) => new()
    {
        ["id"] = incident.Id.ToString("D"),
        ["rule"] = incident.RuleId,
        ["subject"] = incident.Subject,
        ["status"] = incident.Status.ToString().ToLowerInvariant(),
        ["severity"] = incident.Severity,
        ["title"] = incident.Title,
        ["text"] = Texts.Cut(incident.Text, maxText),
        ["cause"] = incident.Cause,
        ["consequences"] = incident.Consequences,
        ["count"] = incident.Count,
        ["level"] = incident.EscalationLevel,
        ["value"] = incident.Value,
        ["limit"] = incident.Limit,
        ["started_at"] = Time(incident.StartedAt),
        ["opened_at"] = Time(incident.OpenedAt),
        ["ended_at"] = Time(incident.EndedAt),
        ["resolved_at"] = Time(incident.ResolvedAt),
        ["resolved_by"] = incident.ResolvedBy,
        ["acknowledged_by"] = incident.AcknowledgedBy,
        ["site_id"] = incident.Source.SiteId,
        ["asset_id"] = incident.Source.AssetId,
        ["device"] = incident.Source.DeviceId == Guid.Empty ? null : new Dictionary<string, object?>
        {
            ["id"] = incident.Source.DeviceId.ToString("D"),
            ["name"] = DeviceName(incident.Source),
            ["serial"] = incident.Source.Serial,
            ["model"] = incident.Source.Model,
            ["firmware_version"] = incident.Source.FirmwareVersion,
        },
        ["meta"] = Meta(incident.Meta),
    };

    /// <summary>A device as one phrase, e.g. <c>SN-1001 (DOOR-2, firmware 1.2.3)</c>; what is not known of it is left out.</summary>
    private static string DeviceName(EpisodeSource source)
    {
        var name = string.IsNullOrEmpty(source.Serial) ? source.DeviceId.ToString("D") : source.Serial;
        var firmware = string.IsNullOrEmpty(source.FirmwareVersion) ? "" : $"firmware {source.FirmwareVersion}";
        var known = string.Join(", ", new[] { source.Model, firmware }.Where(part => !string.IsNullOrEmpty(part)));
        return known.Length == 0 ? name : $"{name} ({known})";
    }

    private static string? Time(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static object? Meta(string json)
    {
        if (json.Length == 0)
            return null;
        try
        {
            using var document = JsonDocument.Parse(json);
            return Value(document.RootElement, 0);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static object? Value(JsonElement value, int depth) => value.ValueKind switch
    {
        JsonValueKind.Object when depth < MaxMetaDepth => value.EnumerateObject().Take(MaxMetaEntries)
            .GroupBy(p => p.Name).ToDictionary(p => p.Key, p => Value(p.Last().Value, depth + 1)),
        JsonValueKind.Array when depth < MaxMetaDepth =>
            value.EnumerateArray().Take(MaxMetaEntries).Select(v => Value(v, depth + 1)).ToList(),
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => value.GetRawText(),
    };
}
