using System.Security.Cryptography;

namespace EsoCore.Grains.Projects;

/// <summary>
/// Encrypts body-signature keys for storage: AES-256-GCM under the installation's key for <see cref="KeyPurposes.SigningKeySeal"/>.
/// Layout: 1 byte naming the master key, 12 bytes nonce, the cipher text, 16 bytes tag. That first byte, the key's id and its owner are
/// bound in as associated data, so a sealed key copied to another row does not open there.
/// </summary>
internal sealed class SigningKeySeal(IInstallationKeys keys)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int Overhead = 1 + NonceBytes + TagBytes;

    /// <summary>Seals the signing key of the key <paramref name="keyId"/> of the device <paramref name="ownerId"/>.</summary>
    public byte[] Seal(ReadOnlySpan<byte> signingKey, Guid keyId, Guid ownerId)
    {
        var master = keys.Current(KeyPurposes.SigningKeySeal);
        var sealedKey = new byte[Overhead + signingKey.Length];
        sealedKey[0] = master.KeyId;
        var nonce = sealedKey.AsSpan(1, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(master.Key.Span, TagBytes);
        aes.Encrypt(nonce, signingKey, sealedKey.AsSpan(1 + NonceBytes, signingKey.Length), sealedKey.AsSpan(^TagBytes..),
            AssociatedData(master.KeyId, keyId, ownerId));
        return sealedKey;
    }

    /// <summary>The signing key, or null when the master key it names is gone or the bytes were changed or moved.</summary>
    public byte[]? Open(ReadOnlySpan<byte> sealedKey, Guid keyId, Guid ownerId)
    {
        if (sealedKey.Length <= Overhead || keys.Find(KeyPurposes.SigningKeySeal, sealedKey[0]) is not { } master)
            return null;
        var signingKey = new byte[sealedKey.Length - Overhead];
        using var aes = new AesGcm(master.Key.Span, TagBytes);
        try
        {
            aes.Decrypt(sealedKey.Slice(1, NonceBytes), sealedKey[(1 + NonceBytes)..^TagBytes], sealedKey[^TagBytes..], signingKey,
                AssociatedData(master.KeyId, keyId, ownerId));
            return signingKey;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static byte[] AssociatedData(byte masterKeyId, Guid keyId, Guid ownerId) =>
        [masterKeyId, .. keyId.ToByteArray(bigEndian: true), .. ownerId.ToByteArray(bigEndian: true)];
}
