using EsoCore.History;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EsoCore.Api;

/// <summary>Sees to it that every refusal is a problem document: those of the framework, and what handlers throw.</summary>
internal sealed class ProblemMiddleware(RequestDelegate next, IOptionsMonitor<ApiOptions> options, ILogger<ProblemMiddleware> log)
{
    public async Task Invoke(HttpContext http)
    {
        try
        {
            await next(http);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            return; // Nobody is left to hear the answer.
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            http.Response.Clear();
            await OfException(e, http).ExecuteAsync(http);
            return;
        }

        var response = http.Response;
        if (response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
            await Problems.OfStatus(response.StatusCode).ExecuteAsync(http);
    }

    private Problem OfException(Exception e, HttpContext http)
    {
        if (e is BadHttpRequestException bad)
            return Problems.OfStatus(bad.StatusCode);
        if (Unavailability.Is(e))
        {
            log.LogWarning("{Method} {Path} was refused because a part of the server is away: {Reason}", http.Request.Method, http.Request.Path, e.Message);
            return Unavailability.Refusal(options.CurrentValue);
        }

        log.LogError(e, "{Method} {Path} failed", http.Request.Method, http.Request.Path);
        return Problems.Internal;
    }
}

/// <summary>Which exceptions mean "later", not "never".</summary>
internal static class Unavailability
{
    public static bool Is(Exception e) => 
        e is StorageUnavailableException or TimeoutException or LimitExceededException or SiloUnavailableException or CredentialLookupsBusyException;

    public static Problem Refusal(ApiOptions options) =>
        Problems.Unavailable("A part of the server that this needs is away at the moment. Nothing is acknowledged.", TimeSpan.FromSeconds(options.RetryAfterSeconds));
}
