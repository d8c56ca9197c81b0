using EsoCore.Wire;

namespace EsoCore.Api;

/// <summary>The headers that every device call may carry.</summary>
/// <param name="DeviceIdText">X-Device-Id as sent, or null.</param>
/// <param name="DeviceId">The same, when it is a UUID; any other text is answered like an unknown device.</param>
/// <param name="Secret">From X-Auth-Key, X-API-Key or Authorization.</param>
/// <param name="Token">An access token from Authorization.</param>
/// <param name="Clock">X-Timestamp.</param>
internal sealed record DeviceHeaders(
    string? DeviceIdText, Guid? DeviceId, string? Secret, string? Token, DateTimeOffset? Clock, string? Nonce, string? Signature)
{
    public bool HasCredential => Secret is not null || Token is not null || Signature is not null;

    /// <summary>Whether nothing but a signature is to prove who calls.</summary>
    public bool IsSignedOnly => Signature is not null && Secret is null && Token is null;

    public static DeviceHeaders Read(HeaderReader headers)
    {
        var id = headers.One(WireHeaders.DeviceId);
        var (secret, token) = ReadCredential(headers);
        var signature = headers.One(WireHeaders.Signature);
        if (id is null && (secret ?? token ?? signature) is not null)
            headers.Missing(WireHeaders.DeviceId, "the device's id, a UUID");
        var clockText = headers.One(WireHeaders.Timestamp);
        var clock = default(DateTimeOffset);
        if (clockText is not null && !Timestamps.TryParseDeviceClock(clockText, out clock))
            headers.Malformed(WireHeaders.Timestamp, "must be RFC 3339 with an offset or Z, or Unix milliseconds");
        var nonce = headers.One(WireHeaders.Nonce);
        if (signature is not null && clockText is null && nonce is null)
            headers.Missing(WireHeaders.Timestamp, "a signed request carries X-Timestamp, X-Nonce or both");
        return new DeviceHeaders(
            id, Guid.TryParseExact(id, "D", out var deviceId) ? deviceId : null, secret, token, clockText is null ? null : clock, nonce, signature);
    }

    private static (string? Secret, string? Token) ReadCredential(HeaderReader headers)
    {
        if ((headers.One(WireHeaders.AuthKey) ?? headers.One(WireHeaders.ApiKey)) is { } key)
            return (key, null);
        var authorization = headers.One("Authorization");
        if (authorization is null || authorization.IndexOf(' ') is not (> 0 and var space))
            return (null, null);
        var value = authorization[(space + 1)..].Trim();
        return authorization[..space].ToLowerInvariant() switch
        {
            "api-key" => (value, null),
            "bearer" when AccessTokens.LooksLikeToken(value) => (null, value),
            "bearer" => (value, null),
            _ => (null, null),
        };
    }
}
