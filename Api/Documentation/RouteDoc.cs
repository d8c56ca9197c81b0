namespace EsoCore.Api;

/// <summary>Where a parameter stands.</summary>
internal enum ParameterPlace
{
    Query,
    Header,
}

/// <summary>A parameter that a handler reads by itself.</summary>
/// <param name="Type">text, integer, boolean, date-time or uuid.</param>
internal sealed record ParameterDoc(ParameterPlace Place, string Name, string Type, string Description, bool Required = false);

/// <summary>What the OpenAPI document says of a route beyond its pattern, result types and key.</summary>
internal sealed class RouteDoc
{
    public string? Description { get; private set; }

    public Type? Request { get; private set; }

    public bool RequestOptional { get; private set; }

    /// <summary>The media type of records one a line.</summary>
    public const string NdJson = "application/x-ndjson";

    /// <summary>Bodies that the route takes, as JSON, each with its name and a summary.</summary>
    public ImmutableArray<(string Name, string Summary, string Json)> Examples { get; private set; } = [];

    /// <summary>An answer of success, as JSON.</summary>
    public string? AnswerExample { get; private set; }

    public ImmutableArray<string> RequestTypes { get; private set; } = ["application/json"];

    /// <summary>Statuses that are refusals, beside those that any route of its kind gives.</summary>
    public ImmutableSortedSet<int> Errors { get; private set; } = [];

    public ImmutableArray<ParameterDoc> Parameters { get; private set; } = [];

    /// <summary>Whether a device calls it, with a device's headers.</summary>
    public bool IsDeviceCall { get; private set; }

    /// <summary>Whether it takes HTTP Basic without asking for it as <see cref="KeyRequired"/> does.</summary>
    public bool TakesBasic { get; private set; }

    /// <summary>Whether its answer carries an ETag.</summary>
    public bool HasETag { get; private set; }

    public RouteDoc Says(string description)
    {
        Description = description;
        return this;
    }

    public RouteDoc Takes<T>(bool optional = false, params ImmutableArray<string> mediaTypes)
    {
        (Request, RequestOptional) = (typeof(T), optional);
        if (!mediaTypes.IsEmpty)
            RequestTypes = mediaTypes;
        return Refuses(400, 408, 413, 415);
    }

    public RouteDoc Example(string name, string summary, string json)
    {
        Examples = Examples.Add((name, summary, json));
        return this;
    }

    public RouteDoc Answers(string json)
    {
        AnswerExample = json;
        return this;
    }

    public RouteDoc Refuses(params ReadOnlySpan<int> statuses)
    {
        Errors = Errors.Union(statuses.ToArray());
        return this;
    }

    public RouteDoc Query(string name, string description, string type = "text")
    {
        Parameters = Parameters.Add(new ParameterDoc(ParameterPlace.Query, name, type, description));
        return Refuses(400);
    }

    public RouteDoc Header(string name, string description, bool required = false, string type = "text")
    {
        Parameters = Parameters.Add(new ParameterDoc(ParameterPlace.Header, name, type, description, required));
        return this;
    }

    public RouteDoc Basic()
    {
        TakesBasic = true;
        return Refuses(401);
    }

    public RouteDoc ETag()
    {
        HasETag = true;
        return this;
    }

    public RouteDoc Paged() => this
        .Query("limit", $"Items at most, 1 to {PageRequest.MaxLimit}; default {PageRequest.DefaultLimit}. Link: rel=\"next\" continues.", "integer")
        .Query("after", "The page token of the page before, from its Link header.");

    public RouteDoc Span() => this
        .Query("from", "The earliest time, included.", "date-time")
        .Query("to", "The latest time, excluded.", "date-time");

    public RouteDoc Edits() => ETag().Refuses(412).Header("If-Match", "The ETag that the edit builds on; another version is refused with 412.");

    /// <summary>The headers and refusals of every device call.</summary>
    public RouteDoc Device(bool keyRequired = true)
    {
        IsDeviceCall = true;
        Header("X-Device-Id", "The device's id.", keyRequired, "uuid");
        Header("X-Auth-Key", "The device key's secret; also taken as X-API-Key or in Authorization (Api-Key, Bearer). A signed call may leave it out.");
        Header("X-Timestamp", "The device's clock, RFC 3339 or Unix milliseconds; more than 2 minutes off is refused unless a valid nonce is signed.");
        Header("X-Nonce", "A nonce from the handshake, good once and for 5 minutes. Counts in a signed call only.");
        Header("X-Signature", "v1=<hex HMAC-SHA256> over method, path, headers and the body's hash; required where the device's policy says so.");
        return keyRequired ? Refuses(400, 401, 403) : Refuses(400);
    }
}

/// <summary>Documents routes where they are mapped.</summary>
internal static class RouteDocs
{
    /// <summary>Names, summarises and describes a route.</summary>
    /// <param name="id">The operation id, unique.</param>
    /// <param name="tag">The resource.</param>
    public static RouteHandlerBuilder Doc(this RouteHandlerBuilder route, string id, string tag, string summary, Action<RouteDoc>? describe = null)
    {
        var doc = new RouteDoc();
        describe?.Invoke(doc);
        return route.WithName(id).WithTags(tag).WithSummary(summary).WithMetadata(doc);
    }

    /// <summary>The answer of success.</summary>
    public static RouteHandlerBuilder Gives<T>(this RouteHandlerBuilder route, int status = StatusCodes.Status200OK, string mediaType = "application/json") =>
        route.Produces<T>(status, mediaType);

    /// <summary>An answer of success without content.</summary>
    public static RouteHandlerBuilder Gives(this RouteHandlerBuilder route, int status) => route.Produces(status);
}
