using EsoCore.Devices;
using EsoCore.Projects;
using EsoCore.Wire;
using Microsoft.AspNetCore.Http.Features;

namespace EsoCore.Api;

/// <summary>A caller that may go on: proven by its secret, or to be proven by its signature once the body's hash is known.</summary>
/// <param name="Credential">The device's.</param>
/// <param name="Proven">Whether a secret or token has been verified.</param>
/// <param name="Nonce">The nonce of a signed call: ours, of this device and in time. Used up by the call.</param>
/// <param name="Headers">What the caller sent.</param>
internal sealed record DevicePass(DeviceCredential Credential, bool Proven, string? Nonce, DeviceHeaders Headers)
{
    public Guid DeviceId => Credential.DeviceId;
}

/// <summary>
/// Who may call as a device. Two steps, because a signature can only be checked when the hash of the body is known. Until one of them has
/// proven the caller, every refusal is the same as for an unknown device.
/// </summary>
internal sealed class DeviceGate(ICredentialCache cache, HandshakeNonces nonces, AccessTokens tokens, DeviceRates rates, TimeProvider time)
{
    /// <summary>How far a device's clock may be off.</summary>
    public static readonly TimeSpan MaxSkew = TimeSpan.FromMinutes(2);

    /// <summary>Everything that the secret or token shows, where there is one.</summary>
    public async ValueTask<(DevicePass? Pass, Problem? Problem)> Admit(DeviceHeaders headers, HttpContext http)
    {
        if (headers.DeviceId is not { } deviceId || !headers.HasCredential)
            return (null, Problems.DeviceUnauthorized);
        if (await cache.FindDevice(deviceId) is not { } credential)
            return (null, Problems.DeviceUnauthorized);

        var gaveSecret = headers.Secret is not null || headers.Token is not null;
        if (gaveSecret && !await IsProven(credential, headers))
            return (null, Problems.DeviceUnauthorized);
        var pass = new DevicePass(credential, gaveSecret, headers.Signature is null ? null : headers.Nonce, headers);
        return gaveSecret && CheckProven(pass, http.Request) is { } refused ? (null, refused) : (pass, null);
    }

    /// <summary>Whether the signature, where there is one, is right. It proves a caller that gave no secret.</summary>
    /// <param name="pass">From <see cref="Admit"/>.</param>
    /// <param name="bodyHash">Lower-case hex SHA-256 of the body as sent, or as the caller states it while the body is still to be held to it.</param>
    public Problem? CheckSignature(DevicePass pass, HttpRequest request, string bodyHash)
    {
        string Raw(string header) => request.Headers[header].ToString();
        var signature = request.Headers[WireHeaders.Signature].ToString();
        if (signature.Length == 0)
            return null; // Admit has seen to it that the secret was given, and that the policy asks for no signature.
        var parts = new SignedParts(
            request.Method, PathAsSent(request), Raw(WireHeaders.Timestamp), Raw(WireHeaders.Nonce), Raw(WireHeaders.IdempotencyKey),
            Raw("Content-Encoding"), Raw(WireHeaders.UploadCursor), Raw(WireHeaders.TimeCorrection), bodyHash);
        var now = time.GetUtcNow();
        foreach (var key in pass.Credential.Keys)
        {
            if (key.InForce(now) && !key.SigningKey.IsEmpty && BodySignature.Verify(key.SigningKey.Span, parts, signature.Trim()))
                return pass.Proven ? null : CheckProven(pass, request);
        }

        if (!pass.Proven)
            return Problems.DeviceUnauthorized;
        return new Problem(401, ProblemCodes.BadSignature, "The signature does not match the request.") { Challenge = Problems.DeviceChallenge };
    }

    /// <summary>The refusal of a device that is not in service, or null. Its grain has the last word; this only saves the way.</summary>
    public static Problem? Inactive(DeviceCredential credential) => credential.Status switch
    {
        DeviceStatus.Unclaimed => Problems.NotClaimed,
        DeviceStatus.Disabled => Problems.Disabled,
        _ => null,
    };

    private async ValueTask<bool> IsProven(DeviceCredential credential, DeviceHeaders headers)
    {
        var now = time.GetUtcNow();
        if (headers.Secret is { } secret)
            return credential.Keys.Aggregate(false, (opened, key) => opened | key.Opens(secret, now)); // No key is skipped: the time tells nothing.
        var keyId = await tokens.Verify(headers.Token!);
        return credential.Keys.Any(key => key.KeyId == keyId && key.InForce(now));
    }

    /// <summary>What a caller is told, or counted for, only once it has been proven: policy, freshness, status and rate.</summary>
    private Problem? CheckProven(DevicePass pass, HttpRequest request)
    {
        if (CheckFreshness(pass.Credential, pass.Headers, request) is { } faulty)
            return faulty;
        if (Inactive(pass.Credential) is { } inactive)
            return inactive;
        return rates.TryTake(pass.DeviceId, out var wait) ? null : Problems.RateLimited(wait);
    }

    private Problem? CheckFreshness(DeviceCredential credential, DeviceHeaders headers, HttpRequest request)
    {
        if (headers.Signature is null && credential.SignatureRequired)
            return new Problem(401, ProblemCodes.BadSignature, "This device's policy requires X-Signature.") { Challenge = Problems.DeviceChallenge };
        if (headers.Signature is not null && headers.Nonce is { } nonce)
        {
            return nonces.Verify(nonce, headers.DeviceIdText!)
                ? null // A signed nonce proves freshness better than any clock does.
                : new Problem(401, ProblemCodes.BadNonce, "The nonce is not ours, not of this device, or older than 5 minutes.") { Challenge = Problems.DeviceChallenge };
        }

        // A device that asks for its times to be corrected has a wrong clock and says so; unsigned, X-Timestamp then is data, not proof.
        var isData = headers.Signature is null && request.Headers.ContainsKey(WireHeaders.TimeCorrection);
        var now = time.GetUtcNow();
        return headers.Clock is { } clock && !isData && (now - clock).Duration() > MaxSkew
            ? new Problem(401, ProblemCodes.ClockSkew, "X-Timestamp is more than 2 minutes off.") { ServerTime = now, Challenge = Problems.DeviceChallenge }
            : null;
    }

    // Path and query as they stand in the request line; the decoded ones could not be signed the same way by both ends.
    private static string PathAsSent(HttpRequest request)
    {
        var target = request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (target.StartsWith('/'))
            return target;
        return Uri.TryCreate(target, UriKind.Absolute, out var absolute) ? absolute.PathAndQuery : request.Path + request.QueryString;
    }
}
