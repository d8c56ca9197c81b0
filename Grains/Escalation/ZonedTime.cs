using System.Globalization;

namespace EsoCore.Grains.Escalation;

/// <summary>Wall clocks: where a day's time stands in UTC, also on days on which clocks are set.</summary>
internal static class ZonedTime
{
    /// <summary>
    /// The instant of a wall clock's time. One that comes twice is its first; one that is left out is as much later as the clocks are set on.
    /// </summary>
    public static DateTimeOffset ToUtc(TimeZoneInfo zone, DateOnly day, TimeOnly time)
    {
        var local = day.ToDateTime(time, DateTimeKind.Unspecified);
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max()
            : zone.IsInvalidTime(local) ? zone.GetUtcOffset(local.AddHours(-3))
            : zone.GetUtcOffset(local);
        return new DateTimeOffset(DateTime.SpecifyKind(local - offset, DateTimeKind.Utc));
    }

    /// <summary>The wall clock's day and time at an instant.</summary>
    public static (DateOnly Day, TimeOnly Time) ToLocal(TimeZoneInfo zone, DateTimeOffset at)
    {
        var local = TimeZoneInfo.ConvertTime(at, zone).DateTime;
        return (DateOnly.FromDateTime(local), TimeOnly.FromDateTime(local));
    }

    /// <summary>A time of day, <c>HH:mm</c>.</summary>
    public static bool TryParse(string? text, out TimeOnly time) =>
        TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out time);

    /// <summary>The zone of that IANA name; UTC for one that this machine does not know, which a document checked elsewhere may name.</summary>
    public static TimeZoneInfo Find(string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : TimeZoneInfo.Utc;

    /// <summary>The short name of a weekday, <c>mon</c> to <c>sun</c>.</summary>
    public static string NameOf(DayOfWeek day) => day.ToString()[..3].ToLower(CultureInfo.InvariantCulture);
}
