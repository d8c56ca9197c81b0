using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage;

/// <summary>Finds a series by its key: 8 bytes of a SHA-256, stored, so the same for ever. Equal hashes are compared in full.</summary>
internal static class SeriesHash
{
    /// <summary>The hash of a key. U+0000, which no stored text holds, keeps the parts apart.</summary>
    public static long Of(SeriesKey key)
    {
        byte[] text = Encoding.UTF8.GetBytes($"{key.Metric}\0{key.Unit}\0{key.Asset}\0{key.Meta}");
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return BinaryPrimitives.ReadInt64BigEndian(hash);
    }
}
