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

    private static Task<IResult> Create(HttpContext http, IGrainFactory grains) => Definitions.Create(
        http, form => SiteForms.Read(form, null),
        async (id, site) => Edit(http, await Site(grains, http, id).Put(site, expectedVersion: null, onlyCreate: true)));

    private static Task<IResult> List(HttpContext http, IGrainFactory grains) => Definitions.List(
        http, page => grains.GetGrain<IProjectGrain>(Caller.Of(http).ProjectId.ToString("D")).ListSites(page),
        sites => new SiteList(sites.Select(site => new SiteBody(site))));

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
        return await Definitions.Change(
            http, async () => (await grain.Get())?.Site, What, SiteForms.Read,
            (site, version) => grain.Put(site, version, onlyCreate: false), result => Edit(http, result));
    }

    private static async Task<IResult> Delete(HttpContext http, string id, IGrainFactory grains) =>
        Edit(http, await Site(grains, http, Ids.FromPath(http, id)).Delete(ETags.IfMatch(http.Request)));

    private static IResult Edit(HttpContext http, EditResult<SiteDefinition> result) =>
        Answers.Edit(http, result, What, site => new SiteBody(site), Location);

    private static ISiteGrain Site(IGrainFactory grains, HttpContext http, string id) => grains.GetGrain<ISiteGrain>(Ids.Key(Caller.Of(http).Scope, id));

    private static string Location(Versioned<SiteDefinition> site) => $"/api/sites/{Ids.ToPath(site.Id)}";
}
