using EsoCore.Tickets;

namespace EsoCore.Incidents;

/// <summary>Reads a project's incidents, tickets and audit trail from the store. Key: the project id.</summary>
public interface IIncidentListGrain : IGrainWithStringKey
{
    /// <summary>Consequences and lines of the trail that come with one incident.</summary>
    const int MaxDetails = 200;

    /// <summary>Incidents, the latest beginning first.</summary>
    Task<Page<Incident>> List(IncidentFilter filter, PageRequest page);

    /// <summary>One incident with its consequences and its trail, or null.</summary>
    Task<IncidentDetails?> Find(Guid id);

    /// <summary>Tickets, the latest made first.</summary>
    Task<Page<Ticket>> ListTickets(TicketFilter filter, PageRequest page);

    /// <summary>The audit trail, newest first.</summary>
    Task<Page<TrailEntry>> ReadTrail(TrailFilter filter, PageRequest page);
}

/// <summary>Which incidents are listed; null means any.</summary>
/// <param name="Statuses">Any of these; empty means any at all.</param>
/// <param name="CauseId">Consequences of this incident.</param>
/// <param name="From">Begun at or after.</param>
/// <param name="To">Begun before.</param>
[GenerateSerializer, Immutable, Alias("incident-filter")]
public sealed record IncidentFilter(
    ImmutableArray<IncidentStatus> Statuses,
    string? Severity,
    string? RuleId,
    Guid? DeviceId,
    string? SiteId,
    string? AssetId,
    Guid? CauseId,
    DateTimeOffset? From,
    DateTimeOffset? To);

/// <summary>An incident with what belongs to it, each at most <see cref="IIncidentListGrain.MaxDetails"/>.</summary>
[GenerateSerializer, Immutable, Alias("incident-details")]
public sealed record IncidentDetails(Incident Incident, ImmutableArray<Incident> Consequences, ImmutableArray<TrailEntry> Trail);

/// <summary>One line of the audit trail.</summary>
/// <param name="Actor">Who: <c>system</c>, <c>rule:&lt;id&gt;</c>, <c>key:&lt;id&gt;</c>.</param>
/// <param name="Action">What, e.g. <c>incident.opened</c>.</param>
/// <param name="ItemId">The incident, ticket or delivery, or null.</param>
/// <param name="Body">A JSON object with the context.</param>
[GenerateSerializer, Immutable, Alias("trail-entry")]
public sealed record TrailEntry(Guid Id, DateTimeOffset At, string Actor, string Action, Guid? ItemId, Guid? DeviceId, JsonText Body);

/// <summary>Which lines of the trail are read; null means any.</summary>
[GenerateSerializer, Immutable, Alias("trail-filter")]
public sealed record TrailFilter(Guid? ItemId, Guid? DeviceId, string? Action, DateTimeOffset? From, DateTimeOffset? To);
