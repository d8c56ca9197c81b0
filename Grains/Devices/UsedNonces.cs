using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using EsoCore.Wire;

namespace EsoCore.Grains.Devices;

/// <summary>
/// The nonces that a device has used: each is good once. A used one is remembered for <see cref="NonceRules.GoodFor"/> from its use, and it
/// was good for no longer than that from its issue.
/// </summary>
internal static class UsedNonces
{
    /// <summary>Used nonces a twin holds; past it signed calls are refused until the oldest expire.</summary>
    internal const int MaxUsed = 1_024;

    /// <summary>The used nonces afterwards, or null when it was used before or there is no room.</summary>
    internal static ImmutableArray<UsedNonce>? Use(ImmutableArray<UsedNonce> used, string nonce, long nowUs)
    {
        var hash = BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(nonce)));
        var live = used.RemoveAll(u => u.ExpiresUs < nowUs);
        if (live.Length >= MaxUsed)
            return null;
        foreach (var other in live)
        {
            if (other.Hash == hash)
                return null;
        }

        return live.Add(new UsedNonce(hash, nowUs + (long)NonceRules.GoodFor.TotalMicroseconds));
    }
}
