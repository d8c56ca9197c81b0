using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using EsoCore.Wire;

namespace EsoCore.Api;

/// <summary>
/// Issues nonces and knows them again. A nonce carries all that is needed to check it, so the handshake stores nothing:
/// <c>base64url(key id (1) | issue time, Unix ms (8) | random (12) | HMAC-SHA256 over these and the device id, cut to 20)</c>.
/// That it is used once is the twin's to see to, in the commit of the call that it was signed with.
/// </summary>
internal sealed class HandshakeNonces(IInstallationKeys keys, TimeProvider time)
{
    /// <summary>Characters of the longest device id that a nonce is bound to.</summary>
    public const int MaxDeviceIdLength = 128;

    private const int RandomBytes = 12;
    private const int StampedBytes = 1 + 8 + RandomBytes;
    private const int MacBytes = 20;
    private const int TotalBytes = StampedBytes + MacBytes;

    public string Issue(string deviceId)
    {
        var key = keys.Current(KeyPurposes.Nonce);
        Span<byte> nonce = stackalloc byte[TotalBytes];
        nonce[0] = key.KeyId;
        BinaryPrimitives.WriteInt64BigEndian(nonce[1..], time.GetUtcNow().ToUnixTimeMilliseconds());
        RandomNumberGenerator.Fill(nonce.Slice(9, RandomBytes));
        Seal(key, nonce[..StampedBytes], deviceId, nonce[StampedBytes..]);
        return Base64Url.EncodeToString(nonce);
    }

    /// <summary>Whether we issued it to this device within the last five minutes.</summary>
    public bool Verify(string nonce, string deviceId)
    {
        Span<byte> bytes = stackalloc byte[TotalBytes];
        Span<byte> mac = stackalloc byte[MacBytes];
        if (nonce.Length != Base64Url.GetEncodedLength(TotalBytes)
            || !Base64Url.TryDecodeFromChars(nonce, bytes, out var written)
            || written != TotalBytes
            || keys.Find(KeyPurposes.Nonce, bytes[0]) is not { } key)
            return false;
        Seal(key, bytes[..StampedBytes], deviceId, mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, bytes[StampedBytes..]))
            return false;
        var age = time.GetUtcNow().ToUnixTimeMilliseconds() - BinaryPrimitives.ReadInt64BigEndian(bytes[1..]);
        // Another front door's clock may be a little ahead of ours; a nonce from further ahead outlived its five minutes before it began.
        return age <= NonceRules.GoodFor.TotalMilliseconds && age >= -DeviceGate.MaxSkew.TotalMilliseconds;
    }

    private static void Seal(DerivedKey key, ReadOnlySpan<byte> stamped, string deviceId, Span<byte> mac)
    {
        var id = Encoding.UTF8.GetBytes(CanonicalId(deviceId));
        Span<byte> full = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key.Key.Span, (byte[])[.. stamped, .. id], full);
        full[..mac.Length].CopyTo(mac);
    }

    // A UUID may be written in capitals in one call and not in the other.
    private static string CanonicalId(string deviceId) => Guid.TryParseExact(deviceId, "D", out var id) ? id.ToString("D") : deviceId;
}
