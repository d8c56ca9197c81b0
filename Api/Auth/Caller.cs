using System.Text;
using EsoCore.Projects;

namespace EsoCore.Api;

/// <summary>Who calls outside the device routes: the holder of a key, of a project or of one device.</summary>
internal sealed record Caller(KeyCredential Key)
{
    public Guid ProjectId => Key.ProjectId;

    public Guid? DeviceId => Key.DeviceId;

    /// <summary>What the caller may see: every query and grain call carries it.</summary>
    public Scope Scope { get; } = new(Key.ProjectId);

    /// <summary>The caller that <see cref="CallerFilters.RequireProjectKey"/> or <see cref="CallerFilters.RequireKey"/> has let in.</summary>
    public static Caller Of(HttpContext http) =>
        http.Features.Get<Caller>() ?? throw new InvalidOperationException($"The route {http.Request.Path} asks for its caller but does not require one.");
}

/// <summary>Finds the caller of HTTP Basic (key id and secret, split at the first colon) or of an access token.</summary>
internal sealed class CallerGate(ICredentialCache cache, AccessTokens tokens, TimeProvider time)
{
    private const int MaxHeader = 4_096;

    public async ValueTask<Caller?> Find(HttpRequest request)
    {
        var values = request.Headers.Authorization;
        if (values.Count != 1 || values[0] is not { Length: <= MaxHeader } header || header.IndexOf(' ') is not (> 0 and var space))
            return null;
        var (scheme, value) = (header[..space], header[(space + 1)..].Trim());
        if (scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase))
            return ReadBasic(value) is var (id, secret) ? await Find(id, secret) : null;
        if (!scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) || await tokens.Verify(value) is not { } keyId)
            return null;
        // The key is looked up again at each use: a revoked key's tokens end with it.
        return await cache.FindKey(keyId) is { } key && key.InForce(time.GetUtcNow()) ? new Caller(key) : null;
    }

    public async ValueTask<Caller?> Find(string keyId, string secret) =>
        Guid.TryParseExact(keyId, "D", out var id) && await cache.FindKey(id) is { } key && key.Opens(secret, time.GetUtcNow()) ? new Caller(key) : null;

    /// <summary>User and password of HTTP Basic; the password may contain colons.</summary>
    public static (string User, string Password)? ReadBasic(string base64)
    {
        var bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out var written))
            return null;
        var text = Encoding.UTF8.GetString(bytes, 0, written);
        var colon = text.IndexOf(':');
        return colon < 0 ? null : (text[..colon], text[(colon + 1)..]);
    }
}

/// <summary>Lets callers in, or refuses them, before a route's handler runs.</summary>
internal static class CallerFilters
{
    /// <summary>Any key: 401 without a good one.</summary>
    public static TBuilder RequireKey<TBuilder>(this TBuilder routes) where TBuilder : IEndpointConventionBuilder =>
        Require(routes, _ => null);

    /// <summary>A project's key: 401 without a good one, 403 with a device's.</summary>
    public static TBuilder RequireProjectKey<TBuilder>(this TBuilder routes) where TBuilder : IEndpointConventionBuilder =>
        Require(routes, caller => caller.DeviceId is null ? null : Problems.Forbidden("A device's key does not open this route; a project's key does."));

    private static TBuilder Require<TBuilder>(TBuilder routes, Func<Caller, Problem?> refuse) where TBuilder : IEndpointConventionBuilder =>
        routes.WithMetadata(KeyRequired.Instance).AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            if (await http.RequestServices.GetRequiredService<CallerGate>().Find(http.Request) is not { } caller)
                return Problems.KeyUnauthorized;
            if (refuse(caller) is { } refused)
                return refused;
            http.Features.Set(caller);
            if (!HttpMethods.IsGet(http.Request.Method)) // What travels with a call costs: who only reads is not asked for in the trail.
                CallActor.Set($"key:{caller.Key.KeyId:D}");
            return await next(context);
        });
}

/// <summary>Marks routes that take a key, for the OpenAPI document.</summary>
internal sealed class KeyRequired
{
    public static KeyRequired Instance { get; } = new();
}
