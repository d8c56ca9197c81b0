using System.Security.Cryptography;
using System.Text;

namespace EsoCore.Wire;

/// <summary>What a body signature covers, each as it stands in the request; an absent header is empty.</summary>
/// <param name="Method">The HTTP method in capitals.</param>
/// <param name="PathAndQuery">The path with its query, as sent.</param>
/// <param name="Timestamp">X-Timestamp.</param>
/// <param name="Nonce">X-Nonce.</param>
/// <param name="IdempotencyKey">Idempotency-Key.</param>
/// <param name="ContentEncoding">Content-Encoding.</param>
/// <param name="UploadCursor">X-Upload-Cursor.</param>
/// <param name="TimeCorrection">X-Time-Correction.</param>
/// <param name="BodySha256Hex">Lower-case hex SHA-256 of the body as sent; that of the empty body when there is none.</param>
public readonly record struct SignedParts(
    string Method,
    string PathAndQuery,
    string Timestamp,
    string Nonce,
    string IdempotencyKey,
    string ContentEncoding,
    string UploadCursor,
    string TimeCorrection,
    string BodySha256Hex);

/// <summary>The signature of a device's request, header <c>X-Signature: v1=&lt;hex HMAC-SHA256&gt;</c>.</summary>
public static class BodySignature
{
    /// <summary>What stands before the hex digits; it names the scheme, so that a later one can be told apart.</summary>
    public const string Prefix = "v1=";

    private static ReadOnlySpan<byte> Purpose => "esocore-body-signature-v1"u8;

    /// <summary>The 32-byte HMAC key of a device secret. One way, so that a server that stores it cannot tell the secret.</summary>
    public static byte[] DeriveKey(string secret) => HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Purpose);

    /// <summary>The lower-case hex digits of the signature, without <see cref="Prefix"/>.</summary>
    public static string Compute(ReadOnlySpan<byte> key, in SignedParts parts)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        ComputeMac(key, parts, mac);
        return Convert.ToHexStringLower(mac);
    }

    /// <summary>The whole header value, <c>v1=</c> and the digits.</summary>
    public static string HeaderValue(ReadOnlySpan<byte> key, in SignedParts parts) => Prefix + Compute(key, parts);

    /// <summary>Whether a header value is the signature of these parts. The comparison takes constant time; hex digits may be in either case.</summary>
    /// <param name="key">From <see cref="DeriveKey"/>.</param>
    /// <param name="parts">The request as it arrived.</param>
    /// <param name="headerValue">The value of X-Signature; null, another scheme or malformed hex is false.</param>
    public static bool Verify(ReadOnlySpan<byte> key, in SignedParts parts, string? headerValue)
    {
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (headerValue is null
            || headerValue.Length != Prefix.Length + 2 * HMACSHA256.HashSizeInBytes
            || !headerValue.StartsWith(Prefix, StringComparison.Ordinal)
            || Convert.FromHexString(headerValue.AsSpan(Prefix.Length), given, out _, out _) != System.Buffers.OperationStatus.Done)
            return false;
        ComputeMac(key, parts, expected);
        return CryptographicOperations.FixedTimeEquals(given, expected);
    }

    private static void ComputeMac(ReadOnlySpan<byte> key, in SignedParts parts, Span<byte> mac)
    {
        var text = string.Join('\n',
            parts.Method, parts.PathAndQuery, parts.Timestamp, parts.Nonce, parts.IdempotencyKey,
            parts.ContentEncoding, parts.UploadCursor, parts.TimeCorrection, parts.BodySha256Hex);
        HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text), mac);
    }
}
