using EsoCore.Incidents;

namespace EsoCore.Notifications;

/// <summary>
/// The notification pipeline of one recipient: mute, deduplicate, group, render, send, record. Key: <c>project id/recipient</c>, e.g.
/// <c>…/team:safety</c>.
/// </summary>
public interface INotifierGrain : IGrainWithStringKey
{
    /// <summary>Notices handed over in one call; more is a fault of the caller.</summary>
    const int MaxNotices = 1_000;

    /// <summary>
    /// Takes notices; durable when the task ends. Those known by their id are taken once. Interleaves, so that callers of one moment share
    /// one commit.
    /// </summary>
    [AlwaysInterleave]
    Task Enqueue(ImmutableArray<Notice> notices);

    /// <summary>
    /// Sends a dead delivery again, under its old idempotency key. One that had nowhere to go is addressed and worded anew by what the
    /// recipient has now; of several addresses the first keeps its id, and each other has one that follows from it.
    /// <see cref="EditOutcome.NotFound"/>: it is not this recipient's; <see cref="EditOutcome.Invalid"/>: it is not dead;
    /// <see cref="EditOutcome.NotPossible"/>: it still has nowhere to go.
    /// </summary>
    /// <param name="deliveryId">Which.</param>
    /// <param name="actor">Who asked, for the audit trail.</param>
    [AlwaysInterleave]
    Task<EditResult<Delivery>> SendAgain(Guid deliveryId, string actor);
}

/// <summary>Why people are told.</summary>
public enum NoticeKind
{
    /// <summary>An incident opened.</summary>
    Opened,

    /// <summary>One that was resolved opened again.</summary>
    Reopened,

    /// <summary>Nobody acknowledged it in time.</summary>
    Escalated,

    /// <summary>Still nobody has.</summary>
    Repeated,

    /// <summary>It is over.</summary>
    Resolved,

    /// <summary>A ticket was made.</summary>
    Ticket,
}

/// <summary>One thing to tell one recipient.</summary>
/// <param name="Id">Follows from the incident, the step and the recipient: the same however often it is handed over.</param>
/// <param name="Kind">Why.</param>
/// <param name="Incident">The incident as it stood then.</param>
/// <param name="Via">Kinds of channels; empty: the recipient's own choice.</param>
/// <param name="GroupKey">Notices of one key share messages: the site, or the project where there is none.</param>
/// <param name="At">When it was decided.</param>
[GenerateSerializer, Immutable, Alias("notice")]
public sealed record Notice(Guid Id, NoticeKind Kind, Incident Incident, ImmutableArray<string> Via, string GroupKey, DateTimeOffset At);
