using System.Text.Json;
using System.Text.Json.Serialization;
using EsoCore.Correlation;
using EsoCore.Feed;
using EsoCore.Incidents;
using EsoCore.Notifications;
using EsoCore.Tickets;

namespace EsoCore.Grains.Incidents;

/// <summary>What an incident grain remembers, as one document; each step writes it together with the rows that follow from it.</summary>
internal sealed record IncidentState
{
    /// <summary>The format that this program writes, and the highest that it reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The format of this document.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>How far each device was heard, packed by <see cref="Events.SourceTable"/>.</summary>
    public ReadOnlyMemory<byte> Sources { get; init; }

    /// <summary>Episodes, in no order.</summary>
    public ImmutableArray<HeldEpisode> Episodes { get; init; } = [];

    /// <summary>Further episodes of a rule over many devices, by <see cref="PackedEpisodes"/>.</summary>
    public ReadOnlyMemory<byte> Packed { get; init; }

    /// <summary>The latest incidents, by number.</summary>
    public ImmutableArray<IncidentRecord> Incidents { get; init; } = [];

    /// <summary>
    /// Incidents that are held no longer, of which the correlation is still to be told how they ended, oldest first; without their words.
    /// </summary>
    public ImmutableArray<Incident> Departed { get; init; } = [];

    /// <summary>What is to be handed on, oldest first.</summary>
    public ImmutableArray<Outgoing> Outgoing { get; init; } = [];

    /// <summary>The number of the last incident.</summary>
    public long LastNo { get; init; }

    /// <summary>The rule's times as last known: what goes on follows them when the rule is gone.</summary>
    public RuleTiming Timing { get; init; } = RuleTiming.Default;

    /// <summary>Fields of a newer program, carried along.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; init; }

    /// <summary>
    /// Whether nothing is under way: no incident, no episode that goes on, nothing to be handed on or reported. Episodes of so many devices
    /// that they are packed are taken to go on.
    /// </summary>
    [JsonIgnore]
    public bool IsAtRest => Outgoing.IsEmpty && Departed.IsEmpty && Packed.IsEmpty && Episodes.All(e => !e.Lasts || e.End is not null)
        && Incidents.All(r => r.View.Status == IncidentStatus.Resolved && r.NotifyAt is null && r.Escalations.IsEmpty);

    /// <summary>
    /// What must be known for ever: how far each device was heard, without which its next transition would look like a gap, and the number
    /// of the last incident.
    /// </summary>
    public IncidentState AtRest() => this with { Episodes = [], Incidents = [] };
}

/// <summary>What a rule says of the incidents made of its episodes.</summary>
internal sealed record RuleTiming(TimeSpan ReopenWithin, TimeSpan? ResolveAfter, int Devices, TimeSpan Within)
{
    /// <summary>Before any rule was known.</summary>
    public static RuleTiming Default { get; } = new(TimeSpan.FromMinutes(15), TimeSpan.FromHours(24), 1, TimeSpan.Zero);
}

/// <summary>An episode as it is held: what its times are made of; the whole of it only where it gives an incident its words.</summary>
internal sealed record HeldEpisode(
    Guid Id, Guid Device, DateTimeOffset Start, DateTimeOffset? End, bool Lasts, TimeSpan HoldFor, string Severity, RuleEpisode? Told);

/// <summary>What an incident was when its rule's times were changed: what is held of it stays together whatever the rule says.</summary>
/// <param name="From">Episodes that begin from then on are part of it...</param>
/// <param name="To">...up to then.</param>
/// <param name="OverAt">When it was over; null: it went on, and ends by the rule as it is now.</param>
/// <param name="JoinUntil">Up to when what begins continues it.</param>
/// <param name="Reopens">How often it had been over in between.</param>
internal sealed record SettledSpan(DateTimeOffset From, DateTimeOffset To, DateTimeOffset? OverAt, DateTimeOffset JoinUntil, int Reopens);

/// <summary>Episodes that are no longer held one by one.</summary>
internal sealed record FoldedEpisodes(int Count, DateTimeOffset From, DateTimeOffset To);

