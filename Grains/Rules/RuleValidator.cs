using EsoCore.Grains.Notifications;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Rules;
using EsoCore.Wire;

namespace EsoCore.Grains.Rules;

/// <summary>Checks a rule. Every fault is named, not just the first, under the field's path as sent.</summary>
internal static class RuleValidator
{
    /// <summary>Characters of a description.</summary>
    internal const int MaxDescription = 1_024;

    /// <summary>Characters of a ticket's title.</summary>
    internal const int MaxTitle = 256;

    /// <summary>How long an incident may be reopened, and wait for a repeat, at most.</summary>
    internal static readonly TimeSpan MaxReopen = TimeSpan.FromDays(30);

    private static readonly TimeSpan MaxDue = TimeSpan.FromDays(365);

    private static readonly ImmutableArray<string> SeverityWords = [.. Enum.GetValues<Severity>().Select(Severities.NameOf)];

    private static readonly ImmutableArray<string> RecipientKinds = ["team:", "person:", "schedule:", "channel:"];

    /// <summary>Kinds of tickets.</summary>
    internal static ImmutableArray<string> TicketKinds { get; } =
    [
        "maintenance", "site_visit", "part_replacement", "alignment_check", "backup_power_check", "safety_audit", "server_check",
    ];

    /// <summary>The faults of a rule; empty when it is good.</summary>
    internal static ImmutableArray<FieldError> Validate(string id, RuleDefinition rule)
    {
        var errors = new List<FieldError>();
        TextRules.Id(errors, "id", id);
        errors.AddRange(Validate(rule));
        return [.. errors];
    }

    /// <summary>The faults of a rule that has no id yet.</summary>
    internal static ImmutableArray<FieldError> Validate(RuleDefinition rule)
    {
        var errors = new List<FieldError>();
        TextRules.Required(errors, "name", rule.Name);
        TextRules.Optional(errors, "description", rule.Description, MaxDescription);
        Scope(errors, rule.Scope);
        if (rule.Severity is { } severity && !SeverityWords.Contains(severity))
            errors.Add(new FieldError("severity", $"must be one of {string.Join(", ", SeverityWords)}, or null"));
        Within(errors, "reopen_within_s", rule.ReopenWithin, TimeSpan.Zero, MaxReopen);
        if (rule.ResolveAfter is { } after)
            Within(errors, "resolve_after_s", after, RuleLimits.MinPeriod, MaxReopen);
        Condition(errors, rule);
        if (rule.Actions.Length > RuleLimits.MaxActions)
            errors.Add(new FieldError("actions", $"must hold at most {RuleLimits.MaxActions} actions"));
        for (var i = 0; i < Math.Min(rule.Actions.Length, RuleLimits.MaxActions); i++)
            Action(errors, $"actions[{i}]", rule.Actions[i]);
        return [.. errors];
    }

    private static void Condition(List<FieldError> errors, RuleDefinition rule)
    {
        if (ConditionReader.Read(rule.Condition, errors) is not { } condition)
            return;
        if (condition is DevicesCondition && rule.Subject is not (SubjectKind.Site or SubjectKind.Project))
            errors.Add(new FieldError("subject", "must be site or project for a condition on several devices"));
        if (rule.Actions.Any(action => action is DisableSensorAlertsAction) && condition is not EventCondition)
            errors.Add(new FieldError("actions", "disable_sensor_alerts goes with an event condition, whose meta names the sensor"));
        if (condition is FleetPatternCondition)
            FleetPattern(errors, rule);
        var watched = condition is DevicesCondition { Of: var of } ? of : condition;
        if (watched is DeviceStateCondition && (!rule.Scope.Assets.IsDefaultOrEmpty || !rule.Scope.AssetTypes.IsDefaultOrEmpty))
            errors.Add(new FieldError("scope", "must not name assets: the state of a device is none of an asset"));
    }

    private static void FleetPattern(List<FieldError> errors, RuleDefinition rule)
    {
        if (rule.Subject != SubjectKind.Project)
            errors.Add(new FieldError("subject", "must be project for a pattern in the fleet"));
        var scope = rule.Scope;
        if (!scope.Sites.IsDefaultOrEmpty || !scope.Models.IsDefaultOrEmpty || !scope.Devices.IsDefaultOrEmpty
            || scope.Tags is { Count: > 0 } || !scope.Assets.IsDefaultOrEmpty || !scope.AssetTypes.IsDefaultOrEmpty)
            errors.Add(new FieldError("scope", "must be empty: a pattern is looked for in the project's whole fleet"));
    }

