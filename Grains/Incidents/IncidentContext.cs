using EsoCore.Escalation;
using EsoCore.Incidents;
using EsoCore.Rules;

namespace EsoCore.Grains.Incidents;

/// <summary>What a step of an incident grain goes by, beside its state and what happened.</summary>
/// <param name="Rule">The rule as it stands, or null when it is gone or off.</param>
/// <param name="Facts">Of the rule, or null with it.</param>
/// <param name="Policies">Escalation policies by id; null for one that does not exist; one that could not be read is absent.</param>
internal sealed record IncidentContext(
    Guid ProjectId,
    string RuleId,
    SubjectKey Subject,
    RuleDefinition? Rule,
    IRuleFacts? Facts,
    ImmutableDictionary<string, EscalationPolicy?> Policies,
    DateTimeOffset Now)
{
    /// <summary>The rule's times, or null when it is gone.</summary>
    public RuleTiming? Timing => Rule is null ? null : new RuleTiming(
        Rule.ReopenWithin, Rule.ResolveAfter, Subject.Kind is SubjectKind.Site or SubjectKind.Project ? Facts?.Devices ?? 1 : 1,
        Facts?.Within ?? TimeSpan.Zero);
}

/// <summary>A line for the audit trail.</summary>
internal sealed record IncidentLine(string Action, string Actor, Incident Incident, string? Text);

/// <summary>What a step made.</summary>
/// <param name="Changed">Incidents as they stand now, those that changed.</param>
/// <param name="NextDue">When something is due next, or null.</param>
internal sealed record IncidentOutcome(
    IncidentState State, ImmutableArray<Incident> Changed, ImmutableArray<IncidentLine> Lines, DateTimeOffset? NextDue);
