using EsoCore.Incidents;
using EsoCore.Tickets;

namespace EsoCore.Api;

/// <summary>Tickets, <c>/api/tickets</c>.</summary>
internal static class TicketEndpoints
{
    private const string Tag = "Tickets";
    private const string What = "ticket";

    public static void MapTickets(this IEndpointRouteBuilder app)
    {
        var tickets = app.MapGroup("/api/tickets").RequireProjectKey();
        tickets.MapPost("", Create)
            .Doc("createTicket", Tag, "Create a ticket", doc => doc.Takes<NewTicketBody>()
                .ETag()).Gives<TicketBody>(StatusCodes.Status201Created);
        tickets.MapGet("", List)
            .Doc("listTickets", Tag, "Tickets, the latest made first", doc => doc
                .Query("status", "open, in_progress, done or cancelled; several with commas.").Query("incident", "An incident.", "uuid")
                .Query("device", "A device.", "uuid").Query("site", "A site's id.").Query("asset", "An asset's code.").Span().Paged())
            .Gives<TicketList>();
        tickets.MapGet("/{id}", Get).Doc("getTicket", Tag, "A ticket", doc => doc.ETag().Refuses(404)).Gives<TicketBody>();
        tickets.MapPatch("/{id}", Change)
            .Doc("changeTicket", Tag, "Change a ticket: what is absent stays, what is null is cleared", doc =>
                doc.Takes<TicketChangeBody>().Edits().Refuses(404))
            .Gives<TicketBody>();
    }

    private static async Task<IResult> Create(HttpContext http, IGrainFactory grains)
    {
        var (form, unread) = await Answers.ReadForm(http);
        if (form is null)
            return unread!;
        var draft = new TicketDraft(
            form.Text("kind", 64, required: true) ?? "", form.Text("title", ITicketGrain.MaxTitle, required: true) ?? "",
            form.Time("due_at"),
            form.Id("incident_id"), null, form.Id("device_id"), form.Text("site_id", Ids.MaxLength), form.Text("asset_id", Ids.MaxLength),
            null,
            Given(form.Text("assignee", ITicketGrain.MaxAssignee)), Given(form.Text("notes", ITicketGrain.MaxNotes)),
            $"key:{Caller.Of(http).Key.KeyId:D}");
        if (draft.IncidentId is { } incident && await Lists(http, grains).Get(incident) is null)
            form.Fault("incident_id", "names no incident in reach of this key");
        var content = new TicketChange(draft.Kind, draft.Title, TicketStatus.Open, draft.DueAt, draft.Assignee, draft.Notes);
        if (form.Faults is { Length: > 0 } faults)
            return await Definitions.Faulty(faults, () => Check(grains, http, Guid.Empty, content));
        var result = await Ticket(grains, http, Guid.CreateVersion7()).Create(draft);
        return Answers.Edit(http, result, What, made => new TicketBody(made.Value), made => $"/api/tickets/{made.Id}");
    }

    private static async Task<IResult> List(HttpContext http, IGrainFactory grains)
    {
        var query = new QueryReader(http.Request.Query);
        var filter = new TicketFilter(
            query.Words<TicketStatus>("status"), query.Id("incident"), query.Id("device"), query.Text("site", Ids.MaxLength),
            query.Text("asset", Ids.MaxLength), query.Time("from"), query.Time("to"));
        var page = query.Page();
        if (query.Problem() is { } faulty)
            return faulty;
        return await Answers.Page(
            http, () => Lists(http, grains).ListTickets(filter, page), list => new TicketList(list.Items.Select(t => new TicketBody(t))));
    }

    private static async Task<IResult> Get(HttpContext http, string id, IGrainFactory grains) =>
        Ids.TryParse(id, out var ticketId) && await Ticket(grains, http, ticketId).Get() is { } ticket
            ? Answers.Versioned(http, new Versioned<Ticket>(id, ticket.Version, ticket), new TicketBody(ticket)) : Problems.NotFound(What);

    private static async Task<IResult> Change(HttpContext http, string id, IGrainFactory grains)
    {
        if (!Ids.TryParse(id, out var ticketId))
            return Problems.NotFound(What);
        var grain = Ticket(grains, http, ticketId);
        return await Definitions.Change(
            http, async () => await grain.Get() is { } found ? new Versioned<Ticket>(id, found.Version, found) : null, What, ReadChange,
            (change, version) => grain.Change(change, $"key:{Caller.Of(http).Key.KeyId:D}", version),
            result => Answers.Edit(http, result, What, changed => new TicketBody(changed.Value), changed => $"/api/tickets/{changed.Id}"),
            change => Check(grains, http, ticketId, change));
    }

    private static TicketChange ReadChange(JsonForm form, Ticket found)
    {
        var status = found.Status;
        if (form.Text("status", 32) is { } word && !IncidentQueries.TryWord(word, out status))
            form.Fault("status", "must be open, in_progress, done or cancelled");
        return new TicketChange(
            form.Text("kind", 64) ?? found.Kind, form.Text("title", ITicketGrain.MaxTitle) ?? found.Title, status,
            form.IsNull("due_at") ? null : form.Time("due_at") ?? found.DueAt,
            form.IsNull("assignee") ? null : Given(form.Text("assignee", ITicketGrain.MaxAssignee)) ?? found.Assignee,
            form.IsNull("notes") ? null : Given(form.Text("notes", ITicketGrain.MaxNotes)) ?? found.Notes);
    }

    private static async Task<ImmutableArray<FieldError>> Check(IGrainFactory grains, HttpContext http, Guid id, TicketChange content) =>
        (await Ticket(grains, http, id).Change(content, "", Definitions.NoVersion)).Errors;

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static ITicketGrain Ticket(IGrainFactory grains, HttpContext http, Guid id) =>
        grains.GetGrain<ITicketGrain>(Ids.Key(Caller.Of(http).Scope, id.ToString("D")));

    private static IIncidentListGrain Lists(HttpContext http, IGrainFactory grains) =>
        grains.GetGrain<IIncidentListGrain>(Caller.Of(http).ProjectId.ToString("D"));
}
