using System.Runtime.CompilerServices;

namespace EsoCore.Silo.Storage;

/// <summary>Whole numbers in as few bytes as they need: 7 bits a byte, low bits first, signed ones zig-zag (0, -1, 1, -2, ...).</summary>
internal static class Varint
{
    /// <summary>Bytes of the longest number.</summary>
    public const int MaxBytes = 10;

    /// <summary>Writes a number at <paramref name="at"/> and moves it on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(Span<byte> into, ref int at, ulong value)
    {
        int i = at;
        while (value >= 0x80)
        {
            into[i++] = (byte)(value | 0x80);
            value >>= 7;
        }

        into[i++] = (byte)value;
        at = i;
    }

    /// <summary>Writes a signed number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteSigned(Span<byte> into, ref int at, long value) => Write(into, ref at, (ulong)((value << 1) ^ (value >> 63)));

    /// <summary>Reads a number, or throws <see cref="InvalidDataException"/> when it runs out or over 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Read(ReadOnlySpan<byte> from, ref int at)
    {
        int i = at;
        if ((uint)i < (uint)from.Length && from[i] < 0x80)
        {
            at = i + 1;
            return from[i];
        }

        return ReadLong(from, ref at);
    }

    /// <summary>Reads a signed number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ReadSigned(ReadOnlySpan<byte> from, ref int at)
    {
        ulong value = Read(from, ref at);
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private static ulong ReadLong(ReadOnlySpan<byte> from, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            if ((uint)at >= (uint)from.Length)
                throw new InvalidDataException("Stored points end within a number.");
            byte b = from[at++];
            if (shift == 63 && b > 1)
                break;
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }

        throw new InvalidDataException("Stored points hold a number of more than 64 bits.");
    }
}
