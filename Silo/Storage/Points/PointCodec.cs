namespace EsoCore.Silo.Storage;

/// <summary>
/// Packs a run of points of one series. A run is a head byte, its times, its values; how many points it has is known from outside.
/// <list type="bullet">
/// <item>Times: the first as a difference from a base, then the first step, then the change of each step, as zig-zag varints counted in
/// microseconds, milliseconds or seconds, whichever all steps are whole multiples of. Equal steps are written once.</item>
/// <item>Values: see <see cref="ValueCodec"/>.</item>
/// </list>
/// What comes out is bit for bit what went in. The decoder throws <see cref="InvalidDataException"/> on anything the encoder cannot have written
/// that it would trip over; it never reads or writes outside what it was given.
/// </summary>
internal static class PointCodec
{
    private const int UnitShift = 4;
    private const int EqualSteps = 0x40;
    private const int ModeMask = 0x0F;
    private const long Milli = 1_000;
    private const long Second = 1_000_000;

    /// <summary>Bytes that a run of so many points takes at most.</summary>
    public static int MaxBytes(int points) => 32 + (points * (Varint.MaxBytes + ValueCodec.MaxBytesPerValue));

    /// <summary>Packs a run; the bytes written.</summary>
    public static int Encode(ReadOnlySpan<long> ts, ReadOnlySpan<double> values, long baseUs, Span<byte> into)
    {
        if (ts.Length != values.Length)
            throw new ArgumentException("A run needs as many values as times.", nameof(values));
        if (ts.IsEmpty)
            return 0;
        int at = 1;
        int head = EncodeTimes(ts, baseUs, into, ref at);
        into[0] = (byte)(head | ValueCodec.Encode(values, into, ref at));
        return at;
    }

    /// <summary>Unpacks a run of <paramref name="ts"/>.Length points; the bytes read.</summary>
    public static int Decode(ReadOnlySpan<byte> from, long baseUs, Span<long> ts, Span<double> values)
    {
        if (ts.IsEmpty)
            return 0;
        if (from.IsEmpty)
            throw new InvalidDataException("Stored points end before a run.");
        int at = 1;
        DecodeTimes(from, from[0], baseUs, ts, ref at);
        ValueCodec.Decode(from, from[0] & ModeMask, values, ref at);
        return at;
    }

    private static int EncodeTimes(ReadOnlySpan<long> ts, long baseUs, Span<byte> into, ref int at)
    {
        Varint.WriteSigned(into, ref at, unchecked(ts[0] - baseUs));
        if (ts.Length == 1)
            return EqualSteps;
        bool equal = Survey(ts, out int unit);
        long first = InUnit(unchecked(ts[1] - ts[0]), unit);
        Varint.WriteSigned(into, ref at, first);
        if (equal)
            return EqualSteps | (unit << UnitShift);
        switch (unit)
        {
            case 0:
                WriteSteps(ts, 1, into, ref at);
                break;
            case 1:
                WriteSteps(ts, Milli, into, ref at);
                break;
            default:
                WriteSteps(ts, Second, into, ref at);
                break;
        }

        return unit << UnitShift;
    }

    /// <summary>Whether all steps are equal, and the coarsest unit they are whole multiples of.</summary>
    private static bool Survey(ReadOnlySpan<long> ts, out int unit)
    {
        long first = unchecked(ts[1] - ts[0]);
        long unlike = 0;
        bool milli = true;
        bool second = true;
        for (int i = 1; i < ts.Length; i++)
        {
            long step = unchecked(ts[i] - ts[i - 1]);
            unlike |= step ^ first;
            if (milli && step % Milli != 0)
                milli = second = false;
            if (second && step % Second != 0)
                second = false;
        }

        unit = second ? 2 : milli ? 1 : 0;
        return unlike == 0;
    }

    private static void WriteSteps(ReadOnlySpan<long> ts, long unit, Span<byte> into, ref int to)
    {
        int at = to;
        long last = unchecked(ts[1] - ts[0]) / unit;
        for (int i = 2; i < ts.Length; i++)
        {
            long step = unchecked(ts[i] - ts[i - 1]) / unit;
            Varint.WriteSigned(into, ref at, unchecked(step - last));
            last = step;
        }

        to = at;
    }

    private static void DecodeTimes(ReadOnlySpan<byte> from, int head, long baseUs, Span<long> ts, ref int at)
    {
        long time = unchecked(baseUs + Varint.ReadSigned(from, ref at));
        ts[0] = time;
        if (ts.Length == 1)
            return;
        long unit = ((head >> UnitShift) & 3) switch
        {
            0 => 1,
            1 => Milli,
            2 => Second,
            _ => throw new InvalidDataException("Stored points have an unknown unit of time."),
        };
        long step = Varint.ReadSigned(from, ref at);
        bool equal = (head & EqualSteps) != 0;
        time = unchecked(time + (step * unit));
        ts[1] = time;
        for (int i = 2; i < ts.Length; i++)
        {
            if (!equal)
                step = unchecked(step + Varint.ReadSigned(from, ref at));
            time = unchecked(time + (step * unit));
            ts[i] = time;
        }
    }

    private static long InUnit(long step, int unit) => unit == 0 ? step : unit == 1 ? step / Milli : step / Second;
}
