using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace EsoCore.Silo.Storage;

/// <summary>
/// Packs the values of a run by the first of these that fits: one value for all; whole numbers divided by a power of ten up to 10^6 (what
/// sensors send), as differences; differing bytes of the IEEE form from one value to the next; the plain 8 bytes.
/// </summary>
internal static class ValueCodec
{
    /// <summary>Bytes of a value at most.</summary>
    public const int MaxBytesPerValue = 9;

    private const int Constant = 0;
    private const int Xor = 8;
    private const int Plain = 9;

    // Modes 1 to 7 are decimals with 0 to 6 digits after the point.
    private const int FirstDecimal = 1;
    private const int MaxDigits = 6;
    private const double MaxExact = 9_007_199_254_740_992;

    private static readonly double[] Powers = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

    /// <summary>Writes the values and gives the mode to decode them by.</summary>
    public static int Encode(ReadOnlySpan<double> values, Span<byte> into, ref int at)
    {
        var bits = MemoryMarshal.Cast<double, long>(values);
        if (bits.Length == 1 || bits[1..].SequenceEqual(bits[..^1]))
        {
            BinaryPrimitives.WriteInt64LittleEndian(into[at..], bits[0]);
            at += sizeof(long);
            return Constant;
        }

        int start = at;
        int digits = FindDigits(values);
        if (digits >= 0 && EncodeDecimals(values, Powers[digits], into, ref at))
            return FirstDecimal + digits;
        at = start;
        if (EncodeXor(bits, into, ref at))
            return Xor;
        at = start;
        MemoryMarshal.AsBytes(bits).CopyTo(into[at..]);
        at += bits.Length * sizeof(long);
        return Plain;
    }

    /// <summary>Reads as many values as <paramref name="values"/> holds.</summary>
    public static void Decode(ReadOnlySpan<byte> from, int mode, Span<double> values, ref int at)
    {
        switch (mode)
        {
            case Constant:
                values.Fill(BitConverter.Int64BitsToDouble(BinaryPrimitives.ReadInt64LittleEndian(Take(from, sizeof(long), ref at))));
                break;
            case >= FirstDecimal and <= FirstDecimal + MaxDigits:
                DecodeDecimals(from, Powers[mode - FirstDecimal], values, ref at);
                break;
            case Xor:
                DecodeXor(from, values, ref at);
                break;
            case Plain:
                Take(from, values.Length * sizeof(double), ref at).CopyTo(MemoryMarshal.AsBytes(values));
                break;
            default:
                throw new InvalidDataException("Stored points have an unknown form of values.");
        }
    }

    /// <summary>The fewest digits after the point that hold every value bit for bit, or -1.</summary>
    private static int FindDigits(ReadOnlySpan<double> values)
    {
        int digits = 0;
        double power = 1;
        foreach (double value in values)
        {
            while (!IsExact(value, power, out _))
            {
                if (++digits > MaxDigits)
                    return -1;
                power = Powers[digits];
            }
        }

        return digits;
    }

    private static bool IsExact(double value, double power, out long whole)
    {
        double scaled = value * power;
        whole = 0;
        if (!(Math.Abs(scaled) <= MaxExact))
            return false;
        whole = (long)Math.Round(scaled);

        // Compared bit for bit, so that -0.0 is not taken for 0.
        return BitConverter.DoubleToInt64Bits(whole / power) == BitConverter.DoubleToInt64Bits(value);
    }

    private static bool EncodeDecimals(ReadOnlySpan<double> values, double power, Span<byte> into, ref int to)
    {
        int at = to;
        long last = 0;
        foreach (double value in values)
        {
            // A value that fits with fewer digits may, when it is huge, not fit with more.
            if (!IsExact(value, power, out long whole))
                return false;
            Varint.WriteSigned(into, ref at, whole - last);
            last = whole;
        }

        to = at;
        return true;
    }

    private static void DecodeDecimals(ReadOnlySpan<byte> from, double power, Span<double> values, ref int to)
    {
        int at = to;
        long whole = 0;
        for (int i = 0; i < values.Length; i++)
        {
            whole = unchecked(whole + Varint.ReadSigned(from, ref at));
            values[i] = whole / power;
        }

        to = at;
    }

    private static bool EncodeXor(ReadOnlySpan<long> bits, Span<byte> into, ref int to)
    {
        int at = to;
        int limit = to + (bits.Length * sizeof(long));
        ulong last = 0;
        foreach (long value in bits)
        {
            ulong changed = (ulong)value ^ last;
            last = (ulong)value;
            if (changed == 0)
            {
                into[at++] = 0;
                continue;
            }

            int low = BitOperations.TrailingZeroCount(changed) >> 3;
            int count = 8 - (BitOperations.LeadingZeroCount(changed) >> 3) - low;
            if (at >= limit)
                return false;
            into[at] = (byte)((low << 4) | count);

            // Writes all 8 bytes and keeps those that count: the next value overwrites the rest.
            BinaryPrimitives.WriteUInt64LittleEndian(into[(at + 1)..], changed >> (low << 3));
            at += 1 + count;
        }

        to = at;
        return at < limit;
    }

    private static void DecodeXor(ReadOnlySpan<byte> from, Span<double> values, ref int at)
    {
        ulong last = 0;
        for (int i = 0; i < values.Length; i++)
        {
            int head = Take(from, 1, ref at)[0];
            int low = head >> 4;
            int count = head & 0x0F;
            if (low + count > sizeof(ulong))
                throw new InvalidDataException("Stored points hold a value of more than 8 bytes.");
            ulong changed = 0;
            var bytes = Take(from, count, ref at);
            for (int b = count - 1; b >= 0; b--)
                changed = (changed << 8) | bytes[b];
            last ^= count == 0 ? 0 : changed << (low << 3);
            values[i] = BitConverter.UInt64BitsToDouble(last);
        }
    }

    private static ReadOnlySpan<byte> Take(ReadOnlySpan<byte> from, int count, ref int at)
    {
        if (count > from.Length - at)
            throw new InvalidDataException("Stored points end within a value.");
        var taken = from.Slice(at, count);
        at += count;
        return taken;
    }
}
