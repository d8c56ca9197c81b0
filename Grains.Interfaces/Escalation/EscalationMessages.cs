namespace EsoCore.Escalation;

/// <summary>An escalation policy: whom to tell while nobody acknowledges. Key: <c>project id/policy id</c>.</summary>
public interface IEscalationPolicyGrain : IGrainWithStringKey
{
    /// <summary>The policy, or null.</summary>
    [AlwaysInterleave]
    Task<Versioned<EscalationPolicy>?> Get();

    /// <summary>Creates the policy (<paramref name="onlyCreate"/>: or answers that it exists) or replaces it.</summary>
    Task<EditResult<EscalationPolicy>> Put(EscalationPolicy policy, long? expectedVersion, bool onlyCreate);

    /// <summary>
    /// Takes the policy away; for incidents that follow it the rule's own recipients, or else the project's owner, are told once when their
    /// next step is due.
    /// </summary>
    Task<EditResult<EscalationPolicy>> Delete(long? expectedVersion);
}

/// <summary>An on-call schedule: who is on duty when. Key: <c>project id/schedule id</c>.</summary>
public interface IOnCallScheduleGrain : IGrainWithStringKey
{
    /// <summary>The schedule, or null.</summary>
    [AlwaysInterleave]
    Task<Versioned<OnCallSchedule>?> Get();

    /// <summary>Who is on duty at an instant, or null when there is no such schedule.</summary>
    [AlwaysInterleave]
    Task<OnCallView?> OnCall(DateTimeOffset at);

    /// <summary>Creates the schedule (<paramref name="onlyCreate"/>: or answers that it exists) or replaces it.</summary>
    Task<EditResult<OnCallSchedule>> Put(OnCallSchedule schedule, long? expectedVersion, bool onlyCreate);

    /// <summary>Takes the schedule away.</summary>
    Task<EditResult<OnCallSchedule>> Delete(long? expectedVersion);
}

/// <summary>Lists a project's policies and schedules by id. Key: the project id.</summary>
public interface IEscalationListGrain : IGrainWithStringKey
{
    /// <summary>Escalation policies of a project; one more is refused (<see cref="EditOutcome.LimitReached"/>).</summary>
    const int MaxPolicies = 500;

    /// <summary>On-call schedules of a project; one more is refused (<see cref="EditOutcome.LimitReached"/>).</summary>
    const int MaxSchedules = 500;

    /// <summary>Policies.</summary>
    Task<Page<Versioned<EscalationPolicy>>> ListPolicies(PageRequest page);

    /// <summary>Schedules.</summary>
    Task<Page<Versioned<OnCallSchedule>>> ListSchedules(PageRequest page);
}

/// <summary>Whom to tell, and when, while nobody acknowledges.</summary>
/// <param name="Name">1 to 128 characters.</param>
/// <param name="Levels">L1, L2, ...; 1 to 10.</param>
/// <param name="RepeatEvery">After the last level that one is told again, each time after as long; 1 minute to 7 days, null: never.</param>
/// <param name="MaxRepeats">How often at most, 0 to 100.</param>
/// <param name="Quiet">When steps wait, or null.</param>
[GenerateSerializer, Immutable, Alias("escalation-policy")]
public sealed record EscalationPolicy(
    string Name, ImmutableArray<EscalationLevel> Levels, TimeSpan? RepeatEvery, int MaxRepeats, QuietHours? Quiet);

/// <summary>One level.</summary>
/// <param name="After">From the level above it, or from the incident's opening; 0 to 7 days.</param>
/// <param name="To">Recipients, 1 to 16.</param>
/// <param name="Via">Kinds of channels; empty: each recipient's own.</param>
[GenerateSerializer, Immutable, Alias("escalation-level")]
public sealed record EscalationLevel(TimeSpan After, ImmutableArray<string> To, ImmutableArray<string> Via);

/// <summary>Hours in which notices of little weight wait until they end. Critical ones never wait.</summary>
/// <param name="TimeZone">An IANA time zone.</param>
/// <param name="From"><c>HH:mm</c>.</param>
/// <param name="To"><c>HH:mm</c>; not later than <paramref name="From"/>: on the next day.</param>
/// <param name="Days">The days on which they begin (mon to sun); empty: every day.</param>
/// <param name="Below">Severities below this one wait: low, medium, high or critical.</param>
[GenerateSerializer, Immutable, Alias("quiet-hours")]
public sealed record QuietHours(string TimeZone, string From, string To, ImmutableArray<string> Days, string Below);

/// <summary>Who is on duty when.</summary>
/// <param name="Name">1 to 128 characters.</param>
/// <param name="TimeZone">An IANA time zone; hand-overs are at its wall clock's times, daylight saving or not.</param>
/// <param name="Layers">Rotations at the same time, each with somebody on duty; 1 to 8.</param>
/// <param name="Overrides">Who stands in for all layers for a while; of several at once the last counts. At most 200.</param>
/// <param name="Quiet">When notices to this schedule wait, or null.</param>
[GenerateSerializer, Immutable, Alias("on-call-schedule")]
public sealed record OnCallSchedule(
    string Name, string TimeZone, ImmutableArray<OnCallLayer> Layers, ImmutableArray<OnCallOverride> Overrides, QuietHours? Quiet);

/// <summary>How long a turn is.</summary>
public enum RotationUnit
{
    /// <summary>Days.</summary>
    Daily,

    /// <summary>Weeks.</summary>
    Weekly,
}

/// <summary>People who take turns.</summary>
/// <param name="Name">1 to 128 characters.</param>
/// <param name="People">Ids of people in turn; 1 to 64.</param>
/// <param name="Unit">Days or weeks.</param>
/// <param name="Every">Days or weeks of a turn, 1 to 52.</param>
/// <param name="StartsOn">The day of the first person's first hand-over; in weekly turns its weekday is that of every hand-over.</param>
/// <param name="HandOver">The wall clock's time of hand-overs, <c>HH:mm</c>.</param>
[GenerateSerializer, Immutable, Alias("on-call-layer")]
public sealed record OnCallLayer(string Name, ImmutableArray<string> People, RotationUnit Unit, int Every, DateOnly StartsOn,
    string HandOver);

/// <summary>Somebody stands in.</summary>
/// <param name="Person">The id of a person.</param>
/// <param name="From">At or after.</param>
/// <param name="To">Before.</param>
[GenerateSerializer, Immutable, Alias("on-call-override")]
public sealed record OnCallOverride(string Person, DateTimeOffset From, DateTimeOffset To);

/// <summary>Who is on duty at an instant.</summary>
/// <param name="People">Ids of people, each once, in the order of the layers; empty before a layer's first turn.</param>
/// <param name="Quiet">The schedule's quiet hours, or null.</param>
[GenerateSerializer, Immutable, Alias("on-call-view")]
public sealed record OnCallView(string ScheduleId, DateTimeOffset At, ImmutableArray<string> People, QuietHours? Quiet);
