using System.Security.Cryptography;
using System.Text;

namespace EsoCore.Grains.Common;

/// <summary>Ids that follow from what they name, so that a step taken twice names its rows alike.</summary>
internal static class StableId
{
    /// <summary>The id of these parts, a UUID of version 8.</summary>
    public static Guid Of(params ReadOnlySpan<string> parts)
    {
        // Between parts stands a character that none of them holds.
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\u001f', parts)), hash);
        hash[6] = (byte)((hash[6] & 0x0f) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
