using EsoCore.Tickets;

namespace EsoCore.Api;

/// <summary>A ticket.</summary>
internal sealed record TicketBody(
    Guid Id,
    string Kind,
    string Title,
    TicketStatus Status,
    DateTimeOffset? DueAt,
    Guid? IncidentId,
    string? RuleId,
    Guid? DeviceId,
    string? SiteId,
    string? AssetId,
    string? Severity,
    string? Assignee,
    string? Notes,
    DateTimeOffset CreatedAt,
    string CreatedBy,
    DateTimeOffset ChangedAt,
    DateTimeOffset? ClosedAt)
{
    public TicketBody(Ticket t)
        : this(
            t.Id, t.Kind, t.Title, t.Status, t.DueAt, t.IncidentId, t.RuleId, t.DeviceId, t.SiteId, t.AssetId, t.Severity, t.Assignee,
            t.Notes,
            t.CreatedAt, t.CreatedBy, t.ChangedAt, t.ClosedAt)
    {
    }
}

/// <summary>A page of tickets.</summary>
internal sealed record TicketList(IEnumerable<TicketBody> Tickets);

/// <summary>A new ticket.</summary>
internal sealed record NewTicketBody(
    [property: TicketKind] string Kind, string Title, DateTimeOffset? DueAt, Guid? IncidentId, Guid? DeviceId, string? SiteId,
    string? AssetId, string? Assignee, string? Notes);

/// <summary>A change of a ticket: what is absent stays, what is null is cleared.</summary>
internal sealed record TicketChangeBody(
    [property: TicketKind] string? Kind, string? Title, TicketStatus? Status, DateTimeOffset? DueAt, string? Assignee, string? Notes);

internal static class TicketForms
{
    /// <summary>A UUID, or null when absent or faulty.</summary>
    public static Guid? Id(this JsonForm form, string name)
    {
        if (form.Text(name, 64) is not { } text)
            return null;
        if (Ids.TryParse(text, out var id))
            return id;
        form.Fault(name, "must be a UUID");
        return null;
    }
}
