namespace EsoCore.Tickets;

/// <summary>One ticket: something for people to do. Key: <c>project id/ticket id</c>.</summary>
public interface ITicketGrain : IGrainWithStringKey
{
    /// <summary>Characters of a title.</summary>
    const int MaxTitle = 256;

    /// <summary>Characters of notes.</summary>
    const int MaxNotes = 8_192;

    /// <summary>Characters of an assignee.</summary>
    const int MaxAssignee = 128;

    /// <summary>Makes the ticket; one that is there already is left as it is.</summary>
    Task<EditResult<Ticket>> Create(TicketDraft draft);

    /// <summary>The ticket, or null.</summary>
    Task<Ticket?> Get();

    /// <summary>Changes it.</summary>
    Task<EditResult<Ticket>> Change(TicketChange change, string actor, long? expectedVersion);
}

/// <summary>Where a ticket stands.</summary>
public enum TicketStatus
{
    /// <summary>Nobody has begun.</summary>
    Open,

    /// <summary>Somebody is at it.</summary>
    InProgress,

    /// <summary>Done.</summary>
    Done,

    /// <summary>Not to be done.</summary>
    Cancelled,
}

/// <summary>A ticket.</summary>
/// <param name="Version">+1 with each change; its ETag.</param>
/// <param name="Kind">One of <see cref="TicketKinds.All"/>.</param>
/// <param name="DueAt">Until when, or null.</param>
/// <param name="IncidentId">The incident that it was made for, or null.</param>
/// <param name="CreatedBy"><c>rule:&lt;id&gt;</c> or <c>key:&lt;id&gt;</c>.</param>
[GenerateSerializer, Immutable, Alias("ticket")]
public sealed record Ticket(
    Guid Id,
    long Version,
    Guid ProjectId,
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
    DateTimeOffset? ClosedAt);

/// <summary>A ticket to make.</summary>
[GenerateSerializer, Immutable, Alias("ticket-draft")]
public sealed record TicketDraft(
    string Kind,
    string Title,
    DateTimeOffset? DueAt,
    Guid? IncidentId,
    string? RuleId,
    Guid? DeviceId,
    string? SiteId,
    string? AssetId,
    string? Severity,
    string? Assignee,
    string? Notes,
    string CreatedBy);

/// <summary>What of a ticket is to be as here; the whole of what people can change.</summary>
[GenerateSerializer, Immutable, Alias("ticket-change")]
public sealed record TicketChange(string Kind, string Title, TicketStatus Status, DateTimeOffset? DueAt, string? Assignee, string? Notes);

/// <summary>Which tickets are listed; null means any.</summary>
[GenerateSerializer, Immutable, Alias("ticket-filter")]
public sealed record TicketFilter(
    ImmutableArray<TicketStatus> Statuses,
    Guid? IncidentId,
    Guid? DeviceId,
    string? SiteId,
    string? AssetId,
    DateTimeOffset? From,
    DateTimeOffset? To);

/// <summary>The kinds of tickets.</summary>
public static class TicketKinds
{
    /// <summary>All of them.</summary>
    public static ImmutableArray<string> All { get; } =
        ["maintenance", "site_visit", "part_replacement", "alignment_check", "backup_power_check", "safety_audit", "server_check"];
}
