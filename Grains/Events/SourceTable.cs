using System.Buffers;
using EsoCore.Events;

namespace EsoCore.Grains.Events;

/// <summary>One source of a receiver: how far it was heard, and a byte of the receiver's own.</summary>
internal readonly record struct Source(TransitionPosition Mark, byte Flags);

/// <summary>
/// The sources of a receiver by device. Stored packed, 19 to 30 bytes a source, because a large site has 100,000 of them and is written
/// as one document. Sources are never dropped: without its mark a source's next transition would look like a gap for ever.
/// </summary>
internal sealed class SourceTable
{
    private const byte Format = 1;
    private const int GuidBytes = 16;

    private readonly Dictionary<Guid, Source> _sources = [];

    /// <summary>How many there are.</summary>
    public int Count => _sources.Count;

    /// <summary>All of them, in no order.</summary>
    public IReadOnlyDictionary<Guid, Source> All => _sources;

    /// <summary>The source, or one that was never heard.</summary>
    public Source this[Guid device]
    {
        get => _sources.GetValueOrDefault(device);
        set => _sources[device] = value;
    }

    /// <summary>Whether the source was heard before.</summary>
    public bool Contains(Guid device) => _sources.ContainsKey(device);

    /// <summary>The table as bytes: a format number, then per source its id (big endian), twin version, ordinal and flags.</summary>
    public ReadOnlyMemory<byte> Pack()
    {
        var writer = new ArrayBufferWriter<byte>(1 + _sources.Count * 24);
        WriteByte(writer, Format);
        foreach (var (device, source) in _sources)
        {
            device.TryWriteBytes(writer.GetSpan(GuidBytes), bigEndian: true, out _);
            writer.Advance(GuidBytes);
            WriteNumber(writer, (ulong)source.Mark.TwinVersion);
            WriteNumber(writer, (ulong)source.Mark.Ordinal);
            WriteByte(writer, source.Flags);
        }

        return writer.WrittenMemory;
    }

    /// <summary>The table that <see cref="Pack"/> made bytes of; no bytes make an empty one.</summary>
    /// <exception cref="InvalidDataException">The bytes are of a later format, or damaged.</exception>
    public static SourceTable Unpack(ReadOnlySpan<byte> bytes)
    {
        var table = new SourceTable();
        if (bytes.IsEmpty)
            return table;
        if (bytes[0] != Format)
            throw new InvalidDataException($"Sources are stored in format {bytes[0]}; this program reads format {Format}.");
        bytes = bytes[1..];
        while (!bytes.IsEmpty)
        {
            if (bytes.Length < GuidBytes)
                throw new InvalidDataException("The stored sources are cut off.");
            var device = new Guid(bytes[..GuidBytes], bigEndian: true);
            bytes = bytes[GuidBytes..];
            var position = new TransitionPosition((long)ReadNumber(ref bytes), (int)ReadNumber(ref bytes));
            table[device] = new Source(position, ReadByte(ref bytes));
        }

        return table;
    }

    private static void WriteByte(ArrayBufferWriter<byte> writer, byte value)
    {
        writer.GetSpan(1)[0] = value;
        writer.Advance(1);
    }

    /// <summary>Seven bits a byte, lowest first; the top bit says that more follow.</summary>
    private static void WriteNumber(ArrayBufferWriter<byte> writer, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            WriteByte(writer, (byte)(value | 0x80));
        WriteByte(writer, (byte)value);
    }

    private static ulong ReadNumber(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = ReadByte(ref bytes);
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }

        throw new InvalidDataException("A stored number has no end.");
    }

    private static byte ReadByte(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            throw new InvalidDataException("The stored sources are cut off.");
        var value = bytes[0];
        bytes = bytes[1..];
        return value;
    }
}
