using EsoCore.Escalation;
using EsoCore.Grains.Rules;
using EsoCore.Incidents;
using EsoCore.Rules;

namespace EsoCore.Grains.Incidents;

/// <summary>What a step of an incident grain goes by, beside its state and what happened.</summary>
/// <param name="Rule">The rule as it stands, or null when it is gone or off.</param>
/// <param name="Devices">How many devices an incident about a site or the project takes; null: one is enough.</param>
/// <param name="Policies">
/// Escalation policies by id; null for one that is gone or damaged; one that could not be read just now is absent.
/// </param>
internal sealed record IncidentContext(
    Guid ProjectId,
    string RuleId,
    SubjectKey Subject,
    RuleDefinition? Rule,
    DevicesLimit? Devices,
    ImmutableDictionary<string, EscalationPolicy?> Policies,
    DateTimeOffset Now)
{
    /// <summary>The rule's times, or null when it is gone.</summary>
    public RuleTiming? Timing => Rule is null ? null : new RuleTiming(
        Rule.ReopenWithin, Rule.ResolveAfter, Devices?.DevicesCount ?? 1, Devices?.Within ?? TimeSpan.Zero);
}

/// <summary>A line for the audit trail.</summary>
internal sealed record IncidentLine(string Action, string Actor, Incident Incident, string? Text);

/// <summary>What a step made.</summary>
/// <param name="Changed">Incidents as they stand now, those that changed.</param>
/// <param name="NextDue">When something is due next, or null.</param>
internal sealed record IncidentOutcome(
    IncidentState State, ImmutableArray<Incident> Changed, ImmutableArray<IncidentLine> Lines, DateTimeOffset? NextDue);
