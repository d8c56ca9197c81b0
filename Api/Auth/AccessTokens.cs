using System.Security.Claims;
using EsoCore.Projects;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace EsoCore.Api;

/// <summary>
/// Access tokens: JWTs (HS256) that stand for a key, wherever Basic is taken. A token names its key, and the key is looked up at each use,
/// so revoking the key revokes its tokens.
/// </summary>
internal sealed class AccessTokens(IInstallationKeys keys, TimeProvider time)
{
    /// <summary>How long a token is good.</summary>
    public static readonly TimeSpan GoodFor = TimeSpan.FromHours(1);

    private const string Issuer = "esocore";
    private const int MaxTokenLength = 2_048;

    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };

    public string Issue(KeyCredential credential)
    {
        var now = time.GetUtcNow();
        var key = keys.Current(KeyPurposes.AccessToken);
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Subject = new ClaimsIdentity([new Claim(JwtRegisteredClaimNames.Sub, credential.KeyId.ToString("D"))]),
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = (now + GoodFor).UtcDateTime,
            SigningCredentials = new SigningCredentials(SecurityKeyOf(key), SecurityAlgorithms.HmacSha256),
        });
    }

    /// <summary>Whether a bearer value has the looks of a token; secrets have no dots.</summary>
    public static bool LooksLikeToken(string bearer) => bearer.Length <= MaxTokenLength && bearer.AsSpan().Count('.') == 2;

    /// <summary>The id of the key that the token stands for, or null when the token is not (or no longer) good.</summary>
    public async ValueTask<Guid?> Verify(string token)
    {
        if (!LooksLikeToken(token))
            return null;
        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = Issuer,
            ValidateAudience = false,
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            IssuerSigningKeyResolver = (_, _, keyId, _) =>
                byte.TryParse(keyId, out var id) && keys.Find(KeyPurposes.AccessToken, id) is { } key ? [SecurityKeyOf(key)] : [],
            LifetimeValidator = InTime,
        });
        return result.IsValid && result.SecurityToken is JsonWebToken jwt && Guid.TryParseExact(jwt.Subject, "D", out var keyId) ? keyId : null;
    }

    private bool InTime(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        var now = time.GetUtcNow().UtcDateTime;
        // Other front doors issue tokens too, by clocks of their own.
        return expires > now && notBefore <= now + DeviceGate.MaxSkew;
    }

    private static SymmetricSecurityKey SecurityKeyOf(DerivedKey key) =>
        new(key.Key.ToArray()) { KeyId = key.KeyId.ToString(System.Globalization.CultureInfo.InvariantCulture) };
}
