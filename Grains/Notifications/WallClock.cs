using System.Globalization;
using EsoCore.Grains.Sites;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// Hours by the clock on the wall. A time is turned into the zone's local time and compared there, so daylight saving needs no rule of its
/// own: in the autumn the hour that comes twice counts twice, in spring the one left out never comes.
/// </summary>
internal static class WallClock
{
    private const int DayMinutes = 24 * 60;

    /// <summary>The days, as they are written.</summary>
    public static ImmutableArray<string> Days => SiteValidator.Days;

    /// <summary>Whether a time lies in weekly hours. The end does not belong to them.</summary>
    public static bool Holds(WeeklyHours hours, DateTimeOffset at)
    {
        var (local, from, to) = Local(hours.TimeZone, hours.From, hours.To, at);
        var minute = local.Hour * 60 + local.Minute;
        if (from < to)
            return minute >= from && minute < to && hours.Days.Contains(DayOf(local));
        return (minute >= from && hours.Days.Contains(DayOf(local)))
            || (minute < to && hours.Days.Contains(DayOf(local.AddDays(-1))));
    }

    /// <summary>When weekly hours that hold at this time end.</summary>
    public static DateTimeOffset EndOf(WeeklyHours hours, DateTimeOffset at)
    {
        var (local, from, to) = Local(hours.TimeZone, hours.From, hours.To, at);
        var end = local.Date.AddMinutes(to);
        return ToUtc(ZoneOf(hours.TimeZone), from < to || local.Hour * 60 + local.Minute < to ? end : end.AddDays(1));
    }

    /// <summary>When quiet hours that hold at this time end; null when they do not hold.</summary>
    public static DateTimeOffset? EndOf(PersonQuietHours hours, DateTimeOffset at)
    {
        var (local, from, to) = Local(hours.TimeZone, hours.From, hours.To, at);
        var minute = local.Hour * 60 + local.Minute;
        if (from == to)
            return null;
        var holds = from < to ? minute >= from && minute < to : minute >= from || minute < to;
        if (!holds)
            return null;
        var end = local.Date.AddMinutes(to);
        return ToUtc(ZoneOf(hours.TimeZone), minute < to ? end : end.AddDays(1));
    }

    /// <summary>Minutes since midnight, or null with a fault added.</summary>
    public static int? Time(List<FieldError> errors, string field, string? text, bool isEnd)
    {
        if (Minutes(text) is { } minutes && (isEnd || minutes < DayMinutes))
            return minutes;
        errors.Add(new FieldError(field, isEnd ? "must be a time HH:mm, at most 24:00" : "must be a time HH:mm"));
        return null;
    }

    /// <summary>Checks a time zone.</summary>
    public static void Zone(List<FieldError> errors, string field, string? zone)
    {
        if (string.IsNullOrEmpty(zone) || !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
            errors.Add(new FieldError(field, "must be an IANA time zone, e.g. Europe/Berlin or UTC"));
    }

    private static (DateTime Local, int From, int To) Local(string zone, string from, string to, DateTimeOffset at) =>
        (TimeZoneInfo.ConvertTime(at, ZoneOf(zone)).DateTime, Minutes(from) ?? 0, Minutes(to) ?? DayMinutes);

    /// <summary>A zone that this machine does not know (any more) counts as UTC: it must not stop every message.</summary>
    private static TimeZoneInfo ZoneOf(string zone) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) ? found : TimeZoneInfo.Utc;

    /// <summary>The instant of a local time; one that the change of clocks leaves out counts as the moment of the change.</summary>
    private static DateTimeOffset ToUtc(TimeZoneInfo zone, DateTime local)
    {
        while (zone.IsInvalidTime(local))
            local = local.AddMinutes(1); // An hour of them at most.
        return new DateTimeOffset(local, zone.GetUtcOffset(local)).ToUniversalTime();
    }

    private static int? Minutes(string? text) =>
        text == "24:00" ? DayMinutes
        : TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? time.Hour * 60 + time.Minute
        : null;

    private static string DayOf(DateTime local) => Days[((int)local.DayOfWeek + 6) % 7];
}
