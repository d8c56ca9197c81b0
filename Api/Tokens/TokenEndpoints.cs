using EsoCore.Projects;
using EsoCore.Wire;
using Microsoft.Extensions.Options;

namespace EsoCore.Api;

/// <summary>Access tokens for keys: <c>POST /v1/token</c> by Basic, <c>POST /oauth2/token</c> by OAuth 2 client credentials (RFC 6749, 4.4).</summary>
internal static class TokenEndpoints
{
    private const string Tag = "Tokens";

    /// <summary>Bytes of a grant's form. Anyone may send one, so it is small.</summary>
    private const int MaxFormBytes = 4_096;

    private const string GrantType = "client_credentials";

    public static void MapTokens(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/token", ByBasic)
            .Doc("issueToken", Tag, "An access token for a key", doc => doc.Basic())
            .Gives<TokenBody>();
        app.MapPost("/oauth2/token", ByClientCredentials)
            .DisableAntiforgery()
            .Doc("issueOAuthToken", Tag, "An access token by OAuth 2 client credentials", doc => doc
                .Says("The client is a key's id (or a device's own id) with its secret, by Basic or in the form.")
                .Basic()
                .Takes<ClientCredentialsBody>(optional: false, "application/x-www-form-urlencoded"))
            .Gives<TokenBody>();
    }

    private static async Task<IResult> ByBasic(HttpContext http, CallerGate gate, AccessTokens tokens)
    {
        var header = http.Request.Headers.Authorization.ToString();
        var caller = header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) ? await gate.Find(http.Request) : null;
        return caller is null ? Problems.KeyUnauthorized : Issue(http, caller.Key, tokens);
    }

    private static async Task<IResult> ByClientCredentials(
        HttpContext http, CallerGate gate, ICredentialCache cache, AccessTokens tokens, BodyReader bodies, TimeProvider time, IOptionsMonitor<ApiOptions> options)
    {
        if (!http.Request.HasFormContentType)
            return Problems.OfStatus(415) with { OAuthError = "invalid_request" };
        var (body, unread) = await bodies.Read(
            http.Request, MaxFormBytes, TimeSpan.FromSeconds(options.CurrentValue.RetryAfterSeconds), proven: false);
        if (body is null)
            return unread! with { OAuthError = "invalid_request" };
        using var released = body;
        http.Request.Body = new MemoryStream(body.Bytes.ToArray(), writable: false);
        IFormCollection form;
        try
        {
            form = await http.Request.ReadFormAsync(http.RequestAborted);
        }
        catch (InvalidDataException e)
        {
            return Problems.BadRequest(ProblemCodes.BadRequest, "The form cannot be read: " + e.Message) with { OAuthError = "invalid_request" };
        }

        if (form["grant_type"] != GrantType)
        {
            var error = form["grant_type"].Count == 0 ? "invalid_request" : "unsupported_grant_type";
            return Problems.BadRequest(ProblemCodes.BadRequest, $"grant_type must be {GrantType}.") with { OAuthError = error };
        }

        var caller = http.Request.Headers.Authorization.Count > 0
            ? await gate.Find(http.Request)
            : await gate.Find(form["client_id"].ToString(), form["client_secret"].ToString());
        var key = caller?.Key ?? await FindByDeviceId(form["client_id"].ToString(), form["client_secret"].ToString(), cache, time);
        return key is null ? Problems.KeyUnauthorized with { OAuthError = "invalid_client" } : Issue(http, key, tokens);
    }

    // A device knows its own id better than its key's; either names the client.
    private static async ValueTask<KeyCredential?> FindByDeviceId(string clientId, string secret, ICredentialCache cache, TimeProvider time) =>
        Ids.TryParse(clientId, out var deviceId) && await cache.FindDevice(deviceId) is { } device
            ? device.Keys.FirstOrDefault(key => key.Opens(secret, time.GetUtcNow()))
            : null;

    private static IResult Issue(HttpContext http, KeyCredential key, AccessTokens tokens)
    {
        http.Response.Headers.CacheControl = "no-store";
        return new SmallAnswer<TokenBody>(new TokenBody(tokens.Issue(key), "Bearer", (int)AccessTokens.GoodFor.TotalSeconds));
    }
}

/// <summary>The form of a client-credentials grant.</summary>
/// <param name="GrantType"><c>client_credentials</c>.</param>
/// <param name="ClientId">Where Basic is not used.</param>
/// <param name="ClientSecret">Where Basic is not used.</param>
internal sealed record ClientCredentialsBody(string GrantType, string? ClientId, string? ClientSecret);

/// <summary>An access token.</summary>
/// <param name="AccessToken">A JWT, taken wherever Basic is.</param>
/// <param name="TokenType"><c>Bearer</c>.</param>
/// <param name="ExpiresIn">Seconds.</param>
internal sealed record TokenBody(string AccessToken, string TokenType, int ExpiresIn);
