using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace EsoCore.Api;

/// <summary>A refusal, <c>application/problem+json</c>. It always fits into what a field device has room for.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">Stable; see <see cref="Wire.ProblemCodes"/> and <see cref="ApiCodes"/>.</param>
/// <param name="Detail">One sentence for people; cut at <see cref="MaxDetail"/> characters.</param>
internal sealed record Problem(int Status, string Code, string Detail) : IResult
{
    /// <summary>Bytes that a device has room for.</summary>
    public const int MaxBytes = 2_048;

    /// <summary>Characters of a detail; a longer one is cut.</summary>
    public const int MaxDetail = 400;

    /// <summary>Every fault found. Cut to fit <see cref="MaxBytes"/>.</summary>
    public ImmutableArray<FieldError> Errors { get; init; } = [];

    /// <summary>How long to wait before the next try; also told as <c>next_hint</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The server's clock, for a device whose own is off.</summary>
    public DateTimeOffset? ServerTime { get; init; }

    /// <summary>The error word of RFC 6749, section 5.2, which token clients look for.</summary>
    public string? OAuthError { get; init; }

    /// <summary>What WWW-Authenticate asks for.</summary>
    public string? Challenge { get; init; }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        ApiMeters.Refused(Code);
        response.StatusCode = Status;
        response.ContentType = "application/problem+json";
        if (Challenge is not null)
            response.Headers.WWWAuthenticate = Challenge;
        if (RetryAfter is { } wait)
            response.Headers.RetryAfter = ((long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var body = ToJson();
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(httpContext.Request.Method))
            await response.Body.WriteAsync(body, httpContext.RequestAborted);
    }

    public ReadOnlyMemory<byte> ToJson()
    {
        for (var errors = Errors.Length; ; errors /= 2)
        {
            var json = ToJson(errors);
            if (json.Length <= MaxBytes || errors == 0)
                return json;
        }
    }

    private ReadOnlyMemory<byte> ToJson(int errors)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = ApiJson.Options.Encoder });
        json.WriteStartObject();
        json.WriteString("type", "about:blank");
        json.WriteString("title", Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(Status));
        json.WriteNumber("status", Status);
        json.WriteString("code", Code);
        json.WriteString("detail", Texts.Cut(Detail, MaxDetail));
        if (RetryAfter is { } wait)
            json.WriteString("next_hint", $"backoff_ms: {(long)wait.TotalMilliseconds}");
        if (ServerTime is { } now)
            json.WriteString("server_time", Timestamps.Format(now));
        if (OAuthError is not null)
            json.WriteString("error", OAuthError);
        if (errors > 0)
        {
            json.WriteStartArray("errors");
            foreach (var error in Errors.AsSpan(0, errors))
            {
                json.WriteStartObject();
                json.WriteString("field", Texts.Cut(error.Field, MaxDetail));
                json.WriteString("message", Texts.Cut(error.Message, MaxDetail));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
