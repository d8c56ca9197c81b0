using EsoCore.Projects;
using EsoCore.Sites;

namespace EsoCore.Api;

/// <summary>Sites and who is online there, <c>/api/sites</c>.</summary>
internal static class SiteEndpoints
{
    private const string Tag = "Sites";
    private const string What = "site";

    public static void MapSites(this IEndpointRouteBuilder app)
    {
        var sites = app.MapGroup("/api/sites").RequireProjectKey();
        sites.MapPost("", Create)
            .Doc("createSite", Tag, "Create a site; its id is minted when absent", doc => doc.Takes<NewSiteBody>().ETag().Refuses(409))
            .Gives<SiteBody>(StatusCodes.Status201Created);
        sites.MapGet("", List).Doc("listSites", Tag, "The project's sites, by id", doc => doc.Paged()).Gives<SiteList>();
        sites.MapGet("/{id}", Get).Doc("getSite", Tag, "A site and who is online there", doc => doc.ETag().Refuses(404)).Gives<LiveSiteBody>();
        sites.MapPatch("/{id}", Change)
            .Doc("changeSite", Tag, "Change a site: what is absent stays, what is null is cleared", doc => doc.Takes<SiteChangeBody>().Edits().Refuses(404))
            .Gives<SiteBody>();
        sites.MapDelete("/{id}", Delete)
            .Doc("deleteSite", Tag, "Take a site away; its devices stay", doc => doc.Edits().Refuses(404))
            .Gives(StatusCodes.Status204NoContent);
    }

    private static async Task<IResult> Create(HttpContext http, IGrainFactory grains)
    {
        var (form, unread) = await Answers.ReadForm(http);
        if (form is null)
            return unread!;
        var id = form.Text("id", Ids.MaxLength) ?? Guid.NewGuid().ToString("D");
        if (Ids.Fault(id) is { } fault)
            form.Fault("id", fault);
        var site = SiteForms.Read(form, null);
        if (form.Faults is { Length: > 0 } faults)
            return Problems.Faulty(faults);
        var result = await Site(grains, http, id).Put(site, expectedVersion: null, onlyCreate: true);
        return Answers.Edit(http, result, What, created => new SiteBody(created), Location);
    }

    private static async Task<IResult> List(HttpContext http, IGrainFactory grains)
    {
        var query = new QueryReader(http.Request.Query);
        var page = query.Page();
        if (query.Problem() is { } faulty)
            return faulty;
        var project = grains.GetGrain<IProjectGrain>(Caller.Of(http).ProjectId.ToString("D"));
        return await Answers.Page(http, () => project.ListSites(page), list => new SiteList(list.Items.Select(site => new SiteBody(site))));
    }

    private static async Task<IResult> Get(HttpContext http, string id, IGrainFactory grains)
    {
        if (await Site(grains, http, Ids.FromPath(http, id)).Get() is not { } site)
            return Problems.NotFound(What);
        http.Response.Headers.ETag = ETags.Of(site.Site.Version);
        return Results.Json(new LiveSiteBody(site), ApiJson.Options); // No 304: who is online changes without a new version.
    }

    private static async Task<IResult> Change(HttpContext http, string id, IGrainFactory grains)
    {
        var grain = Site(grains, http, Ids.FromPath(http, id));
        if ((await grain.Get())?.Site is not { } found)
            return Problems.NotFound(What);
        var (form, unread) = await Answers.ReadForm(http);
        if (form is null)
            return unread!;
        var site = SiteForms.Read(form, found.Value);
        if (form.Faults is { Length: > 0 } faults)
            return Problems.Faulty(faults);
        // Without If-Match the change still builds on what was read here, so that two changes at once cannot undo each other.
        var result = await grain.Put(site, ETags.IfMatch(http.Request) ?? found.Version, onlyCreate: false);
        return Answers.Edit(http, result, What, changed => new SiteBody(changed), Location);
    }

    private static async Task<IResult> Delete(HttpContext http, string id, IGrainFactory grains) =>
        Answers.Edit(http, await Site(grains, http, Ids.FromPath(http, id)).Delete(ETags.IfMatch(http.Request)), What, deleted => new SiteBody(deleted), Location);

    private static ISiteGrain Site(IGrainFactory grains, HttpContext http, string id) => grains.GetGrain<ISiteGrain>(Ids.Key(Caller.Of(http).Scope, id));

    private static string Location(Versioned<SiteDefinition> site) => $"/api/sites/{Ids.ToPath(site.Id)}";
}
