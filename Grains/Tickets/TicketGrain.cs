using EsoCore.Grains.Incidents;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Tickets;

namespace EsoCore.Grains.Tickets;

/// <summary>One ticket; its state is its row.</summary>
[GrainType("ticket")]
internal sealed class TicketGrain(IWorkStore store, TimeProvider time) : Grain, ITicketGrain
{
    private Ticket? _ticket;
    private Guid _projectId;
    private Guid _id;
    private long _version;

    private string Owner => $"ticket/{_id:D}";

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_projectId, var id) = ProjectKey.Parse(this.GetPrimaryKeyString());
        _id = Guid.ParseExact(id, "D");
        await Load();
    }

    /// <inheritdoc/>
    public Task<Ticket?> Get()
    {
        if (_ticket is null)
            DeactivateOnIdle();
        return Task.FromResult(_ticket);
    }

    /// <inheritdoc/>
    public async Task<EditResult<Ticket>> Create(TicketDraft draft)
    {
        var faults = TicketRules.Validate(draft.Kind, draft.Title, draft.Assignee, draft.Notes);
        if (!faults.IsEmpty)
            return EditResult<Ticket>.Faulty(faults);
        if (_ticket is not null)
            return EditResult<Ticket>.Of(EditOutcome.AlreadyExists, Versioned(_ticket));
        var now = time.GetUtcNow();
        var ticket = new Ticket(
            _id, 1, _projectId, draft.Kind, draft.Title, TicketStatus.Open, draft.DueAt, draft.IncidentId, draft.RuleId, draft.DeviceId,
            draft.SiteId, draft.AssetId, draft.Severity, draft.Assignee, draft.Notes, now, draft.CreatedBy, now, null);
        return await Write(ticket, draft.CreatedBy, "ticket.created")
            ? EditResult<Ticket>.Of(EditOutcome.Created, Versioned(ticket))
            : EditResult<Ticket>.Of(EditOutcome.AlreadyExists, _ticket is null ? null : Versioned(_ticket));
    }

    /// <inheritdoc/>
    public async Task<EditResult<Ticket>> Change(TicketChange change, string actor, long? expectedVersion)
    {
        var faults = TicketRules.Validate(change.Kind, change.Title, change.Assignee, change.Notes);
        if (!faults.IsEmpty)
            return EditResult<Ticket>.Faulty(faults);
        if (_ticket is not { } before)
            return EditResult<Ticket>.Of(EditOutcome.NotFound);
        if (expectedVersion is { } expected && expected != before.Version)
            return EditResult<Ticket>.Of(EditOutcome.VersionMismatch, Versioned(before));
        var now = time.GetUtcNow();
        var after = before with
        {
            Kind = change.Kind, Title = change.Title, Status = change.Status, DueAt = change.DueAt, Assignee = change.Assignee,
            Notes = change.Notes,
            ClosedAt = !TicketRules.IsClosed(change.Status) ? null : before.Status == change.Status ? before.ClosedAt : now,
        };
        if (after == before)
            return EditResult<Ticket>.Of(EditOutcome.Changed, Versioned(before));
        after = after with { Version = before.Version + 1, ChangedAt = now };
        var action = before.Status == after.Status ? "ticket.changed" : $"ticket.{WorkJson.WordOf(after.Status)}";
        return await Write(after, actor, action)
            ? EditResult<Ticket>.Of(EditOutcome.Changed, Versioned(after))
            : EditResult<Ticket>.Of(EditOutcome.VersionMismatch, _ticket is null ? null : Versioned(_ticket));
    }

    private static Versioned<Ticket> Versioned(Ticket ticket) => new(ticket.Id.ToString("D"), ticket.Version, ticket);

    /// <summary>
    /// Writes it with its row and a line of the trail; false when another activation has, and then memory holds what stands.
    /// </summary>
    private async Task<bool> Write(Ticket ticket, string actor, string action)
    {
        var body = WorkJson.Write(ticket);
        var item = new WorkItem(
            WorkKinds.Ticket, ticket.Id, Owner, WorkJson.WordOf(ticket.Status), ticket.Severity, ticket.RuleId, ticket.DeviceId,
            ticket.SiteId,
            ticket.AssetId, ticket.IncidentId, ticket.CreatedAt, body);
        var line = new LogEntry(
            WorkIds.Of("line", _projectId, Owner, _version + 1), ticket.ChangedAt, actor, action, ticket.Id, ticket.DeviceId,
            $"{{\"ticket\":{body}}}");
        try
        {
            var commit = new WorkCommit(_projectId, Owner, _version, body, [item], [line])
            {
                Rest = TicketRules.IsClosed(ticket.Status) ? new WorkRest(ticket.ChangedAt, "") : null,
            };
            if (await store.Commit(commit, CancellationToken.None))
            {
                (_ticket, _version) = (ticket, _version + 1);
                return true;
            }
        }
        catch
        {
            // Whether it was written only the store can tell.
            await Load();
            throw;
        }

        await Load();
        return false;
    }

    private async Task Load()
    {
        var stored = await store.Load(_projectId, Owner, CancellationToken.None);
        (_ticket, _version) = (stored is null ? null : WorkJson.Read<Ticket>(stored.Body), stored?.Version ?? 0);
    }
}
