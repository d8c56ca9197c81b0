using EsoCore.Assets;
using EsoCore.Projects;

namespace EsoCore.Api;

/// <summary>Assets and their cycles, <c>/api/assets</c>. A code that devices use counts from its first record; registering it adds what people know.</summary>
internal static class AssetEndpoints
{
    private const string Tag = "Assets";
    private const string What = "asset";

    public static void MapAssets(this IEndpointRouteBuilder app)
    {
        var assets = app.MapGroup("/api/assets").RequireProjectKey();
        assets.MapPost("", Create)
            .Doc("createAsset", Tag, "Register an asset under the code that devices use for it", doc => doc.Takes<NewAssetBody>().ETag().Refuses(409))
            .Gives<AssetBody>(StatusCodes.Status201Created);
        assets.MapGet("", List)
            .Doc("listAssets", Tag, "The project's registered assets, by code", doc => doc.Query("site", "Only those at this site.").Paged())
            .Gives<AssetList>();
        assets.MapGet("/{id}", Get)
            .Doc("getAsset", Tag, "An asset with its cycle counters and histograms", doc => doc.ETag().Refuses(404))
            .Gives<LiveAssetBody>();
        assets.MapPatch("/{id}", Change)
            .Doc("changeAsset", Tag, "Change an asset: what is absent stays, what is null is cleared", doc => doc.Takes<AssetChangeBody>().Edits().Refuses(404))
            .Gives<AssetBody>();
        assets.MapDelete("/{id}", Delete)
            .Doc("deleteAsset", Tag, "Take an asset's definition away; its counts stay", doc => doc.Edits().Refuses(404))
            .Gives(StatusCodes.Status204NoContent);
    }

    private static async Task<IResult> Create(HttpContext http, IGrainFactory grains)
    {
        var (form, unread) = await Answers.ReadForm(http);
        if (form is null)
            return unread!;
        var id = form.Text("asset_id", Ids.MaxLength, required: true);
        if (id is not null && Ids.CodeFault(id) is { } fault)
            form.Fault("asset_id", fault);
        var asset = AssetForms.Read(form, null);
        if (form.Faults is { Length: > 0 } faults)
            return Problems.Faulty(faults);
        var result = await Asset(grains, http, id!).Put(asset, expectedVersion: null, onlyCreate: true);
        return Answers.Edit(http, result, What, created => new AssetBody(created), Location);
    }

    private static async Task<IResult> List(HttpContext http, IGrainFactory grains)
    {
        var query = new QueryReader(http.Request.Query);
        var (site, page) = (query.Text("site", Ids.MaxLength), query.Page());
        if (query.Problem() is { } faulty)
            return faulty;
        var project = grains.GetGrain<IProjectGrain>(Caller.Of(http).ProjectId.ToString("D"));
        return await Answers.Page(http, () => project.ListAssets(site, page), list => new AssetList(list.Items.Select(asset => new AssetBody(asset))));
    }

    private static async Task<IResult> Get(HttpContext http, string id, IGrainFactory grains)
    {
        if (await Asset(grains, http, Ids.FromPath(http, id)).Get() is not { } asset)
            return Problems.NotFound(What);
        if (asset.Asset is { } registered)
            http.Response.Headers.ETag = ETags.Of(registered.Version);
        return Results.Json(new LiveAssetBody(asset), ApiJson.Options); // No 304: the counts change without a new version.
    }

    private static async Task<IResult> Change(HttpContext http, string id, IGrainFactory grains)
    {
        var grain = Asset(grains, http, Ids.FromPath(http, id));
        return await Definitions.Change(
            http, async () => (await grain.Get())?.Asset, What, AssetForms.Read,
            (asset, version) => grain.Put(asset, version, onlyCreate: false),
            result => Answers.Edit(http, result, What, changed => new AssetBody(changed), Location));
    }

    private static async Task<IResult> Delete(HttpContext http, string id, IGrainFactory grains) =>
        Answers.Edit(http, await Asset(grains, http, Ids.FromPath(http, id)).Delete(ETags.IfMatch(http.Request)), What, deleted => new AssetBody(deleted), Location);

    private static IAssetGrain Asset(IGrainFactory grains, HttpContext http, string id) => grains.GetGrain<IAssetGrain>(Ids.Key(Caller.Of(http).Scope, id));

    private static string Location(Versioned<AssetDefinition> asset) => $"/api/assets/{Ids.ToPath(asset.Id)}";
}
