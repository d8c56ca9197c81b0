using EsoCore.Escalation;
using EsoCore.Grains.Escalation;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>One address behind one channel.</summary>
/// <param name="Person">Whose it is, or null.</param>
/// <param name="Channel">The channel's id.</param>
/// <param name="Kind">The channel's kind.</param>
/// <param name="To">The address; empty where the channel leads to one place.</param>
/// <param name="Quiet">When less urgent messages to the person wait, or null.</param>
/// <param name="Duty">When less urgent messages to the schedule that led here wait, or null.</param>
internal sealed record Target(
    string? Person, string Channel, string Kind, string To, PersonQuietHours? Quiet, QuietHours? Duty = null)
{
    /// <summary>Quiet hours looked at one after the other: when the person's end, the schedule's may hold.</summary>
    private const int MaxQuiet = 8;

    /// <summary>What tells it from others.</summary>
    public string Key => $"{Kind}:{Channel}:{To}";

    /// <summary>When something of this severity may be sent there: at once, or when the quiet hours are over.</summary>
    public DateTimeOffset Release(string severity, DateTimeOffset at)
    {
        for (var i = 0; i < MaxQuiet; i++)
        {
            var waits = Quiet is not null && SeverityRank.Of(severity) < SeverityRank.Of(Quiet.Below);
            var next = QuietRules.Release(Duty, severity, waits ? WallClock.EndOf(Quiet!, at) ?? at : at);
            if (next == at)
                break;
            at = next;
        }

        return at;
    }
}
