using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace EsoCore.Wire;

/// <summary>
/// Secrets of devices and projects: 256 random bits as text, shown once and stored as SHA-256. No slow hash is needed, because a secret
/// is drawn and not chosen: there is no dictionary to try.
/// </summary>
public static class KeySecrets
{
    /// <summary>Begins every secret, so that one that leaked into a log or a repository can be recognised.</summary>
    public const string Prefix = "esk_";

    /// <summary>Bytes of the longest text that is looked at as a secret.</summary>
    public const int MaxBytes = 512;

    private const int RandomBytes = 32;

    /// <summary>A new secret: the prefix and 43 characters of base64url, good in a header, a URL and a shell.</summary>
    public static string Draw() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    /// <summary>What is stored of a secret: SHA-256 of its UTF-8 text, 32 bytes.</summary>
    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>Whether a text is the secret of a hash, in constant time; false for one of more than <see cref="MaxBytes"/>.</summary>
    public static bool Matches(string text, ReadOnlySpan<byte> hash) =>
        Encoding.UTF8.GetByteCount(text) <= MaxBytes && CryptographicOperations.FixedTimeEquals(Hash(text), hash);
}
