using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace EsoCore.Runtime;

/// <summary>
/// XXH32 with seed 0 over UTF-8: a hash that is the same in every process and release, so that rows and placement may depend on it.
/// It is written out because System.IO.Hashing is not part of the framework.
/// </summary>
internal static class StableHash
{
    private const uint Prime1 = 2654435761, Prime2 = 2246822519, Prime3 = 3266489917, Prime4 = 668265263, Prime5 = 374761393;
    private const int StackLimitBytes = 256;

    public static uint Compute(string value)
    {
        int bound = Encoding.UTF8.GetMaxByteCount(value.Length);
        byte[]? rented = bound > StackLimitBytes ? ArrayPool<byte>.Shared.Rent(bound) : null;
        Span<byte> buffer = rented ?? stackalloc byte[StackLimitBytes];
        uint hash = Compute(buffer[..Encoding.UTF8.GetBytes(value, buffer)]);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return hash;
    }

    public static uint Compute(ReadOnlySpan<byte> data)
    {
        uint length = (uint)data.Length;
        uint hash = Prime5;
        if (data.Length >= 16)
        {
            uint a = unchecked(Prime1 + Prime2), b = Prime2, c = 0, d = unchecked(0u - Prime1);
            for (; data.Length >= 16; data = data[16..])
            {
                a = Round(a, data);
                b = Round(b, data[4..]);
                c = Round(c, data[8..]);
                d = Round(d, data[12..]);
            }

            hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7)
                + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
        }

        hash += length;
        for (; data.Length >= 4; data = data[4..])
            hash = BitOperations.RotateLeft(hash + BinaryPrimitives.ReadUInt32LittleEndian(data) * Prime3, 17) * Prime4;
        foreach (byte value in data)
            hash = BitOperations.RotateLeft(hash + value * Prime5, 11) * Prime1;
        hash = (hash ^ (hash >> 15)) * Prime2;
        hash = (hash ^ (hash >> 13)) * Prime3;
        return hash ^ (hash >> 16);
    }

    private static uint Round(uint accumulator, ReadOnlySpan<byte> data) =>
        BitOperations.RotateLeft(accumulator + BinaryPrimitives.ReadUInt32LittleEndian(data) * Prime2, 13) * Prime1;
}
