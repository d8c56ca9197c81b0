using System.Buffers.Binary;
using System.Runtime.Serialization;
using System.Text;
using EsoCore.Runtime.Engine;

namespace EsoCore.Runtime.Serialization;

/// <summary>
/// Reads one message. It believes nothing that the bytes say: whatever is out of bounds is a <see cref="SerializationException"/>, and no
/// length leads to an allocation that the remaining bytes do not justify.
/// </summary>
public ref struct MessageReader
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlyMemory<byte> _memory;
    private readonly ReadOnlySpan<byte> _span;
    private readonly bool _owned;
    private int _position;
    private int _depth;

    /// <summary>Reads these bytes.</summary>
    /// <param name="message">The bytes.</param>
    /// <param name="owned">Whether what is read may keep slices of them; else bytes are copied.</param>
    /// <param name="runtime">What grain references among the values belong to.</param>
    internal MessageReader(ReadOnlyMemory<byte> message, bool owned, GrainRuntime? runtime)
    {
        _memory = message;
        _span = message.Span;
        _owned = owned;
        Runtime = runtime;
    }

    internal GrainRuntime? Runtime { get; }

    /// <summary>Bytes not yet read.</summary>
    public readonly int Remaining => _span.Length - _position;

    /// <summary>How many bytes have been read.</summary>
    internal readonly int Position => _position;

    /// <summary>Reads the tag of the next field; false at the end of the group.</summary>
    public bool NextField(out uint id, out WireType type)
    {
        ulong tag = ReadRawVarint();
        type = (WireType)(tag & 15);
        id = (uint)(tag >> 4);
        if (tag >> 36 != 0 || type > WireType.TypedGroup) throw Malformed("a tag of no known kind");
        if (type != WireType.End) return true;
        _depth--;
        return false;
    }

    /// <summary>Reads a number without sign.</summary>
    public ulong ReadVarint(WireType type)
    {
        Expect(type, WireType.Varint);
        return ReadRawVarint();
    }

    /// <summary>Reads a number with sign.</summary>
    public long ReadSigned(WireType type)
    {
        ulong value = ReadVarint(type);
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>Reads four bytes.</summary>
    public uint ReadFixed32(WireType type)
    {
        Expect(type, WireType.Fixed32);
        return BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));
    }

    /// <summary>Reads eight bytes.</summary>
    public ulong ReadFixed64(WireType type)
    {
        Expect(type, WireType.Fixed64);
        return BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));
    }

    /// <summary>Reads sixteen bytes.</summary>
    public UInt128 ReadFixed128(WireType type)
    {
        Expect(type, WireType.Fixed128);
        return BinaryPrimitives.ReadUInt128LittleEndian(Take(16));
    }

    /// <summary>Reads bytes: a slice of the message where it may be kept, else a copy.</summary>
    public ReadOnlyMemory<byte> ReadMemory(WireType type)
    {
        Expect(type, WireType.Bytes);
        int length = ReadLength();
        int at = _position;
        ReadOnlySpan<byte> bytes = Take(length);
        return _owned ? _memory.Slice(at, length) : bytes.ToArray();
    }

    /// <summary>Reads bytes, valid as long as the message is.</summary>
    public ReadOnlySpan<byte> ReadSpan(WireType type)
    {
        Expect(type, WireType.Bytes);
        return Take(ReadLength());
    }

    /// <summary>Reads text.</summary>
    public string ReadText(WireType type)
    {
        Expect(type, WireType.Bytes);
        return ReadRawText();
    }

    /// <summary>Begins a group that names no type.</summary>
    public void BeginGroup(WireType type)
    {
        Expect(type, WireType.Group);
        Enter();
    }

    /// <summary>Begins a group that names its type; returns the name.</summary>
    public string BeginTypedGroup()
    {
        Enter();
        return ReadRawText();
    }

    /// <summary>Passes over a field whose tag has been read.</summary>
    public void Skip(WireType type)
    {
        switch (type)
        {
            case WireType.Varint: ReadRawVarint(); break;
            case WireType.Fixed32: Take(4); break;
            case WireType.Fixed64: Take(8); break;
            case WireType.Fixed128: Take(16); break;
            case WireType.Bytes: Take(ReadLength()); break;
            case WireType.Null: break;
            case WireType.Group: Enter(); SkipGroup(); break;
            case WireType.TypedGroup: Enter(); Take(ReadLength()); SkipGroup(); break;
            default: throw Malformed($"a field of kind {type}");
        }
    }

    /// <summary>Passes over the rest of the group.</summary>
    public void SkipGroup()
    {
        while (NextField(out _, out WireType type)) Skip(type);
    }

    /// <summary>The error for bytes that make no message.</summary>
    internal readonly SerializationException Malformed(string what) => new($"Not a message: {what} at byte {_position} of {_span.Length}.");

    private readonly void Expect(WireType found, WireType expected)
    {
        if (found != expected) throw Malformed($"{found} instead of {expected}");
    }

    private void Enter()
    {
        if (++_depth > MessageLimits.MaxDepth) throw Malformed($"nested deeper than {MessageLimits.MaxDepth}");
    }

    private string ReadRawText()
    {
        ReadOnlySpan<byte> bytes = Take(ReadLength());
        try
        {
            return s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Malformed("text that is not UTF-8");
        }
    }

    private int ReadLength()
    {
        ulong length = ReadRawVarint();
        return length <= (ulong)Remaining ? (int)length : throw Malformed($"a length of {length} bytes");
    }

    private ulong ReadRawVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (_position >= _span.Length) throw Malformed("the end of the bytes");
            byte next = _span[_position++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw Malformed("a number of more than 64 bits");
    }

    private ReadOnlySpan<byte> Take(int bytes)
    {
        if (bytes > Remaining) throw Malformed("the end of the bytes");
        ReadOnlySpan<byte> taken = _span.Slice(_position, bytes);
        _position += bytes;
        return taken;
    }
}
