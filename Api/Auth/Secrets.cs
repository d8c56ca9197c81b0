using System.Security.Cryptography;
using System.Text;
using EsoCore.Projects;

namespace EsoCore.Api;

/// <summary>Checks of secrets, in constant time.</summary>
internal static class Secrets
{
    /// <summary>Bytes of the longest secret that is looked at.</summary>
    public const int MaxBytes = 512;

    /// <summary>Whether the key is in force and the secret is its own.</summary>
    public static bool Opens(this KeyCredential key, string secret, DateTimeOffset now)
    {
        if (Encoding.UTF8.GetByteCount(secret) > MaxBytes)
            return false;
        Span<byte> utf8 = stackalloc byte[MaxBytes];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(utf8[..Encoding.UTF8.GetBytes(secret, utf8)], hash);
        return CryptographicOperations.FixedTimeEquals(hash, key.SecretHash.Span) & key.InForce(now);
    }

    public static bool InForce(this KeyCredential key, DateTimeOffset now) => key.ExpiresAt is not { } end || now < end;
}
