using System.Text.Json.Serialization;
using EsoCore.Incidents;
using EsoCore.Rules;

namespace EsoCore.Api;

/// <summary>A rule as people manage it. Times are in seconds.</summary>
/// <param name="Version">What its ETag is made of; 0 for a built-in rule that was never edited.</param>
/// <param name="BuiltIn">Whether every project has it.</param>
/// <param name="Condition">As the schema at /api/rules/schema says.</param>
/// <param name="Incidents">What came of it; only where one rule is asked for.</param>
internal sealed record RuleBody(
    string Id,
    long Version,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? BuiltIn,
    string Name,
    string? Description,
    bool Enabled,
    RuleScopeBody Scope,
    SubjectKind Subject,
    JsonText Condition,
    string? Severity,
    double ReopenWithinS,
    double? ResolveAfterS,
    ImmutableArray<RuleActionBody> Actions,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RuleCountsBody? Incidents)
{
    public RuleBody(Versioned<RuleDefinition> rule, bool? builtIn = null, RuleCounts? counts = null)
        : this(
            rule.Id, rule.Version, builtIn, rule.Value.Name, rule.Value.Description, rule.Value.Enabled,
            new RuleScopeBody(rule.Value.Scope),
            rule.Value.Subject, rule.Value.Condition, rule.Value.Severity, rule.Value.ReopenWithin.TotalSeconds,
            rule.Value.ResolveAfter?.TotalSeconds,
            [.. rule.Value.Actions.Select(RuleActionBody.Of)], counts is null ? null : new RuleCountsBody(counts))
    {
    }
}

/// <summary>Which devices and assets a rule concerns; what is empty does not restrict.</summary>
internal sealed record RuleScopeBody(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableArray<string>? Sites,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableArray<string>? Models,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableArray<Guid>? Devices,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableSortedDictionary<string, string>? Tags,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableArray<string>? Assets,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableArray<string>? AssetTypes)
{
    public RuleScopeBody(RuleScope scope) : this(
        Some(scope.Sites), Some(scope.Models), Some(scope.Devices), scope.Tags is { IsEmpty: false } tags ? tags : null, Some(scope.Assets),
        Some(scope.AssetTypes))
    {
    }

    private static ImmutableArray<T>? Some<T>(ImmutableArray<T> items) => items.IsDefaultOrEmpty ? null : items;
}

/// <summary>
/// Something to do when an incident opens: notify, escalate, ticket or disable_sensor_alerts. Members of other types are absent.
/// </summary>
/// <param name="To">notify, escalate: team:, person:, schedule: or channel: with its id.</param>
/// <param name="Via">notify, escalate: kinds of channels; absent: each recipient's own.</param>
/// <param name="Policy">escalate: an escalation policy.</param>
/// <param name="AfterS">escalate without a policy: seconds from the incident's opening.</param>
/// <param name="Kind">ticket: its kind.</param>
/// <param name="DueInS">ticket: seconds from the incident's opening.</param>
/// <param name="Title">ticket: its title.</param>
internal sealed record RuleActionBody(
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableArray<string>? To,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), ChannelKind] ImmutableArray<string>? Via,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Policy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? AfterS,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Kind,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? DueInS,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Title)
{
    public const string Notify = "notify";
    public const string Escalate = "escalate";
    public const string Ticket = "ticket";
    public const string DisableSensorAlerts = "disable_sensor_alerts";

    public static RuleActionBody Of(RuleAction action) => action switch
    {
        NotifyAction notify => new RuleActionBody(Notify, notify.To, Some(notify.Via), null, null, null, null, null),
        EscalateAction escalate => new RuleActionBody(
            Escalate, Some(escalate.To), Some(escalate.Via), escalate.Policy, escalate.After?.TotalSeconds, null, null, null),
        TicketAction ticket => new RuleActionBody(Ticket, null, null, null, null, ticket.Kind, ticket.DueIn.TotalSeconds, ticket.Title),
        _ => new RuleActionBody(DisableSensorAlerts, null, null, null, null, null, null, null),
    };

    private static ImmutableArray<string>? Some(ImmutableArray<string> items) => items.IsDefaultOrEmpty ? null : items;
}

/// <summary>Incidents of a rule; each count stops at 1,000.</summary>
/// <param name="LastMonth">Opened in the last 30 days.</param>
internal sealed record RuleCountsBody(int Open, int Acknowledged, int LastMonth, DateTimeOffset? LastOpenedAt)
{
    public RuleCountsBody(RuleCounts counts) : this(counts.Open, counts.Acknowledged, counts.LastMonth, counts.LastOpenedAt)
    {
    }
}

/// <summary>A page of rules.</summary>
internal sealed record RuleList(IEnumerable<RuleBody> Rules) : DocumentList;

/// <summary>A new rule, or a change of one: what is absent stays, what is null is cleared.</summary>
/// <param name="Id">Of a new rule; minted when absent.</param>
/// <param name="Enabled">Default true.</param>
/// <param name="Scope">Default: everything of the project.</param>
/// <param name="Subject">Default device.</param>
/// <param name="Condition">Required for a new rule; the schema is at /api/rules/schema.</param>
/// <param name="Severity">info, low, medium, high or critical; null takes that of the event.</param>
/// <param name="ReopenWithinS">Default 3,600.</param>
internal sealed record RuleChangeBody(
    string? Id,
    string? Name,
    string? Description,
    bool? Enabled,
    RuleScopeBody? Scope,
    SubjectKind? Subject,
    JsonText? Condition,
    string? Severity,
    double? ReopenWithinS,
    double? ResolveAfterS,
    ImmutableArray<RuleActionBody>? Actions);

/// <summary>A rule to run over past data.</summary>
/// <param name="From">Included.</param>
/// <param name="To">Excluded; at most 31 days after from.</param>
internal sealed record RuleTrialBody(RuleChangeBody Rule, DateTimeOffset From, DateTimeOffset To);

/// <summary>What a rule would have found.</summary>
/// <param name="Devices">Devices looked at, at most 100.</param>
/// <param name="Records">Points, windows and events read, at most 500,000.</param>
/// <param name="Cut">Whether a limit was reached.</param>
internal sealed record RuleTrialAnswer(int Devices, int Records, bool Cut, IEnumerable<TrialEpisodeBody> Episodes);

/// <summary>An episode that a rule would have made.</summary>
/// <param name="Subject">What its incident would be about: device:, asset: or site: with its id, or project.</param>
/// <param name="HoldForS">The incident would open only if it lasted as long.</param>
internal sealed record TrialEpisodeBody(
    string Subject,
    Guid DeviceId,
    string? AssetId,
    DateTimeOffset Start,
    DateTimeOffset? End,
    double HoldForS,
    string Severity,
    int Count,
    double? Value,
    double? Limit,
    string Text)
{
    public TrialEpisodeBody(TrialEpisode found) : this(
        found.Subject, found.Episode.Source.DeviceId, found.Episode.Source.AssetId, found.Episode.Start, found.Episode.End,
        found.Episode.HoldFor.TotalSeconds, found.Episode.Severity, found.Episode.Count, found.Episode.Value, found.Episode.Limit,
        found.Episode.Text)
    {
    }
}
