namespace EsoCore.Grains.Storage;

/// <summary>
/// The port to what grains above the device write: their own state, the items that people list and search (incidents, tickets,
/// notifications), and the audit trail, all of one step in one commit. Throws as <see cref="IDeviceStore"/> does.
/// </summary>
public interface IWorkStore
{
    /// <summary>A grain's own state, or null while it never wrote.</summary>
    Task<StoredWork?> Load(Guid projectId, string owner, CancellationToken cancel);

    /// <summary>
    /// Writes state (version + 1, with what is left of it one day), items (inserted or replaced by id) and log entries (a known id is left
    /// as it is), all or nothing, if <see cref="WorkCommit.ExpectedVersion"/> stands; false, and nothing written, if not.
    /// </summary>
    Task<bool> Commit(WorkCommit commit, CancellationToken cancel);

    /// <summary>An item, or null.</summary>
    Task<WorkItem?> Find(Guid projectId, string kind, Guid id, CancellationToken cancel);

    /// <summary>Items of a kind, newest <see cref="WorkItem.At"/> first.</summary>
    Task<Page<WorkItem>> List(Guid projectId, WorkFilter filter, PageRequest page, CancellationToken cancel);

    /// <summary>The audit trail, newest first.</summary>
    Task<Page<LogEntry>> ReadLog(Guid projectId, LogFilter filter, PageRequest page, CancellationToken cancel);
}

/// <summary>The state of a grain as stored.</summary>
public sealed record StoredWork(long Version, string Body);

/// <summary>Everything that one step of a grain writes.</summary>
/// <param name="Owner">The grain: its type and key, e.g. <c>incident/rule/device:…</c>; at most 512 characters.</param>
/// <param name="ExpectedVersion">0: it never wrote.</param>
/// <param name="Body">The new state, JSON.</param>
public sealed record WorkCommit(
    Guid ProjectId, string Owner, long ExpectedVersion, string Body, ImmutableArray<WorkItem> Items, ImmutableArray<LogEntry> Log)
{
    /// <summary>What is left of the state once it has been idle for long; null: it has something under way, and stays as it is.</summary>
    public WorkRest? Rest { get; init; }

    /// <summary>About how many bytes this writes; groups of commits are cut by it.</summary>
    public int EstimatedBytes =>
        256 + Body.Length + (Rest?.Body.Length ?? 0) + Items.Sum(i => 256 + i.Body.Length) + Log.Sum(l => 192 + l.Body.Length);
}

/// <summary>What takes the place of a state that nothing has changed for <see cref="WorkRetention.States"/>.</summary>
/// <param name="Since">When it came to rest: the time of the commit.</param>
/// <param name="Body">JSON, what the grain must know for ever; empty: nothing, the state goes.</param>
public sealed record WorkRest(DateTimeOffset Since, string Body);

/// <summary>How long work is kept. What is still under way is kept however old it is.</summary>
public static class WorkRetention
{
    /// <summary>Lines of the audit trail.</summary>
    public static readonly TimeSpan Log = TimeSpan.FromDays(400);

    /// <summary>Deliveries.</summary>
    public static readonly TimeSpan Deliveries = TimeSpan.FromDays(90);

    /// <summary>Incidents that are resolved and tickets that are done or cancelled, since they began.</summary>
    public static readonly TimeSpan Items = TimeSpan.FromDays(400);

    /// <summary>States of grains that have nothing under way: longer than any item or line that they wrote.</summary>
    public static readonly TimeSpan States = TimeSpan.FromDays(401);
}

/// <summary>Something that people list and search.</summary>
/// <param name="Kind">One of <see cref="WorkKinds"/>.</param>
/// <param name="Owner">The grain that writes it.</param>
/// <param name="Status">Its status word.</param>
/// <param name="At">When it began; lists are ordered by it.</param>
/// <param name="CauseId">The item that it belongs to: an incident's cause, a ticket's or a delivery's incident.</param>
/// <param name="Body">JSON.</param>
public sealed record WorkItem(
    string Kind,
    Guid Id,
    string Owner,
    string Status,
    string? Severity,
    string? RuleId,
    Guid? DeviceId,
    string? SiteId,
    string? AssetId,
    Guid? CauseId,
    DateTimeOffset At,
    string Body);

/// <summary>The kinds of items.</summary>
public static class WorkKinds
{
    /// <summary><see cref="Incidents.Incident"/>.</summary>
    public const string Incident = "incident";

    /// <summary>A ticket.</summary>
    public const string Ticket = "ticket";

    /// <summary>A delivery: one message to one address through one channel.</summary>
    public const string Delivery = "delivery";
}

/// <summary>Which items are listed; null (or empty) means any.</summary>
/// <param name="From">At or after.</param>
/// <param name="To">Before.</param>
public sealed record WorkFilter(
    string Kind,
    ImmutableArray<string> Statuses = default,
    string? Severity = null,
    string? RuleId = null,
    Guid? DeviceId = null,
    string? SiteId = null,
    string? AssetId = null,
    Guid? CauseId = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null);

/// <summary>One line of the audit trail (<c>event_log</c>): never changed, never removed before its retention.</summary>
/// <param name="Id">Unique; the same for the same step.</param>
/// <param name="Actor">Who: <c>system</c>, <c>rule:&lt;id&gt;</c>, <c>key:&lt;id&gt;</c>.</param>
/// <param name="Action">What, in a word or two, e.g. <c>incident.opened</c> or <c>rule.changed</c>.</param>
/// <param name="ItemId">The incident, ticket or delivery, or null.</param>
/// <param name="Body">JSON with the full context.</param>
public sealed record LogEntry(Guid Id, DateTimeOffset At, string Actor, string Action, Guid? ItemId, Guid? DeviceId, string Body);

/// <summary>Which lines of the trail are read.</summary>
public sealed record LogFilter(
    Guid? ItemId = null, Guid? DeviceId = null, string? Action = null, DateTimeOffset? From = null, DateTimeOffset? To = null);
