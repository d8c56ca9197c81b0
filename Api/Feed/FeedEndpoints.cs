using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;

namespace EsoCore.Api;

/// <summary>The live feed, <c>/api/stream</c>: server-sent events.</summary>
internal static class FeedEndpoints
{
    /// <summary>The media type of server-sent events.</summary>
    public const string EventStream = "text/event-stream";

    private const int MaxLastId = 64;

    public static void MapFeed(this IEndpointRouteBuilder app) => app.MapGet("/api/stream", Stream).RequireProjectKey()
        .Doc("stream", "Live feed", "The project's events, incidents and twin changes as they happen, as server-sent events", doc => doc
            .Says("Each has an `id`, an `event` (`event`, `incident` or `twin`) and one JSON object as `data`. `ready`: from here on "
                + "nothing is missed; what is read after it is never older than the feed. `reset`: something was missed; read afresh what "
                + "you show. After a break, Last-Event-ID goes on exactly where the connection ended, as long as what came since is held, "
                + "else `reset` comes first. A comment comes every 15 seconds. Twins are told at most once a second a device. The stream "
                + "ends when the key does.")
            .Query("kinds", "Only these, separated by commas: event, incident, twin.")
            .Query("site", "Only what happens at this site.")
            .Query("device", "Only what happens at this device.", "uuid")
            .Header("Last-Event-ID", "The id that was received last; browsers send it by themselves."))
        .Gives<string>(StatusCodes.Status200OK, EventStream);

    private static async Task<IResult> Stream(
        HttpContext http, FeedReaders readers, CallerGate gate, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        var query = new QueryReader(http.Request.Query);
        var filter = FeedFilter.Read(query);
        if (query.Problem() is { } faulty)
            return faulty;
        var caller = Caller.Of(http);
        var buffer = new FeedBuffer(filter, time);
        if (readers.Enter(caller.ProjectId, caller.Key.KeyId, buffer) is { } refused)
            return refused;
        try
        {
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
            Open(http);
            await new FeedConnection(http, caller, filter, buffer, readers, gate, time).Run(LastId(http.Request), cancel.Token);
        }
        catch (OperationCanceledException)
        {
            // The client went, took nothing for too long, or the server stops.
        }
        finally
        {
            readers.Leave(caller.ProjectId, caller.Key.KeyId, buffer);
        }

        return Results.Empty;
    }

    /// <summary>Nothing on the way is to keep or gather what is written.</summary>
    private static void Open(HttpContext http)
    {
        http.Response.ContentType = EventStream;
        http.Response.Headers.CacheControl = "no-cache, no-store, no-transform";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
    }

    /// <summary>What is too long to be one of ours is none of ours.</summary>
    private static string? LastId(HttpRequest request) => request.Headers["Last-Event-ID"].ToString() switch
    {
        "" => null,
        { Length: > MaxLastId } => "?",
        var id => id,
    };
}
