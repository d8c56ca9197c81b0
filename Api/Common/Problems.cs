using EsoCore.Wire;

namespace EsoCore.Api;

/// <summary>Codes of refusals that only the front door makes, beside <see cref="ProblemCodes"/>.</summary>
internal static class ApiCodes
{
    public const string MethodNotAllowed = "method_not_allowed";
    public const string RequestTimeout = "request_timeout";
    public const string PreconditionFailed = "precondition_failed";
    public const string AlreadyExists = "already_exists";
    public const string LimitReached = "limit_reached";
    public const string Invalid = "invalid";
    public const string NoAddress = "no_address";
}

/// <summary>The refusals that more than one route gives.</summary>
internal static class Problems
{
    private static readonly TimeSpan ContendedRetry = TimeSpan.FromSeconds(1);

    public const string KeyChallenge = "Basic realm=\"EsoCore\", charset=\"UTF-8\"";
    public const string DeviceChallenge = "Api-Key realm=\"EsoCore\"";

    /// <summary>Unknown device and wrong secret look the same, so that ids cannot be tried out.</summary>
    public static Problem DeviceUnauthorized { get; } =
        new(401, ProblemCodes.Unauthorized, "The device is unknown, or its key is missing, wrong or revoked.") { Challenge = DeviceChallenge };

    public static Problem KeyUnauthorized { get; } =
        new(401, ProblemCodes.Unauthorized, "The key or token is missing, wrong, expired or revoked.") { Challenge = KeyChallenge };

    public static Problem OperatorUnauthorized { get; } =
        new(401, ProblemCodes.Unauthorized, "This needs the operator's password.") { Challenge = KeyChallenge };

    public static Problem Forbidden(string detail) => new(403, ProblemCodes.Forbidden, detail);

    public static Problem NotClaimed { get; } = new(403, ProblemCodes.DeviceNotClaimed, "The device has not been claimed yet.");

    public static Problem Disabled { get; } = new(403, ProblemCodes.DeviceDisabled, "The device is disabled.");

    public static Problem NotFound(string what) => new(404, ProblemCodes.NotFound, $"There is no such {what} in reach of this key.");

    public static Problem BadRequest(string code, string detail, params ImmutableArray<FieldError> errors) =>
        new(400, code, detail) { Errors = errors };

    /// <summary>Every fault of a query or a body at once.</summary>
    public static Problem Faulty(ImmutableArray<FieldError> faults, string code = ProblemCodes.BadRequest) =>
        new(400, code, string.Join("; ", faults.Take(3).Select(f => $"{f.Field}: {f.Message}"))) { Errors = faults };

    public static Problem TooLarge(string detail) => new(413, ProblemCodes.TooLarge, detail);

    public static Problem RateLimited(TimeSpan retryAfter) =>
        new(429, ProblemCodes.RateLimited, "Too many requests.")
        {
            RetryAfter = retryAfter < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : retryAfter, // Retry-After counts in whole seconds.
        };

    public static Problem Unavailable(string detail, TimeSpan retryAfter) =>
        new(503, ProblemCodes.Unavailable, detail) { RetryAfter = retryAfter };

    public static Problem InMaintenance(TimeSpan retryAfter) => Unavailable("The server is in maintenance.", retryAfter);

    public static Problem Changed(string what) =>
        new(412, ApiCodes.PreconditionFailed, $"The {what} changed since the version that If-Match names. Nothing was written.");

    /// <summary>Other changes came first each time that one without If-Match was tried.</summary>
    public static Problem Contended(string what) =>
        Unavailable($"The {what} is being changed by many at once. Nothing was written; send the same request again.", ContendedRetry);

    public static Problem Internal { get; } =
        new(500, ProblemCodes.Internal, "The server failed. The request is not acknowledged; the same request again gets the true answer.");

    /// <summary>The refusal for a bare status that the framework gave.</summary>
    public static Problem OfStatus(int status) => status switch
    {
        400 => new(400, ProblemCodes.BadRequest, "The request cannot be read."),
        401 => KeyUnauthorized,
        403 => Forbidden("This is not allowed."),
        404 => new(404, ProblemCodes.NotFound, "There is no such route."),
        405 => new(405, ApiCodes.MethodNotAllowed, "The route does not take this method; see the Allow header."),
        408 => new(408, ApiCodes.RequestTimeout, "The request came too slowly."),
        413 => TooLarge("The body is over the limit of this route."),
        415 => new(415, ProblemCodes.UnsupportedMediaType, "The route does not take this media type."),
        429 => RateLimited(TimeSpan.FromSeconds(1)),
        503 => Unavailable("The server is not available.", TimeSpan.FromSeconds(5)),
        >= 500 => Internal with { Status = status },
        _ => new(status, ProblemCodes.BadRequest, "The request was refused."),
    };
}
