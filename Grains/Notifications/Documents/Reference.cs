using EsoCore.Escalation;
using EsoCore.Notifications;
using EsoCore.Rules;

namespace EsoCore.Grains.Notifications;

/// <summary>A place where a document names another.</summary>
/// <param name="Field">Its path as sent.</param>
/// <param name="Kind">person, team, schedule, channel, or escalation policy.</param>
/// <param name="Id">The id that stands there.</param>
internal readonly record struct Reference(string Field, string Kind, string Id)
{
    /// <summary>An escalation policy, which rules name without a prefix.</summary>
    public const string Policy = "escalation policy";

    /// <summary>A person, whom schedules name without a prefix.</summary>
    public const string Person = "person";

    /// <summary>What stands there.</summary>
    public (string Kind, string Id) Target => (Kind, Id);

    /// <summary>What documents name; each empty for a document that is not there.</summary>
    public static IEnumerable<Reference> Of(TeamDefinition? team) => team is null ? [] : Recipients("members", team.Members);

    /// <inheritdoc cref="Of(TeamDefinition)"/>
    public static IEnumerable<Reference> Of(EscalationPolicy? policy) => policy is null || policy.Levels.IsDefault ? []
        : policy.Levels.SelectMany((level, i) => Recipients($"levels[{i}].to", level.To));

    /// <inheritdoc cref="Of(TeamDefinition)"/>
    public static IEnumerable<Reference> Of(OnCallSchedule? schedule)
    {
        foreach (var (at, layer) in schedule is null || schedule.Layers.IsDefault ? [] : schedule.Layers.Index())
        {
            foreach (var (turn, person) in layer.People.IsDefault ? [] : layer.People.Index())
                yield return new Reference($"layers[{at}].people[{turn}]", Person, person);
        }

        foreach (var (at, standIn) in schedule is null || schedule.Overrides.IsDefault ? [] : schedule.Overrides.Index())
            yield return new Reference($"overrides[{at}].person", Person, standIn.Person);
    }

    /// <inheritdoc cref="Of(TeamDefinition)"/>
    public static IEnumerable<Reference> Of(RuleDefinition? rule) => rule is null || rule.Actions.IsDefault ? []
        : rule.Actions.SelectMany((action, i) => action switch
        {
            NotifyAction notify => Recipients($"actions[{i}].to", notify.To),
            // Beside a policy its own recipients stand in for it, should it go.
            EscalateAction { Policy: { } policy } escalate =>
                Recipients($"actions[{i}].to", escalate.To).Prepend(new Reference($"actions[{i}].policy", Policy, policy)),
            EscalateAction escalate => Recipients($"actions[{i}].to", escalate.To),
            _ => [],
        });

    /// <summary>Recipients by their prefix; one without names nothing, which is the validators' to say.</summary>
    private static IEnumerable<Reference> Recipients(string field, ImmutableArray<string> recipients)
    {
        foreach (var (at, recipient) in recipients.IsDefault ? [] : recipients.Index())
        {
            if (recipient.IndexOf(':') is > 0 and var colon)
                yield return new Reference($"{field}[{at}]", recipient[..colon], recipient[(colon + 1)..]);
        }
    }
}
