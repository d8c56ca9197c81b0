using EsoCore.Projects;
using EsoCore.Wire;

namespace EsoCore.Api;

/// <summary>Whether a key opens.</summary>
internal static class KeyChecks
{
    /// <summary>Whether the key is in force and the secret is its own. Takes the same time whichever of them fails.</summary>
    public static bool Opens(this KeyCredential key, string secret, DateTimeOffset now) =>
        KeySecrets.Matches(secret, key.SecretHash.Span) & key.InForce(now);

    public static bool InForce(this KeyCredential key, DateTimeOffset now) => key.ExpiresAt is not { } end || now < end;
}
