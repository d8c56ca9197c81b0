namespace EsoCore.Wire;

/// <summary>Reads RFC 3339 timestamps into microseconds since 1970; finer digits are cut off. Remembers the last date it met.</summary>
public struct Rfc3339
{
    private const long SecondUs = 1_000_000;
    private const long MinuteUs = 60 * SecondUs;

    private ulong _lastDateHead;
    private ushort _lastDateTail;
    private long _lastDateUs;

    /// <summary>Takes <c>2025-01-15T14:30:22.123Z</c> and its kin (any fraction, any offset, t and z in either case).</summary>
    /// <param name="text">The timestamp, UTF-8. A time without an offset is none.</param>
    /// <param name="us">Microseconds since the Unix epoch; may lie a day outside of what a <see cref="DateTimeOffset"/> holds.</param>
    public bool TryParse(ReadOnlySpan<byte> text, out long us)
    {
        us = 0;
        if (text.Length < 20 || !TryParseDate(text, out var dayUs) || (text[10] | 0x20) != 't' || text[13] != ':' || text[16] != ':')
            return false;
        if (!Two(text, 11, 23, out var hour) || !Two(text, 14, 59, out var minute) || !Two(text, 17, 59, out var second))
            return false;
        us = dayUs + (hour * 60L + minute) * MinuteUs + second * SecondUs;
        var i = 19;
        if (text[i] == '.')
        {
            var unit = SecondUs / 10;
            var first = ++i;
            for (; i < text.Length && (uint)(text[i] - '0') <= 9; i++, unit /= 10)
                us += (text[i] - '0') * unit;
            if (i == first)
                return false;
        }

        return TryParseOffset(text[i..], ref us);
    }

    private static bool TryParseOffset(ReadOnlySpan<byte> text, ref long us)
    {
        if (text.Length == 1)
            return (text[0] | 0x20) == 'z';
        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':')
            return false;
        if (!Two(text, 1, 23, out var hours) || !Two(text, 4, 59, out var minutes))
            return false;
        var offset = (hours * 60L + minutes) * MinuteUs;
        us += text[0] == '+' ? -offset : offset;
        return true;
    }

    private bool TryParseDate(ReadOnlySpan<byte> text, out long us)
    {
        // Most records of a batch share their date, so its ten bytes are compared before they are computed.
        var head = BitConverter.ToUInt64(text);
        var tail = BitConverter.ToUInt16(text[8..]);
        us = _lastDateUs;
        if (head == _lastDateHead && tail == _lastDateTail)
            return true;
        if (text[4] != '-' || text[7] != '-' || !Two(text, 0, 99, out var century) || !Two(text, 2, 99, out var year))
            return false;
        if (!Two(text, 5, 12, out var month) || !Two(text, 8, 31, out var day))
            return false;
        year += century * 100;
        if (year < 1 || month < 1 || day < 1 || day > DateTime.DaysInMonth(year, month))
            return false;
        us = (new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
        (_lastDateHead, _lastDateTail, _lastDateUs) = (head, tail, us);
        return true;
    }

    private static bool Two(ReadOnlySpan<byte> text, int at, int max, out int value)
    {
        var tens = (uint)(text[at] - '0');
        var ones = (uint)(text[at + 1] - '0');
        value = (int)(tens * 10 + ones);
        return tens <= 9 && ones <= 9 && value <= max;
    }
}
