using System.Buffers.Binary;

namespace EsoCore.Silo.Storage;

/// <summary>Packs the key of a list's last item for its page token; the first byte names the list, so that tokens are not mixed up.</summary>
internal ref struct TokenKey
{
    /// <summary>Lists.</summary>
    public const byte Points = (byte)'P', Events = (byte)'E', Windows = (byte)'W', Batches = (byte)'B', Rejected = (byte)'R', Firmware = (byte)'F',
        Work = (byte)'K', Log = (byte)'L';

    private readonly Span<byte> _bytes;
    private int _at;

    private TokenKey(Span<byte> bytes) => _bytes = bytes;

    /// <summary>Begins a key.</summary>
    public static TokenKey Write(byte list)
    {
        byte[] bytes = new byte[64];
        bytes[0] = list;
        return new(bytes) { _at = 1 };
    }

    /// <summary>Opens a token of that list whose key has so many bytes.</summary>
    public static TokenKey Read(byte list, int length, string token)
    {
        byte[] bytes = PageToken.Read(token, length + 1);
        return bytes[0] == list ? new(bytes) { _at = 1 } : throw new FormatException("The page token belongs to another list.");
    }

    /// <summary>Adds a part.</summary>
    public TokenKey Add(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_bytes[_at..], value);
        _at += sizeof(long);
        return this;
    }

    /// <summary>Adds a part.</summary>
    public TokenKey Add(Guid value)
    {
        value.TryWriteBytes(_bytes[_at..], bigEndian: true, out int written);
        _at += written;
        return this;
    }

    /// <summary>Adds a part.</summary>
    public TokenKey AddHash(UInt128 value)
    {
        BinaryPrimitives.WriteUInt128BigEndian(_bytes[_at..], value);
        _at += 16;
        return this;
    }

    /// <summary>The next part.</summary>
    public long Long()
    {
        _at += sizeof(long);
        return BinaryPrimitives.ReadInt64BigEndian(_bytes[(_at - sizeof(long))..]);
    }

    /// <summary>The next part.</summary>
    public Guid Guid()
    {
        _at += 16;
        return new(_bytes[(_at - 16).._at], bigEndian: true);
    }

    /// <summary>The next part.</summary>
    public UInt128 Hash()
    {
        _at += 16;
        return BinaryPrimitives.ReadUInt128BigEndian(_bytes[(_at - 16)..]);
    }

    /// <summary>The key.</summary>
    public readonly byte[] ToBytes() => _bytes[.._at].ToArray();
}
