using System.Buffers.Binary;

namespace EsoCore.Grains.Anomalies;

/// <summary>
/// Writes or reads state field by field. One method visits the fields for both directions, so that they cannot differ in order or kind.
/// </summary>
internal ref struct StateCodec(Span<byte> bytes, bool reads)
{
    private readonly Span<byte> _bytes = bytes;
    private int _at;

    /// <summary>Bytes visited so far.</summary>
    public readonly int Length => _at;

    /// <summary>Whether fields are read from the bytes, not written to them.</summary>
    public readonly bool Reads => reads;

    public void Visit(ref double field)
    {
        var place = Next(sizeof(double));
        if (reads)
            field = BinaryPrimitives.ReadDoubleLittleEndian(place);
        else
            BinaryPrimitives.WriteDoubleLittleEndian(place, field);
    }

    public void Visit(ref float field)
    {
        var place = Next(sizeof(float));
        if (reads)
            field = BinaryPrimitives.ReadSingleLittleEndian(place);
        else
            BinaryPrimitives.WriteSingleLittleEndian(place, field);
    }

    public void Visit(ref long field)
    {
        var place = Next(sizeof(long));
        if (reads)
            field = BinaryPrimitives.ReadInt64LittleEndian(place);
        else
            BinaryPrimitives.WriteInt64LittleEndian(place, field);
    }

    public void Visit(ref byte field)
    {
        var place = Next(1);
        if (reads)
            field = place[0];
        else
            place[0] = field;
    }

    private Span<byte> Next(int length)
    {
        var place = _bytes.Slice(_at, length);
        _at += length;
        return place;
    }
}
