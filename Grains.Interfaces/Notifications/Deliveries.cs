namespace EsoCore.Notifications;

/// <summary>What a project has to do with notifications: its documents in lists, and its deliveries. Key: the project id.</summary>
public interface INotificationsGrain : IGrainWithStringKey
{
    /// <summary>People of a project; one more is refused (<see cref="EditOutcome.LimitReached"/>).</summary>
    const int MaxPeople = 1_000;

    /// <summary>Teams of a project.</summary>
    const int MaxTeams = 200;

    /// <summary>Channels of a project.</summary>
    const int MaxChannels = 100;

    /// <summary>Silences of a project, those that are over included.</summary>
    const int MaxSilences = 1_000;

    /// <summary>Maintenance windows of a project.</summary>
    const int MaxMaintenanceWindows = 500;

    /// <summary>Templates that a project can have of its own: one of each kind.</summary>
    const int MaxTemplates = 100;

    /// <summary>People by id.</summary>
    [AlwaysInterleave]
    Task<Page<Versioned<PersonDefinition>>> ListPeople(PageRequest page);

    /// <summary>Teams by id; the built-in ones that were never edited stand on the first page.</summary>
    [AlwaysInterleave]
    Task<Page<Versioned<TeamDefinition>>> ListTeams(PageRequest page);

    /// <summary>Channels by id, without their secrets.</summary>
    [AlwaysInterleave]
    Task<Page<Versioned<ChannelDefinition>>> ListChannels(PageRequest page);

    /// <summary>Silences by id.</summary>
    [AlwaysInterleave]
    Task<Page<Versioned<SilenceDefinition>>> ListSilences(PageRequest page);

    /// <summary>Maintenance windows by id.</summary>
    [AlwaysInterleave]
    Task<Page<Versioned<MaintenanceWindowDefinition>>> ListMaintenanceWindows(PageRequest page);

    /// <summary>The templates in force, one of each kind.</summary>
    [AlwaysInterleave]
    Task<ImmutableArray<Versioned<TemplateDefinition>>> ListTemplates();

    /// <summary>Deliveries, newest first.</summary>
    [AlwaysInterleave]
    Task<Page<Delivery>> ListDeliveries(DeliveryFilter filter, PageRequest page);

    /// <summary>A delivery, or null.</summary>
    [AlwaysInterleave]
    Task<Delivery?> FindDelivery(Guid id);

    /// <summary>Sends a dead delivery again (see <see cref="INotifierGrain.SendAgain"/>).</summary>
    [AlwaysInterleave]
    Task<EditResult<Delivery>> SendAgain(Guid id, string actor);
}

/// <summary>Which deliveries are listed; null means any.</summary>
/// <param name="Status"><c>pending</c>, <c>delivered</c> or <c>dead</c>.</param>
/// <param name="IncidentId">The incident that they tell of first.</param>
/// <param name="From">Made at or after.</param>
/// <param name="To">Made before.</param>
[GenerateSerializer, Immutable, Alias("delivery-filter")]
public sealed record DeliveryFilter(string? Status, Guid? IncidentId, DateTimeOffset? From, DateTimeOffset? To);

/// <summary>Where a delivery stands.</summary>
public enum DeliveryStatus
{
    /// <summary>On its way, or waiting for its next attempt.</summary>
    Pending,

    /// <summary>The target took it.</summary>
    Delivered,

    /// <summary>It was given up; see its reason.</summary>
    Dead,
}

/// <summary>One message to one address through one channel.</summary>
/// <param name="Id">Also its idempotency key: every attempt carries it.</param>
/// <param name="Recipient">Whom the notices were for, e.g. <c>team:safety</c>.</param>
/// <param name="Person">The id of the person told, or null.</param>
/// <param name="Channel">The channel's id; <c>smtp</c> is the installation's own mail; null when there was nowhere to send to.</param>
/// <param name="Kind">The channel's kind, or null.</param>
/// <param name="Address">Where to, within the channel, or null.</param>
/// <param name="Reason">
/// Why it is dead: no_recipient, no_channel, channel_disabled, channel_gone, refused, too_many_attempts, too_many_waiting, expired.
/// </param>
/// <param name="Detail">What the target said last.</param>
/// <param name="NextAt">When it is tried next, while pending.</param>
/// <param name="TemplateFault">Why the built-in text was sent instead of the project's own, or null.</param>
/// <param name="Total">How many notices it tells of.</param>
/// <param name="Notices">The gravest of them, at most 20; the text may name more.</param>
/// <param name="MeantFor">
/// Of one that had nowhere to go: who was behind the recipient and could not be reached, at most 64; else null.
/// </param>
[GenerateSerializer, Immutable, Alias("delivery")]
public sealed record Delivery(
    Guid Id,
    string Recipient,
    string? Person,
    string? Channel,
    string? Kind,
    string? Address,
    DeliveryStatus Status,
    string? Reason,
    string? Detail,
    int Attempts,
    DateTimeOffset CreatedAt,
    DateTimeOffset? NextAt,
    DateTimeOffset? FinishedAt,
    string Subject,
    string Text,
    string? TemplateFault,
    int Total,
    ImmutableArray<DeliveryNotice> Notices,
    ImmutableArray<DeliveryAddressee>? MeantFor = null);

/// <summary>Somebody whom no message could reach.</summary>
/// <param name="Id">E.g. <c>person:max</c>; a team stands for its own address.</param>
/// <param name="Name">As it was when the message was made.</param>
[GenerateSerializer, Immutable, Alias("delivery-addressee")]
public sealed record DeliveryAddressee(string Id, string Name);

/// <summary>What a delivery tells of.</summary>
[GenerateSerializer, Immutable, Alias("delivery-notice")]
public sealed record DeliveryNotice(Guid Id, NoticeKind Kind, Guid IncidentId, string RuleId, string Severity, string Title);
