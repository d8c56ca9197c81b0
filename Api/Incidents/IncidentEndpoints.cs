using System.Text.Json;
using EsoCore.Incidents;

namespace EsoCore.Api;

/// <summary>Incidents, <c>/api/incidents</c>, and the audit trail, <c>/api/log</c>.</summary>
internal static class IncidentEndpoints
{
    private const string Tag = "Incidents";
    private const string What = "incident";

    public static void MapIncidents(this IEndpointRouteBuilder app)
    {
        var incidents = app.MapGroup("/api/incidents").RequireProjectKey();
        incidents.MapGet("", List)
            .Doc("listIncidents", Tag, "Incidents, the latest beginning first", doc => doc
                .Query("status", "open, acknowledged, resolved or suppressed; several with commas.")
                .Query("severity", "info, low, medium, high or critical.").Query("rule", "The id of a rule.")
                    .Query("device", "A device.", "uuid")
                .Query("site", "A site's id.").Query("asset", "An asset's code.").Query("cause", "Consequences of this incident.", "uuid")
                .Span().Paged())
            .Gives<IncidentList>();
        incidents.MapGet("/{id}", Get)
            .Doc("getIncident", Tag, "An incident with its consequences and its trail", doc => doc.ETag().Refuses(404))
            .Gives<IncidentDetailsBody>();
        Act(incidents, IncidentVerb.Acknowledge, "acknowledge", "Take an incident on: escalation ends");
        Act(incidents, IncidentVerb.Resolve, "resolve", "Declare an incident over");
        Act(incidents, IncidentVerb.Suppress, "suppress", "Put an incident aside: repeats are counted and tell nobody");
        Act(incidents, IncidentVerb.Unsuppress, "unsuppress",
            "Take an incident up again: while it goes on it is told anew, and escalates from its first step");
        incidents.MapPost("/{id}/assign", (HttpContext http, string id, IGrainFactory grains) => Act(http, id, grains, IncidentVerb.Assign))
            .Doc("assignIncident", Tag, "Say who is to see to an incident; null takes it back", doc => doc.Takes<AssignBody>().Edits()
                .Refuses(404))
            .Gives<IncidentBody>();
        incidents.MapPost("/{id}/comments", (HttpContext http, string id, IGrainFactory grains) =>
            Act(http, id, grains, IncidentVerb.Comment))
            .Doc("commentIncident", Tag, "Leave a note in an incident's trail", doc => doc.Takes<CommentBody>().Edits().Refuses(404))
            .Gives<IncidentBody>();
        app.MapGroup("/api/log").RequireProjectKey().MapGet("", Log)
            .Doc("listLog", "Log", "The audit trail, newest first", doc => doc
                .Query("item", "An incident, ticket or delivery.", "uuid").Query("device", "A device.", "uuid")
                .Query("action", "E.g. incident.opened.").Span().Paged())
            .Gives<TrailList>();
    }

    private static void Act(RouteGroupBuilder incidents, IncidentVerb verb, string word, string summary) =>
        incidents.MapPost($"/{{id}}/{word}", (HttpContext http, string id, IGrainFactory grains) => Act(http, id, grains, verb))
            .Doc($"{word}Incident", Tag, summary, doc => doc.Takes<ActBody>(optional: true).Edits().Refuses(404))
            .Gives<IncidentBody>();

    private static async Task<IResult> List(HttpContext http, IGrainFactory grains)
    {
        var query = new QueryReader(http.Request.Query);
        var filter = new IncidentFilter(
            query.Words<IncidentStatus>("status"), query.Severity("severity"), query.Text("rule", Ids.MaxLength), query.Id("device"),
            query.Text("site", Ids.MaxLength), query.Text("asset", Ids.MaxLength), query.Id("cause"), query.Time("from"), query.Time("to"));
        var page = query.Page();
        if (query.Problem() is { } faulty)
            return faulty;
        return await Answers.Page(
            http, () => Lists(http, grains).List(filter, page), list => new IncidentList(list.Items.Select(i => new IncidentBody(i))));
    }

    private static async Task<IResult> Get(HttpContext http, string id, IGrainFactory grains)
    {
        if (!Ids.TryParse(id, out var incidentId) || await Lists(http, grains).Find(incidentId) is not { } found)
            return Problems.NotFound(What);
        http.Response.Headers.ETag = ETags.Of(found.Incident.Version);
        return Results.Json(new IncidentDetailsBody(found), ApiJson.Options); // No 304: its trail grows without a new version.
    }

    private static async Task<IResult> Act(HttpContext http, string id, IGrainFactory grains, IncidentVerb verb)
    {
        if (!Ids.TryParse(id, out var incidentId) || await Lists(http, grains).Get(incidentId) is not { } incident)
            return Problems.NotFound(What);
        var (text, assignee) = ((string?)null, (string?)null);
        if (verb is IncidentVerb.Assign or IncidentVerb.Comment || http.Request.ContentLength is > 0
            || http.Request.Headers.TransferEncoding.Count > 0)
        {
            var (form, unread) = await Answers.ReadForm(http);
            if (form is null)
                return unread!;
            text = form.Text("text", IIncidentGrain.MaxComment, required: verb == IncidentVerb.Comment);
            assignee = form.Text("assignee", IIncidentGrain.MaxAssignee);
            if (verb == IncidentVerb.Assign && !form.Has("assignee") && !form.IsNull("assignee"))
                form.Fault("assignee", "is required: who, or null to take it back");
            if (form.Faults is { Length: > 0 } faults)
                return Problems.Faulty(faults);
        }

        var act = new IncidentAct(
            incidentId, verb, $"key:{Caller.Of(http).Key.KeyId:D}", string.IsNullOrEmpty(text) ? null : text,
            string.IsNullOrEmpty(assignee) ? null : assignee, ETags.IfMatch(http.Request));
        var grain = grains.GetGrain<IIncidentGrain>(Ids.Key(Caller.Of(http).Scope, $"{incident.RuleId}/{incident.Subject}"));
        return Answers.Edit(http, await grain.Act(act), What, done => new IncidentBody(done.Value), done => $"/api/incidents/{done.Id}");
    }

    private static async Task<IResult> Log(HttpContext http, IGrainFactory grains)
    {
        var query = new QueryReader(http.Request.Query);
        var filter = new TrailFilter(query.Id("item"), query.Id("device"), query.Text("action", 64), query.Time("from"), query.Time("to"));
        var page = query.Page();
        if (query.Problem() is { } faulty)
            return faulty;
        return await Answers.Page(http, () => Lists(http, grains).ReadTrail(filter, page), list =>
            new TrailList(list.Items.Select(l => new TrailBody(l))));
    }

    private static IIncidentListGrain Lists(HttpContext http, IGrainFactory grains) =>
        grains.GetGrain<IIncidentListGrain>(Caller.Of(http).ProjectId.ToString("D"));
}
