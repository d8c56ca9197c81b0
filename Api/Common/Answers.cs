using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Options;

namespace EsoCore.Api;

/// <summary>
/// A small answer with its length stated in front, as devices with little memory like it. Lists are sent as they are written instead.
/// </summary>
internal sealed record SmallAnswer<T>(T Value, int Status = StatusCodes.Status200OK) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(Value, ApiJson.Options);
        httpContext.Response.StatusCode = Status;
        httpContext.Response.ContentType = "application/json";
        httpContext.Response.ContentLength = body.Length;
        await httpContext.Response.Body.WriteAsync(body, httpContext.RequestAborted);
    }
}

/// <summary>A page of documents that people edit.</summary>
internal abstract record DocumentList
{
    /// <summary>
    /// Ids of documents that belong on this page and cannot be read; absent where there are none. They can be deleted, and then made anew.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(1)]
    public IReadOnlyList<string>? Damaged { get; init; }
}

/// <summary>The answers that all resources give the same way.</summary>
internal static class Answers
{
    /// <summary>One editable thing with its ETag; 304 when the caller has it already.</summary>
    public static IResult Versioned<T>(HttpContext http, Versioned<T> found, object body)
    {
        http.Response.Headers.ETag = ETags.Of(found.Version);
        return ETags.NoneMatchNames(http.Request, found.Version)
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : Results.Json(body, ApiJson.Options);
    }

    /// <summary>How an edit ended.</summary>
    /// <param name="what">What was edited, in a word.</param>
    /// <param name="location">Where a created one is found, for Location.</param>
    public static IResult Edit<T>(HttpContext http, EditResult<T> result, string what, Func<Versioned<T>, object> toBody, Func<Versioned<T>, string> location)
    {
        switch (result.Outcome)
        {
            case EditOutcome.Created:
                http.Response.Headers.Location = location(result.Current!);
                http.Response.Headers.ETag = ETags.Of(result.Current!.Version);
                return Results.Json(toBody(result.Current!), ApiJson.Options, statusCode: StatusCodes.Status201Created);
            case EditOutcome.Changed:
                http.Response.Headers.ETag = ETags.Of(result.Current!.Version);
                return Results.Json(toBody(result.Current!), ApiJson.Options);
            case EditOutcome.Deleted:
                return TypedResults.NoContent();
            case EditOutcome.NotFound:
                return Problems.NotFound(what);
            case EditOutcome.AlreadyExists:
                return new Problem(409, ApiCodes.AlreadyExists, $"There is such a {what} already.");
            case EditOutcome.VersionMismatch:
                // Who named no version has not asked for a refusal: others were faster each time.
                return ETags.IfMatch(http.Request) is null ? Problems.Contended(what) : Problems.Changed(what);
            case EditOutcome.Invalid:
                return Problems.Faulty(result.Errors, ApiCodes.Invalid);
            case EditOutcome.LimitReached:
                return new Problem(409, ApiCodes.LimitReached, $"The project cannot hold another {what}.") { Errors = result.Errors };
            default:
                return Problems.Internal;
        }
    }

    /// <summary>One page of a list, with <c>Link: rel="next"</c> while there are more.</summary>
    public static async Task<IResult> Page<T>(HttpContext http, Func<Task<Page<T>>> read, Func<Page<T>, object> toBody)
    {
        Page<T> page;
        try
        {
            page = await read();
        }
        catch (FormatException)
        {
            return Problems.Faulty([new FieldError("after", "is not a page token of this list")]);
        }

        AddNextLink(http, page.Next);
        var body = toBody(page);
        if (!page.Damaged.IsDefaultOrEmpty && body is DocumentList documents)
            body = documents with { Damaged = page.Damaged };
        return Results.Json(body, ApiJson.Options);
    }

    public static void AddNextLink(HttpContext http, string? next)
    {
        if (next is null)
            return;
        var query = new QueryBuilder(http.Request.Query.Where(parameter => parameter.Key != "after")) { { "after", next } };
        http.Response.Headers.Link = $"<{http.Request.PathBase}{http.Request.Path}{query.ToQueryString()}>; rel=\"next\"";
    }

    /// <summary>Reads the one JSON object of a management call; where it is <paramref name="optional"/>, no body is an empty one.</summary>
    public static async ValueTask<(JsonForm? Form, Problem? Problem)> ReadForm(HttpContext http, bool optional = false)
    {
        var services = http.RequestServices;
        var retryAfter = TimeSpan.FromSeconds(services.GetRequiredService<IOptionsMonitor<ApiOptions>>().CurrentValue.RetryAfterSeconds);
        var (body, unread) = await services.GetRequiredService<BodyReader>().Read(http.Request, JsonForm.MaxBytes, retryAfter);
        if (body is null)
            return (null, unread);
        using (body)
            return (SmallBodies.Parse(http.Request, body, optional, out var malformed), malformed);
    }
}
