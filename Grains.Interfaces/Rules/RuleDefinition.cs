namespace EsoCore.Rules;

/// <summary>An alert rule of a project: what it watches, what an incident of it is about, and what is to be done then.</summary>
/// <param name="Name">1 to 128 characters.</param>
/// <param name="Description">At most 1,024 characters, or null.</param>
/// <param name="Enabled">Whether it is evaluated.</param>
/// <param name="Scope">Which devices and assets it concerns; the default is all of the project.</param>
/// <param name="Subject">What one incident of the rule is about.</param>
/// <param name="Condition">A JSON object with a <c>type</c>; the schema is published at <c>/api/rules/schema</c>.</param>
/// <param name="Severity">info, low, medium, high or critical; null takes that of the event.</param>
/// <param name="ReopenWithin">An incident that was resolved no longer ago is opened again instead of a new one; 0 to 30 days.</param>
/// <param name="ResolveAfter">An incident without a restoring event is resolved after as long without a repeat; null: by people only.</param>
/// <param name="Actions">At most 16, in order.</param>
[GenerateSerializer, Immutable, Alias("rule-definition")]
public sealed record RuleDefinition(
    string Name,
    string? Description,
    bool Enabled,
    RuleScope Scope,
    SubjectKind Subject,
    JsonText Condition,
    string? Severity,
    TimeSpan ReopenWithin,
    TimeSpan? ResolveAfter,
    ImmutableArray<RuleAction> Actions);

/// <summary>Which devices and assets a rule concerns. What is empty does not restrict; what is given must all hold.</summary>
/// <param name="Sites">Site ids.</param>
/// <param name="Models">Device models.</param>
/// <param name="Devices">Device ids.</param>
/// <param name="Tags">Tags that a device must have.</param>
/// <param name="Assets">Asset codes: only records that name one of them.</param>
/// <param name="AssetTypes">Types of assets: only records that name an asset of one of them.</param>
[GenerateSerializer, Immutable, Alias("rule-scope")]
public sealed record RuleScope(
    ImmutableArray<string> Sites,
    ImmutableArray<string> Models,
    ImmutableArray<Guid> Devices,
    ImmutableSortedDictionary<string, string> Tags,
    ImmutableArray<string> Assets,
    ImmutableArray<string> AssetTypes)
{
    /// <summary>Everything of the project.</summary>
    public static RuleScope All { get; } = new([], [], [], ImmutableSortedDictionary<string, string>.Empty, [], []);
}

/// <summary>What one incident of a rule is about.</summary>
public enum SubjectKind
{
    /// <summary>One device.</summary>
    Device,

    /// <summary>One asset of one project, whichever device told of it.</summary>
    Asset,

    /// <summary>A site: several of its devices.</summary>
    Site,

    /// <summary>The project's whole fleet.</summary>
    Project,
}

/// <summary>Something to do when an incident opens (or, for an escalation, stays unacknowledged).</summary>
[GenerateSerializer, Immutable, Alias("rule-action")]
[System.Text.Json.Serialization.JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(NotifyAction), "notify")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(EscalateAction), "escalate")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(TicketAction), "ticket")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(DisableSensorAlertsAction), "disable_sensor_alerts")]
public abstract record RuleAction;

/// <summary>Tell recipients at once, and again when the incident is resolved.</summary>
/// <param name="To">Recipients, <c>team:safety</c>, <c>person:&lt;id&gt;</c>, <c>schedule:&lt;id&gt;</c> or <c>channel:&lt;id&gt;</c>; 1 to 16.</param>
/// <param name="Via">Kinds of channels (<c>email</c>, <c>sms</c>, <c>slack</c>, ...); empty: each recipient's own.</param>
[GenerateSerializer, Immutable, Alias("notify-action")]
public sealed record NotifyAction(ImmutableArray<string> To, ImmutableArray<string> Via) : RuleAction;

/// <summary>While nobody acknowledges: follow an escalation policy, or (without one) tell <paramref name="To"/> after <paramref name="After"/>.</summary>
/// <param name="Policy">The id of an escalation policy, or null.</param>
/// <param name="After">Without a policy: when, from the incident's opening.</param>
/// <param name="To">Without a policy, or once it is gone or damaged: recipients; then, with none, the project's owner is told.</param>
/// <param name="Via">Kinds of channels; empty: each recipient's own.</param>
[GenerateSerializer, Immutable, Alias("escalate-action")]
public sealed record EscalateAction(string? Policy, TimeSpan? After, ImmutableArray<string> To, ImmutableArray<string> Via) : RuleAction;

/// <summary>Make a ticket.</summary>
/// <param name="Kind">maintenance, site_visit, part_replacement, alignment_check, backup_power_check, safety_audit or server_check.</param>
/// <param name="DueIn">From the incident's opening.</param>
/// <param name="Title">At most 256 characters; null: made of kind and incident.</param>
[GenerateSerializer, Immutable, Alias("ticket-action")]
public sealed record TicketAction(string Kind, TimeSpan DueIn, string? Title) : RuleAction;

/// <summary>
/// Metric rules pass over what the faulty sensor of the event (<c>meta.sensor_id</c>) measures, until it is restored or the incident resolved.
/// </summary>
[GenerateSerializer, Immutable, Alias("disable-sensor-alerts-action")]
public sealed record DisableSensorAlertsAction : RuleAction;
