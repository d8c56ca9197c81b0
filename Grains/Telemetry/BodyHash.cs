using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace EsoCore.Grains.Telemetry;

/// <summary>
/// 128 bits of the SHA-256 of an event's or window's canonical body: parts by length and content, so that no two bodies give one stream
/// of bytes. 2^-128 for two to meet by chance is what "never a false repeat" rests on for events and windows.
/// </summary>
internal sealed class BodyHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    internal void Add(string text) => Add(MemoryMarshal.AsBytes(text.AsSpan()));

    internal void Add(double? number)
    {
        Span<byte> bytes = stackalloc byte[9];
        bytes[0] = number.HasValue ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteDoubleLittleEndian(bytes[1..], number ?? 0);
        _hash.AppendData(bytes);
    }

    internal void Add(ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        _hash.AppendData(length);
        _hash.AppendData(bytes);
    }

    internal UInt128 Finish()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
