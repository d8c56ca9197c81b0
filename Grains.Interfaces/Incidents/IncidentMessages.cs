namespace EsoCore.Incidents;

/// <summary>Where an incident stands.</summary>
public enum IncidentStatus
{
    /// <summary>Nobody has taken it on.</summary>
    Open,

    /// <summary>Somebody has; escalation has ended.</summary>
    Acknowledged,

    /// <summary>Over.</summary>
    Resolved,

    /// <summary>Put aside by people: repeats are counted and tell nobody.</summary>
    Suppressed,
}

/// <summary>An incident as people, messages and the feed see it.</summary>
/// <param name="Version">+1 with each change; its ETag.</param>
/// <param name="Subject">As <see cref="SubjectKey"/> writes it.</param>
/// <param name="Title">One line.</param>
/// <param name="Text">One sentence with the numbers.</param>
/// <param name="Cause">What the causal graph knows it as.</param>
/// <param name="CauseId">The incident that this one is a consequence of, or null.</param>
/// <param name="Consequences">How many incidents are attached to this one.</param>
/// <param name="StartedAt">When the condition began, device time.</param>
/// <param name="OpenedAt">When the server opened it.</param>
/// <param name="Count">Episodes so far.</param>
/// <param name="EscalationLevel">Steps of escalation taken.</param>
[GenerateSerializer, Immutable, Alias("incident")]
public sealed record Incident(
    Guid Id,
    long Version,
    Guid ProjectId,
    string RuleId,
    string Subject,
    IncidentStatus Status,
    string Severity,
    string Title,
    string Text,
    string Cause,
    Guid? CauseId,
    int Consequences,
    EpisodeSource Source,
    DateTimeOffset StartedAt,
    DateTimeOffset OpenedAt,
    DateTimeOffset LastAt,
    DateTimeOffset? EndedAt,
    DateTimeOffset? AcknowledgedAt,
    string? AcknowledgedBy,
    DateTimeOffset? ResolvedAt,
    string? ResolvedBy,
    int Count,
    int Reopened,
    double? Value,
    double? Limit,
    int EscalationLevel,
    string Meta)
{
    /// <summary>Who is to see to it, or null; at most 128 characters.</summary>
    [Id(0)]
    public string? Assignee { get; init; }

    /// <summary>Whether its condition has an end of its own.</summary>
    [Id(1)]
    public bool Lasts { get; init; }
}
