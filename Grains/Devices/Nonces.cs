using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace EsoCore.Grains.Devices;

/// <summary>The nonces that a device has used: each is good once.</summary>
internal static class Nonces
{
    /// <summary>Used nonces a twin holds; past it signed calls are refused until the oldest expire.</summary>
    internal const int MaxUsed = 1_024;

    /// <summary>How long a nonce is good from its issue; a used one is remembered this long from its use.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

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

        return live.Add(new UsedNonce(hash, nowUs + (long)Lifetime.TotalMicroseconds));
    }
}
