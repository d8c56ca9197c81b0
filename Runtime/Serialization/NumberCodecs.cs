using System.Runtime.CompilerServices;

namespace EsoCore.Runtime.Serialization;

/// <summary>A whole number with sign: any that fits the type may be read, so that a member can grow from int to long.</summary>
internal sealed class SignedCodec<T>(Func<T, long> widen, Func<long, T> narrow) : Codec<T> where T : struct
{
    public override void Write(ref MessageWriter writer, uint id, T value) => writer.WriteSigned(id, widen(value));

    public override T Read(ref MessageReader reader, WireType type)
    {
        long value = reader.ReadSigned(type);
        T narrowed = narrow(value);
        return widen(narrowed) == value ? narrowed : throw reader.Malformed($"{value}, which is no {typeof(T).Name},");
    }
}

/// <summary>A whole number without sign.</summary>
internal sealed class UnsignedCodec<T>(Func<T, ulong> widen, Func<ulong, T> narrow) : Codec<T> where T : struct
{
    public override void Write(ref MessageWriter writer, uint id, T value) => writer.WriteVarint(id, widen(value));

    public override T Read(ref MessageReader reader, WireType type)
    {
        ulong value = reader.ReadVarint(type);
        T narrowed = narrow(value);
        return widen(narrowed) == value ? narrowed : throw reader.Malformed($"{value}, which is no {typeof(T).Name},");
    }
}

/// <summary>An int, the most frequent number, without the detour over delegates.</summary>
internal sealed class Int32Codec : Codec<int>
{
    public override void Write(ref MessageWriter writer, uint id, int value) => writer.WriteSigned(id, value);

    public override int Read(ref MessageReader reader, WireType type)
    {
        long value = reader.ReadSigned(type);
        return (int)value == value ? (int)value : throw reader.Malformed($"{value}, which is no Int32,");
    }
}

/// <summary>A long.</summary>
internal sealed class Int64Codec : Codec<long>
{
    public override void Write(ref MessageWriter writer, uint id, long value) => writer.WriteSigned(id, value);

    public override long Read(ref MessageReader reader, WireType type) => reader.ReadSigned(type);
}

/// <summary>An enum by its number; a member this program does not know keeps it.</summary>
internal sealed class EnumCodec<T> : Codec<T> where T : struct, Enum
{
    public override void Write(ref MessageWriter writer, uint id, T value) => writer.WriteSigned(id, Unsafe.SizeOf<T>() switch
    {
        1 => Unsafe.As<T, sbyte>(ref value),
        2 => Unsafe.As<T, short>(ref value),
        4 => Unsafe.As<T, int>(ref value),
        _ => Unsafe.As<T, long>(ref value),
    });

    public override T Read(ref MessageReader reader, WireType type)
    {
        long number = reader.ReadSigned(type);
        int unused = 64 - 8 * Unsafe.SizeOf<T>();
        if (number << unused >> unused != number) throw reader.Malformed($"{number}, which is no {typeof(T).Name},");
        return Unsafe.As<long, T>(ref number);
    }
}

/// <summary>A number of four bytes.</summary>
internal sealed class SingleCodec : Codec<float>
{
    public override void Write(ref MessageWriter writer, uint id, float value) =>
        writer.WriteFixed32(id, BitConverter.SingleToUInt32Bits(value));

    public override float Read(ref MessageReader reader, WireType type) => BitConverter.UInt32BitsToSingle(reader.ReadFixed32(type));
}

/// <summary>A number of eight bytes.</summary>
internal sealed class DoubleCodec : Codec<double>
{
    public override void Write(ref MessageWriter writer, uint id, double value) =>
        writer.WriteFixed64(id, BitConverter.DoubleToUInt64Bits(value));

    public override double Read(ref MessageReader reader, WireType type) => BitConverter.UInt64BitsToDouble(reader.ReadFixed64(type));
}

/// <summary>A decimal as its four parts.</summary>
internal sealed class DecimalCodec : Codec<decimal>
{
    public override void Write(ref MessageWriter writer, uint id, decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        writer.WriteFixed128(
            id, new UInt128((ulong)(uint)bits[3] << 32 | (uint)bits[2], (ulong)(uint)bits[1] << 32 | (uint)bits[0]));
    }

    public override decimal Read(ref MessageReader reader, WireType type)
    {
        UInt128 value = reader.ReadFixed128(type);
        ulong low = (ulong)value, high = (ulong)(value >> 64);
        Span<int> bits = [(int)low, (int)(low >> 32), (int)high, (int)(high >> 32)];
        try
        {
            return new decimal(bits);
        }
        catch (ArgumentException)
        {
            throw reader.Malformed("a decimal with a scale above 28");
        }
    }
}

/// <summary>A number of sixteen bytes.</summary>
internal sealed class Fixed128Codec<T>(Func<T, UInt128> to, Func<UInt128, T> from) : Codec<T> where T : struct
{
    public override void Write(ref MessageWriter writer, uint id, T value) => writer.WriteFixed128(id, to(value));

    public override T Read(ref MessageReader reader, WireType type) => from(reader.ReadFixed128(type));
}