/// <summary>An incident and what is still to be done about it.</summary>
internal sealed record IncidentRecord(long No, Incident View)
{
    /// <summary>When a person declared it over: what began before this does not keep it open.</summary>
    public DateTimeOffset? CutAt { get; init; }

    /// <summary>Until when it was put aside: what began meanwhile stays part of it.</summary>
    public DateTimeOffset? JoinedUntil { get; init; }

    /// <summary>1, and +1 with each reopening.</summary>
    public int Opening { get; init; } = 1;

    /// <summary>
    /// When it is to be decided whether people are told of this opening; null when that is done, or waits for its cause to end.
    /// </summary>
    public DateTimeOffset? NotifyAt { get; init; }

    /// <summary>The opening that people were told of; 0: none.</summary>
    public int Announced { get; init; }

    /// <summary>
    /// How often it was taken up again after it had been told and put aside: what is told then is no repeat of what was told before.
    /// </summary>
    public int TakenUp { get; init; }

    /// <summary>What the correlation last said, or null.</summary>
    public CauseVerdict? Verdict { get; init; }

    /// <summary>Whether the correlation does not know it as it stands.</summary>
    public bool Unreported { get; init; }

    /// <summary>Escalations under way.</summary>
    public ImmutableArray<EscalationProgress> Escalations { get; init; } = [];

    /// <summary>Who was told that it is open and is to be told that it is over.</summary>
    public ImmutableArray<Recipient> Told { get; init; } = [];

    /// <summary>What it was when the rule's times were last changed, or null.</summary>
    public SettledSpan? Settled { get; init; }

    /// <summary>Its episodes that are no longer held one by one.</summary>
    public FoldedEpisodes? Folded { get; init; }

    /// <summary>Whether devices that are concerned were among them; the trail says so once.</summary>
    public bool IsCut { get; init; }

    /// <summary>Whether nobody needs to be told of it as long as its cause goes on.</summary>
    [JsonIgnore]
    public bool IsHeld => Verdict is { CauseId: not null, IsHeld: true };
}

/// <summary>How far an escalation of a rule has come.</summary>
/// <param name="Action">The place of the action in the rule.</param>
/// <param name="Step">Steps taken.</param>
/// <param name="DueAt">When the next is due, or its policy is to be read again.</param>
/// <param name="UnplannedSince">
/// What the next step's delay counts from, while it is not known because the policy could not be read; null once <paramref name="DueAt"/>
/// is that step's.
/// </param>
/// <param name="OverdueSince">Since when the next step has been due without its policy being readable; null: it has not.</param>
internal sealed record EscalationProgress(
    int Action, int Step, DateTimeOffset DueAt, DateTimeOffset? UnplannedSince = null, DateTimeOffset? OverdueSince = null);

/// <summary>Whom to tell, and by which channels.</summary>
internal sealed record Recipient(string To, ImmutableArray<string> Via);

/// <summary>Something to hand on. It is removed when its receiver has it; receivers drop repeats by its id.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoticeOut), "notice")]
[JsonDerivedType(typeof(TicketOut), "ticket")]
[JsonDerivedType(typeof(FeedOut), "feed")]
[JsonDerivedType(typeof(SensorOut), "sensor")]
[JsonDerivedType(typeof(FleetOut), "fleet")]
internal abstract record Outgoing(DateTimeOffset Since);

/// <summary>A notice for a recipient.</summary>
internal sealed record NoticeOut(DateTimeOffset Since, string To, Notice Notice) : Outgoing(Since);

/// <summary>A ticket to make.</summary>
internal sealed record TicketOut(DateTimeOffset Since, Guid TicketId, TicketDraft Draft) : Outgoing(Since);

/// <summary>An entry of the live feed.</summary>
internal sealed record FeedOut(DateTimeOffset Since, FeedEntry Entry) : Outgoing(Since);

/// <summary>Sensors of a device to look at again: those that the rule muted for faults that began up to a time.</summary>
/// <param name="UpTo">Null, as earlier programs wrote it: the time of its making.</param>
internal sealed record SensorOut(DateTimeOffset Since, Guid DeviceId, DateTimeOffset? UpTo) : Outgoing(Since);

/// <summary>An opening for the watch over the fleet.</summary>
internal sealed record FleetOut(DateTimeOffset Since, Incident Incident) : Outgoing(Since);
