using System.Globalization;
using EsoCore.Sites;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>
/// The operating hours of a site in its own time zone. Hours are wall-clock times: on the day of a change to daylight saving they move
/// with the clock on the wall, and an hour that the clock shows twice is open (or closed) both times.
/// </summary>
internal sealed class OperatingHours
{
    private readonly TimeZoneInfo _zone;
    private readonly ImmutableArray<(int From, int To)>[]? _days;

    private OperatingHours(TimeZoneInfo zone, ImmutableArray<(int From, int To)>[]? days) => (_zone, _days) = (zone, days);

    /// <summary>A site without hours, or none at all, is always open.</summary>
    internal static OperatingHours Always { get; } = new(TimeZoneInfo.Utc, null);

    /// <summary>Closed at all times.</summary>
    internal static OperatingHours Never { get; } =
        new(TimeZoneInfo.Utc, [.. Enumerable.Repeat(ImmutableArray<(int From, int To)>.Empty, 7)]);

    internal static OperatingHours Of(SiteDefinition? site)
    {
        if (site?.OperatingHours is not { } hours || !TimeZoneInfo.TryFindSystemTimeZoneById(site.TimeZone, out var zone))
            return Always;
        var days = new ImmutableArray<(int From, int To)>[7];
        foreach (var day in Enum.GetValues<DayOfWeek>())
        {
            var name = day.ToString()[..3].ToLower(CultureInfo.InvariantCulture);
            days[(int)day] = hours.TryGetValue(name, out var spans) && !spans.IsDefault
                ? [.. spans.Select(span => (Minute(span.From), Minute(span.To)))] : [];
        }

        return new OperatingHours(zone, days);
    }

    /// <summary>Whether the site is open at a time.</summary>
    internal bool IsOpen(DateTimeOffset at)
    {
        if (_days is null)
            return true;
        var local = TimeZoneInfo.ConvertTime(at, _zone);
        var minute = (local.Hour * 60) + local.Minute;
        foreach (var (from, to) in _days[(int)local.DayOfWeek])
        {
            if (minute >= from && minute < to)
                return true;
        }

        return false;
    }

    private static int Minute(string text) =>
        (int.Parse(text.AsSpan(0, 2), CultureInfo.InvariantCulture) * 60) + int.Parse(text.AsSpan(3, 2), CultureInfo.InvariantCulture);
}
