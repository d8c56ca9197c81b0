using System.Security.Cryptography;
using System.Text;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// Encrypts the secrets of channels for storage: AES-256-GCM under the installation's key for <see cref="KeyPurposes.ChannelSeal"/>.
/// Layout:
/// 1 byte naming the master key, 12 bytes nonce, the cipher text, 16 bytes tag. That first byte and the channel's key are bound in as
/// associated data, so that sealed secrets copied to another channel or project do not open there.
/// </summary>
internal sealed class SecretSeal(IInstallationKeys keys)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int Overhead = 1 + NonceBytes + TagBytes;

    /// <summary>Seals the secrets of <paramref name="owner"/>.</summary>
    public byte[] Seal(ReadOnlySpan<byte> secrets, string owner)
    {
        var master = keys.Current(KeyPurposes.ChannelSeal);
        var sealedBytes = new byte[Overhead + secrets.Length];
        sealedBytes[0] = master.KeyId;
        var nonce = sealedBytes.AsSpan(1, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(master.Key.Span, TagBytes);
        aes.Encrypt(nonce, secrets, sealedBytes.AsSpan(1 + NonceBytes, secrets.Length), sealedBytes.AsSpan(^TagBytes..),
            AssociatedData(master.KeyId, owner));
        return sealedBytes;
    }

    /// <summary>The secrets, or null when the master key they name is gone or the bytes were changed or moved.</summary>
    public byte[]? Open(ReadOnlySpan<byte> sealedBytes, string owner)
    {
        if (sealedBytes.Length < Overhead || keys.Find(KeyPurposes.ChannelSeal, sealedBytes[0]) is not { } master)
            return null;
        var secrets = new byte[sealedBytes.Length - Overhead];
        using var aes = new AesGcm(master.Key.Span, TagBytes);
        try
        {
            aes.Decrypt(sealedBytes.Slice(1, NonceBytes), sealedBytes[(1 + NonceBytes)..^TagBytes], sealedBytes[^TagBytes..], secrets,
                AssociatedData(master.KeyId, owner));
            return secrets;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static byte[] AssociatedData(byte masterKeyId, string owner) => [masterKeyId, .. Encoding.UTF8.GetBytes(owner)];
}
