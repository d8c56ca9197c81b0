using EsoCore.Escalation;

namespace EsoCore.Grains.Escalation;

/// <summary>Who is on duty at an instant. Pure: the schedule and the instant decide.</summary>
internal static class OnCallRules
{
    /// <summary>Ids of the people on duty, each once, in the order of the layers.</summary>
    public static ImmutableArray<string> At(OnCallSchedule schedule, DateTimeOffset at)
    {
        if (schedule.Overrides.LastOrDefault(o => o.From <= at && at < o.To) is { } standIn)
            return [standIn.Person];
        var zone = ZonedTime.Find(schedule.TimeZone);
        return [.. schedule.Layers.Select(layer => Turn(layer, zone, at)).OfType<string>().Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Whose turn it is, or null before the first.</summary>
    private static string? Turn(OnCallLayer layer, TimeZoneInfo zone, DateTimeOffset at)
    {
        if (layer.People.IsDefaultOrEmpty || !ZonedTime.TryParse(layer.HandOver, out var time))
            return null;

        // Counted in days of the wall clock, so that a day of 23 or 25 hours is one day. Around midnight and on days on which clocks are
        // set, the hand-over that counts may be that of the day before or after.
        var (day, _) = ZonedTime.ToLocal(zone, at);
        day = day.AddDays(1);
        while (ZonedTime.ToUtc(zone, day, time) > at)
            day = day.AddDays(-1);
        var days = day.DayNumber - layer.StartsOn.DayNumber;
        if (days < 0)
            return null;
        var turns = days / (layer.Unit == RotationUnit.Weekly ? 7 : 1) / Math.Max(1, layer.Every);
        return layer.People[turns % layer.People.Length];
    }
}
