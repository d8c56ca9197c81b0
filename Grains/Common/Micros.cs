namespace EsoCore.Grains;

/// <summary>Between <see cref="DateTimeOffset"/> and microseconds since the Unix epoch, the unit of everything stored.</summary>
internal static class Micros
{
    internal static long Of(DateTimeOffset time) => (time.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    internal static DateTimeOffset ToTime(long us) =>
        new(DateTime.UnixEpoch.Ticks + us * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
}
