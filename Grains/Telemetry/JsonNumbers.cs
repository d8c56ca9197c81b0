using System.Buffers.Text;

namespace EsoCore.Grains.Telemetry;

/// <summary>Reads JSON numbers as doubles. The common short decimals take a path that is exact without big arithmetic.</summary>
internal static class JsonNumbers
{
    private const ulong MaxExactInteger = 1UL << 53;

    /// <summary>10^k is exact in a double up to k = 22, so mantissa / 10^k rounds once: Clinger's fast path (PLDI 1990).</summary>
    private static ReadOnlySpan<double> PowersOfTen =>
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>Takes the text of a JSON number token. False: it is not finite as a double, or an integer beyond 2^53.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> text, out double value)
    {
        ulong mantissa = 0;
        var i = 0;
        var negative = text.Length > 0 && text[0] == '-';
        if (negative)
            i = 1;
        var fraction = -1;
        // 18 digits cannot overflow the mantissa; whatever is longer or has an exponent goes the general way.
        for (var end = Math.Min(text.Length, i + 19); i < end; i++)
        {
            var digit = (uint)(text[i] - '0');
            if (digit <= 9)
                mantissa = mantissa * 10 + digit;
            else if (text[i] == '.' && fraction < 0)
                fraction = i;
            else
                return TryParseGeneral(text, out value);
        }

        if (i < text.Length || mantissa > MaxExactInteger)
            return TryParseGeneral(text, out value);
        value = fraction < 0 ? mantissa : mantissa / PowersOfTen[text.Length - fraction - 1];
        if (negative)
            value = -value;
        return text.Length > 0;
    }

    private static bool TryParseGeneral(ReadOnlySpan<byte> text, out double value)
    {
        if (!Utf8Parser.TryParse(text, out value, out var consumed) || consumed != text.Length || !double.IsFinite(value))
            return false;
        var isInteger = text.IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0;
        return !isInteger || IsExactInteger(text, value);
    }

    private static bool IsExactInteger(ReadOnlySpan<byte> text, double value)
    {
        if (Math.Abs(value) != MaxExactInteger)
            return Math.Abs(value) < MaxExactInteger;
        // 2^53 + 1 rounds to 2^53, so the text decides.
        return Utf8Parser.TryParse(text, out long exact, out _) && (ulong)Math.Abs(exact) <= MaxExactInteger;
    }
}
