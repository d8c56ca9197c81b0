namespace EsoCore.Silo.Storage;

/// <summary>Times as stored: whole microseconds since the Unix epoch.</summary>
internal static class Micros
{
    /// <summary>Microseconds of a UTC day.</summary>
    public const long Day = Grains.Storage.PointBlock.DayUs;

    /// <summary>The time, rounded down to a whole microsecond.</summary>
    public static long From(DateTimeOffset time) =>
        Math.DivRem(time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks, TimeSpan.TicksPerMicrosecond) is var (quotient, rest) && rest < 0
            ? quotient - 1
            : quotient;

    /// <summary>The time, rounded up to a whole microsecond.</summary>
    public static long Ceiling(DateTimeOffset time) =>
        From(time.AddTicks(Math.Min(TimeSpan.TicksPerMicrosecond - 1, DateTime.MaxValue.Ticks - time.UtcTicks)));

    /// <summary>The time of a stored number; numbers beyond the calendar come out as its ends.</summary>
    public static DateTimeOffset ToTime(long us) =>
        us <= Min ? DateTimeOffset.MinValue
        : us >= Max ? DateTimeOffset.MaxValue
        : DateTimeOffset.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond);

    /// <summary>The start of the UTC day that a time lies in.</summary>
    public static long DayOf(long us) => us - (((us % Day) + Day) % Day);

    private static readonly long Min = From(DateTimeOffset.MinValue);
    private static readonly long Max = From(DateTimeOffset.MaxValue);
}
