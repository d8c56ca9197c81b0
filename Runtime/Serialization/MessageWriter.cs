using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.Serialization;
using System.Text;

namespace EsoCore.Runtime.Serialization;

/// <summary>
/// Writes one message into a buffer of the thread. Used by generated code; whoever makes one disposes of it, and what was written is valid
/// until then.
/// </summary>
public ref struct MessageWriter : IDisposable
{
    private const int InitialBytes = 16 * 1024;
    private const int LargestKept = 256 * 1024;

    [ThreadStatic]
    private static byte[]? t_kept;

    private byte[] _buffer;
    private int _position;
    private int _depth;

    private MessageWriter(byte[] buffer) => _buffer = buffer;

    /// <summary>What has been written.</summary>
    public readonly ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _position);

    /// <summary>How many bytes have been written.</summary>
    public readonly int Length => _position;

    /// <summary>Starts a message.</summary>
    public static MessageWriter Start()
    {
        byte[] buffer = t_kept ?? ArrayPool<byte>.Shared.Rent(InitialBytes);
        t_kept = null;
        return new MessageWriter(buffer);
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = null!;
        if (buffer is null) return;
        if (t_kept is null && buffer.Length <= LargestKept) t_kept = buffer;
        else ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Forgets what was written after this length.</summary>
    internal void Truncate(int length)
    {
        _position = length;
        _depth = 0;
    }

    /// <summary>Writes raw bytes, for headers that are filled in later.</summary>
    internal int Reserve(int bytes)
    {
        Ensure(bytes);
        int at = _position;
        _position += bytes;
        return at;
    }

    /// <summary>The bytes reserved before.</summary>
    internal readonly Span<byte> At(int position, int bytes) => _buffer.AsSpan(position, bytes);

    /// <summary>Writes null.</summary>
    public void WriteNull(uint id) => WriteTag(id, WireType.Null);

    /// <summary>Writes a number without sign.</summary>
    public void WriteVarint(uint id, ulong value)
    {
        WriteTag(id, WireType.Varint);
        WriteVarint(value);
    }

    /// <summary>Writes a number with sign.</summary>
    public void WriteSigned(uint id, long value) => WriteVarint(id, (ulong)((value << 1) ^ (value >> 63)));

    /// <summary>Writes four bytes.</summary>
    public void WriteFixed32(uint id, uint value)
    {
        WriteTag(id, WireType.Fixed32);
        BinaryPrimitives.WriteUInt32LittleEndian(Take(sizeof(uint)), value);
    }

    /// <summary>Writes eight bytes.</summary>
    public void WriteFixed64(uint id, ulong value)
    {
        WriteTag(id, WireType.Fixed64);
        BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), value);
    }

    /// <summary>Writes sixteen bytes.</summary>
    public void WriteFixed128(uint id, UInt128 value)
    {
        WriteTag(id, WireType.Fixed128);
        BinaryPrimitives.WriteUInt128LittleEndian(Take(16), value);
    }

    /// <summary>Writes bytes.</summary>
    public void WriteBytes(uint id, ReadOnlySpan<byte> value)
    {
        WriteTag(id, WireType.Bytes);
        WriteVarint((ulong)value.Length);
        value.CopyTo(Take(value.Length));
    }

    /// <summary>Writes text as UTF-8. Half a surrogate pair becomes U+FFFD.</summary>
    public void WriteText(uint id, string value)
    {
        WriteTag(id, WireType.Bytes);
        WriteText(value);
    }

    /// <summary>Begins a group; <see cref="EndGroup"/> ends it.</summary>
    /// <exception cref="SerializationException">It lies deeper than <see cref="MessageLimits.MaxDepth"/>; the object may contain
    /// itself.</exception>
    public void BeginGroup(uint id)
    {
        Enter();
        WriteTag(id, WireType.Group);
    }

    /// <summary>Begins a group that names its type.</summary>
    public void BeginGroup(uint id, string alias)
    {
        Enter();
        WriteTag(id, WireType.TypedGroup);
        WriteText(alias);
    }

    /// <summary>Ends a group, or the message.</summary>
    public void EndGroup()
    {
        _depth--;
        Ensure(1);
        _buffer[_position++] = (byte)WireType.End;
    }

    private void Enter()
    {
        if (++_depth > MessageLimits.MaxDepth)
            throw new SerializationException($"The message is nested deeper than {MessageLimits.MaxDepth}; an object may contain itself.");
    }

    private void WriteTag(uint id, WireType type) => WriteVarint(((ulong)id << 4) | (byte)type);

    private void WriteText(string value)
    {
        if (value.Length < 40)
        {
            // Three bytes a character at most, so that the length takes one byte and can be written afterwards.
            Ensure(1 + 3 * value.Length);
            int bytes = Encoding.UTF8.GetBytes(value, _buffer.AsSpan(_position + 1));
            _buffer[_position] = (byte)bytes;
            _position += 1 + bytes;
            return;
        }

        int count = Encoding.UTF8.GetByteCount(value);
        WriteVarint((ulong)count);
        Encoding.UTF8.GetBytes(value, Take(count));
    }

    private void WriteVarint(ulong value)
    {
        Ensure(10);
        byte[] buffer = _buffer;
        int at = _position;
        while (value >= 0x80)
        {
            buffer[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        buffer[at++] = (byte)value;
        _position = at;
    }

    private Span<byte> Take(int bytes)
    {
        Ensure(bytes);
        Span<byte> taken = _buffer.AsSpan(_position, bytes);
        _position += bytes;
        return taken;
    }

    private void Ensure(int bytes)
    {
        if (_buffer.Length - _position < bytes) Grow(bytes);
    }

    private void Grow(int bytes)
    {
        long needed = (long)_position + bytes;
        if (needed > MessageLimits.MaxBytes)
            throw new SerializationException($"The message is larger than {MessageLimits.MaxBytes} bytes.");
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(MessageLimits.MaxBytes, Math.Max(needed, 2L * _buffer.Length)));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
