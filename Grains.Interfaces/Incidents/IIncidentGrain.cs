using EsoCore.Correlation;

namespace EsoCore.Incidents;

/// <summary>
/// The incidents of one rule about one subject: opened, counted, escalated and resolved here. Key: <c>project id/rule id/subject</c>, see
/// <see cref="SubjectKey.GrainKey"/>.
/// </summary>
public interface IIncidentGrain : IGrainWithStringKey
{
    /// <summary>Characters of a comment.</summary>
    const int MaxComment = 4_096;

    /// <summary>Characters of an assignee.</summary>
    const int MaxAssignee = 128;

    /// <summary>What a person does with one of its incidents. An act that changes nothing (acknowledging twice) is no fault.</summary>
    Task<EditResult<Incident>> Act(IncidentAct act);

    /// <summary>
    /// Takes episodes that another grain found (those of devices come by stream). Durable when the task ends; repeats are dropped.
    /// </summary>
    Task Tell(ImmutableArray<RuleEpisode> episodes);

    /// <summary>Takes what the correlation has come to say of its incidents. Unknown ones are ignored.</summary>
    Task Judge(ImmutableArray<CauseVerdict> verdicts);
}

/// <summary>What people do with incidents.</summary>
public enum IncidentVerb
{
    /// <summary>Take it on: escalation ends.</summary>
    Acknowledge,

    /// <summary>Declare it over; what begins after this opens it again or makes a new one.</summary>
    Resolve,

    /// <summary>Put it aside: repeats are counted and tell nobody.</summary>
    Suppress,

    /// <summary>Take it up again: while it goes on it is told anew, and its escalation begins with its first step.</summary>
    Unsuppress,

    /// <summary>Say who is to see to it.</summary>
    Assign,

    /// <summary>Leave a note in its trail.</summary>
    Comment,
}

/// <summary>An act.</summary>
/// <param name="IncidentId">Which incident.</param>
/// <param name="Verb">What is done.</param>
/// <param name="Actor">Who does it, e.g. <c>key:&lt;id&gt;</c>.</param>
/// <param name="Text">A comment, or why; at most <see cref="IIncidentGrain.MaxComment"/> characters, required for a comment.</param>
/// <param name="Assignee">Whom to assign; null takes the assignment back.</param>
/// <param name="ExpectedVersion">The version that the caller saw, or null.</param>
[GenerateSerializer, Immutable, Alias("incident-act")]
public sealed record IncidentAct(Guid IncidentId, IncidentVerb Verb, string Actor, string? Text, string? Assignee, long? ExpectedVersion);
