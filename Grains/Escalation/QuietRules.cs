using EsoCore.Escalation;
using EsoCore.Wire;

namespace EsoCore.Grains.Escalation;

/// <summary>When quiet hours hold something back. Pure.</summary>
internal static class QuietRules
{
    /// <summary>Spans looked at one after the other: those of a week that touch each other, and one.</summary>
    private const int MaxSpans = 8;

    /// <summary>When something of this severity that is due may be told: at once, or when the quiet hours end.</summary>
    public static DateTimeOffset Release(QuietHours? quiet, string severity, DateTimeOffset due)
    {
        if (quiet is null || !Waits(quiet, severity) || !ZonedTime.TryParse(quiet.From, out var from) || !ZonedTime.TryParse(quiet.To, out var to))
            return due;
        var zone = ZonedTime.Find(quiet.TimeZone);
        for (var i = 0; i < MaxSpans; i++)
        {
            if (EndOf(quiet, zone, from, to, due) is not { } end)
                break;
            due = end;
        }

        return due;
    }

    private static bool Waits(QuietHours quiet, string severity)
    {
        Severities.TryParse(severity, out var own);
        return own != Severity.Critical && Severities.TryParse(quiet.Below, out var below) && own < below;
    }

    /// <summary>The end of the span that an instant lies in, or null.</summary>
    private static DateTimeOffset? EndOf(QuietHours quiet, TimeZoneInfo zone, TimeOnly from, TimeOnly to, DateTimeOffset at)
    {
        var (day, _) = ZonedTime.ToLocal(zone, at);
        foreach (var first in new[] { day.AddDays(-1), day })
        {
            if (!quiet.Days.IsDefaultOrEmpty && !quiet.Days.Contains(ZonedTime.NameOf(first.DayOfWeek)))
                continue;
            var start = ZonedTime.ToUtc(zone, first, from);
            var end = ZonedTime.ToUtc(zone, to > from ? first : first.AddDays(1), to);
            if (start <= at && at < end)
                return end;
        }

        return null;
    }
}