    private static void Scope(List<FieldError> errors, RuleScope scope)
    {
        Names(errors, "scope.sites", scope.Sites);
        Names(errors, "scope.models", scope.Models);
        Names(errors, "scope.assets", scope.Assets);
        Names(errors, "scope.asset_types", scope.AssetTypes);
        if (!scope.Devices.IsDefault && scope.Devices.Length > RuleLimits.MaxScope)
            errors.Add(new FieldError("scope.devices", $"must hold at most {RuleLimits.MaxScope}"));
        TextRules.Tags(errors, "scope.tags", scope.Tags, EsoCore.Devices.DeviceRegistration.MaxTags);
    }

    private static void Names(List<FieldError> errors, string field, ImmutableArray<string> names)
    {
        if (names.IsDefaultOrEmpty)
            return;
        if (names.Length > RuleLimits.MaxScope)
            errors.Add(new FieldError(field, $"must hold at most {RuleLimits.MaxScope}"));
        for (var i = 0; i < Math.Min(names.Length, RuleLimits.MaxScope); i++)
            TextRules.Required(errors, $"{field}[{i}]", names[i]);
    }

    private static void Action(List<FieldError> errors, string field, RuleAction action)
    {
        switch (action)
        {
            case NotifyAction notify:
                To(errors, field, notify.To, notify.Via);
                break;
            case EscalateAction { Policy: { } policy } escalate:
                TextRules.Id(errors, $"{field}.policy", policy);
                if (!escalate.To.IsDefaultOrEmpty)
                    Recipients(errors, field, escalate.To);
                RecipientValidator.Via(errors, $"{field}.via", escalate.Via);
                break;
            case EscalateAction alone:
                if (alone.After is { } after)
                    Within(errors, $"{field}.after_s", after, RuleLimits.MinPeriod, RuleLimits.MaxFor);
                else
                    errors.Add(new FieldError($"{field}.after_s", "is required unless a policy is named"));
                To(errors, field, alone.To, alone.Via);
                break;
            case TicketAction ticket:
                if (!TicketKinds.Contains(ticket.Kind))
                    errors.Add(new FieldError($"{field}.kind", $"must be one of {string.Join(", ", TicketKinds)}"));
                Within(errors, $"{field}.due_in_s", ticket.DueIn, TimeSpan.FromHours(1), MaxDue);
                TextRules.Optional(errors, $"{field}.title", ticket.Title, MaxTitle);
                break;
            default:
                break;
        }
    }

    private static void To(List<FieldError> errors, string field, ImmutableArray<string> to, ImmutableArray<string> via)
    {
        if (to.IsDefaultOrEmpty)
            errors.Add(new FieldError($"{field}.to", $"must name 1 to {RuleLimits.MaxRecipients} recipients"));
        else
            Recipients(errors, field, to);
        RecipientValidator.Via(errors, $"{field}.via", via);
    }

    private static void Recipients(List<FieldError> errors, string field, ImmutableArray<string> to)
    {
        if (to.Length > RuleLimits.MaxRecipients)
            errors.Add(new FieldError($"{field}.to", $"must name 1 to {RuleLimits.MaxRecipients} recipients"));
        for (var i = 0; i < Math.Min(to.Length, RuleLimits.MaxRecipients); i++)
        {
            var prefix = RecipientKinds.FirstOrDefault(kind => to[i].StartsWith(kind, StringComparison.Ordinal));
            if (prefix is null)
                errors.Add(new FieldError($"{field}.to[{i}]", "must be team:<id>, person:<id>, schedule:<id> or channel:<id>"));
            else
                TextRules.Id(errors, $"{field}.to[{i}]", to[i][prefix.Length..]);
        }
    }

    private static void Within(List<FieldError> errors, string field, TimeSpan time, TimeSpan min, TimeSpan max)
    {
        if (time < min || time > max)
            errors.Add(new FieldError(field, FormattableString.Invariant($"must be {min.TotalSeconds} to {max.TotalSeconds} seconds")));
    }
}
