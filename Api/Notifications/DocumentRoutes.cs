using EsoCore.Notifications;

namespace EsoCore.Api;

/// <summary>The calls of the grain that owns a document.</summary>
/// <param name="Put">With the version that must stand (null: any), and whether it only creates.</param>
internal sealed record DocumentCalls<T, TEdit>(
    Func<Task<Versioned<T>?>> Get, Func<TEdit, long?, bool, Task<EditResult<T>>> Put, Func<long?, Task<EditResult<T>>> Delete);

/// <summary>A kind of document that people of a project edit: list, create, read, change, take away.</summary>
/// <param name="Path">Where its routes stand.</param>
/// <param name="Tag">Its group in the OpenAPI document.</param>
/// <param name="What">One of them, in a word or two.</param>
/// <param name="Id">What operation ids end in: one, and many.</param>
/// <param name="Grain">The grain of an id in the caller's project.</param>
/// <param name="List">A page of them.</param>
/// <param name="Read">Reads a form over what stands (null: a new one).</param>
/// <param name="Body">One as it is shown.</param>
/// <param name="Page">A page as it is shown.</param>
internal sealed record DocumentRoutes<T, TEdit>(
    string Path,
    string Tag,
    string What,
    (string One, string Many) Id,
    Func<IGrainFactory, string, DocumentCalls<T, TEdit>> Grain,
    Func<INotificationsGrain, PageRequest, Task<Page<Versioned<T>>>> List,
    Func<JsonForm, T?, Caller, TEdit> Read,
    Func<Versioned<T>, object> Body,
    Func<IEnumerable<Versioned<T>>, object> Page)
    where T : class
{
    /// <summary>Maps the routes.</summary>
    /// <typeparam name="TBody">One as it is shown.</typeparam>
    /// <typeparam name="TNew">One as it is sent to be created.</typeparam>
    /// <typeparam name="TChange">What is sent of one to change it.</typeparam>
    /// <typeparam name="TList">A page.</typeparam>
    public RouteGroupBuilder Map<TBody, TNew, TChange, TList>(IEndpointRouteBuilder app)
    {
        var routes = app.MapGroup(Path).RequireProjectKey();
        routes.MapPost("", Create)
            .Doc($"create{Id.One}", Tag, $"Create a {What}; its id is minted when absent", doc => doc.Takes<TNew>().ETag().Refuses(409))
            .Gives<TBody>(StatusCodes.Status201Created);
        routes.MapGet("", ListAll)
            .Doc($"list{Id.Many}", Tag, $"The project's {Tag.ToLowerInvariant()}, by id", doc => doc.Paged()).Gives<TList>();
        routes.MapGet("/{id}", Get).Doc($"get{Id.One}", Tag, $"A {What}", doc => doc.ETag().Refuses(404)).Gives<TBody>();
        routes.MapPatch("/{id}", Change)
            .Doc($"change{Id.One}", Tag, $"Change a {What}: what is absent stays, what is null is cleared", doc =>
                doc.Takes<TChange>().Edits().Refuses(404))
            .Gives<TBody>();
        routes.MapDelete("/{id}", Delete)
            .Doc($"delete{Id.One}", Tag, $"Take a {What} away", doc => doc.Edits().Refuses(404))
            .Gives(StatusCodes.Status204NoContent);
        return routes;
    }

    private Task<IResult> Create(HttpContext http, IGrainFactory grains) => Definitions.Create(
        http, form => Read(form, null, Caller.Of(http)),
        async (id, edit) => Answers.Edit(http, await Of(grains, http, id).Put(edit, null, true), What, Body, Location),
        check: edit => Faults(Of(grains, http, Definitions.NoId), edit));

    private Task<IResult> ListAll(HttpContext http, IGrainFactory grains) => Definitions.List(
        http, page => List(grains.GetGrain<INotificationsGrain>(Caller.Of(http).ProjectId.ToString("D")), page), Page);

    private async Task<IResult> Get(HttpContext http, string id, IGrainFactory grains) =>
        await Of(grains, http, Ids.FromPath(http, id)).Get() is { } found
            ? Answers.Versioned(http, found, Body(found)) : Problems.NotFound(What);

    private async Task<IResult> Change(HttpContext http, string id, IGrainFactory grains)
    {
        var grain = Of(grains, http, Ids.FromPath(http, id));
        return await Definitions.Change(
            http, grain.Get, What, (form, current) => Read(form, current, Caller.Of(http)),
            (edit, version) => grain.Put(edit, version, false), result => Answers.Edit(http, result, What, Body, Location),
            edit => Faults(grain, edit));
    }

    /// <summary>What is wrong with the content of one.</summary>
    private static async Task<ImmutableArray<FieldError>> Faults(DocumentCalls<T, TEdit> grain, TEdit edit) =>
        (await grain.Put(edit, Definitions.NoVersion, false)).Errors;

    private async Task<IResult> Delete(HttpContext http, string id, IGrainFactory grains) =>
        Answers.Edit(http, await Of(grains, http, Ids.FromPath(http, id)).Delete(ETags.IfMatch(http.Request)), What, Body, Location);

    private DocumentCalls<T, TEdit> Of(IGrainFactory grains, HttpContext http, string id) =>
        Grain(grains, Ids.Key(Caller.Of(http).Scope, id));

    private string Location(Versioned<T> found) => $"{Path}/{Ids.ToPath(found.Id)}";
}
