using EsoCore.Tickets;

namespace EsoCore.Grains.Tickets;

/// <summary>Checks what people and rules say of a ticket. Every fault is named, not just the first.</summary>
internal static class TicketRules
{
    /// <summary>Whether nothing is to be done about it any more.</summary>
    public static bool IsClosed(TicketStatus status) => status is TicketStatus.Done or TicketStatus.Cancelled;

    /// <summary>The faults; empty when it is good.</summary>
    public static ImmutableArray<FieldError> Validate(string kind, string title, string? assignee, string? notes)
    {
        var faults = ImmutableArray.CreateBuilder<FieldError>();
        if (!TicketKinds.All.Contains(kind))
            faults.Add(new FieldError("kind", $"must be one of: {string.Join(", ", TicketKinds.All)}"));
        if (string.IsNullOrWhiteSpace(title) || title.Length > ITicketGrain.MaxTitle)
            faults.Add(new FieldError("title", $"must be 1 to {ITicketGrain.MaxTitle} characters"));
        if (assignee is { Length: 0 or > ITicketGrain.MaxAssignee })
            faults.Add(new FieldError("assignee", $"must be 1 to {ITicketGrain.MaxAssignee} characters, or null"));
        if (notes is { Length: > ITicketGrain.MaxNotes })
            faults.Add(new FieldError("notes", $"must be at most {ITicketGrain.MaxNotes} characters"));
        return faults.ToImmutable();
    }
}
