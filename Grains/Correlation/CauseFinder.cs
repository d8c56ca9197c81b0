using EsoCore.Correlation;
using EsoCore.Incidents;
using EsoCore.Rules;
using EsoCore.Wire;

namespace EsoCore.Grains.Correlation;

/// <summary>
/// Who is whose consequence. A pure function of the set of incidents of one place: in whatever order they came, the same set makes the same
/// tree, and a cause that comes late takes in what was there before it.
/// </summary>
internal sealed class CauseFinder
{
    /// <summary>
    /// How much earlier than its cause a consequence may begin: clocks differ, and what follows is sometimes noticed first.
    /// </summary>
    public static readonly TimeSpan Lead = TimeSpan.FromMinutes(2);

    /// <summary>How long after its cause has ended, or was last seen, a consequence may begin.</summary>
    public static readonly TimeSpan Lag = TimeSpan.FromMinutes(10);

    /// <summary>How long a consequence is given to end after its cause before people are told of it for itself.</summary>
    public static readonly TimeSpan Aftermath = TimeSpan.FromMinutes(2);

    private readonly Dictionary<Guid, Incident> _incidents;
    private readonly Dictionary<Guid, Incident> _causes = [];
    private readonly Dictionary<Guid, int> _consequences = [];
    private readonly DateTimeOffset _now;

    private CauseFinder(IEnumerable<Incident> incidents, DateTimeOffset now) =>
        (_incidents, _now) = (incidents.ToDictionary(i => i.Id), now);

    /// <summary>The verdict of each incident.</summary>
    public static Dictionary<Guid, CauseVerdict> Judge(IEnumerable<Incident> incidents, DateTimeOffset now)
    {
        var finder = new CauseFinder(incidents, now);
        finder.FindCauses();
        return finder._incidents.Values.ToDictionary(i => i.Id, finder.VerdictOf);
    }

    private void FindCauses()
    {
        // Only those of one device, and those of the site as a whole, can have to do with each other.
        var wide = _incidents.Values.Where(IsWide).ToList();
        foreach (var device in _incidents.Values.Where(i => !IsWide(i)).GroupBy(i => i.Source.DeviceId))
        {
            List<Incident> possible = [.. device, .. wide];
            foreach (var incident in device)
            {
                if (possible.Where(c => IsCause(c, incident)).MaxBy(c => Nearness(c, incident)) is { } cause)
                    _causes[incident.Id] = cause;
            }
        }

        foreach (var incident in _incidents.Values)
        {
            foreach (var ancestor in Ancestors(incident))
                _consequences[ancestor.Id] = _consequences.GetValueOrDefault(ancestor.Id) + 1;
        }
    }

    /// <summary>Whether an incident concerns more than one device.</summary>
    public static bool IsWide(Incident incident) => SubjectKey.Parse(incident.Subject)?.Kind is SubjectKind.Site or SubjectKind.Project;

    /// <summary>
    /// The nearest: one of the device itself before one of the site, one with nothing between before others, the one furthest down the
    /// graph, the latest; the id decides the rest.
    /// </summary>
    private static (bool, bool, int, DateTimeOffset, Guid) Nearness(Incident cause, Incident effect) =>
        (!IsWide(cause), CausalGraph.CausesDirectly(cause.Cause, effect.Cause), CausalGraph.Depth(cause.Cause), cause.StartedAt, cause.Id);

    private static bool IsCause(Incident cause, Incident effect)
    {
        if (cause.Id == effect.Id)
            return false;

        // Many devices telling the same are one thing, and each one's own telling belongs to it.
        var fits = CausalGraph.Causes(cause.Cause, effect.Cause) || IsWide(cause) && cause.Cause == effect.Cause;
        return fits && IsWithin(cause, effect);
    }

    /// <summary>Whether an incident began when another could bring it about.</summary>
    public static bool IsWithin(Incident cause, Incident effect) =>
        effect.StartedAt >= cause.StartedAt - Lead && effect.StartedAt <= Until(cause);

    /// <summary>
    /// Until when what begins can be a consequence. What many devices are lost by goes on until the last of them is back, which may take
    /// days; but what begins long after the last of them was lost is trouble of its own.
    /// </summary>
    private static DateTimeOffset Until(Incident cause)
    {
        if (cause.EndedAt is null && cause.Lasts && !IsWide(cause))
            return DateTimeOffset.MaxValue;
        var last = cause.EndedAt is { } ended && ended > cause.LastAt && !IsWide(cause) ? ended : cause.LastAt;
        return last > DateTimeOffset.MaxValue - Lag ? DateTimeOffset.MaxValue : last + Lag;
    }

    /// <summary>Causes upwards. The graph has no circles; the bound only says so once more.</summary>
    private IEnumerable<Incident> Ancestors(Incident incident)
    {
        for (var i = 0; i < _incidents.Count && _causes.TryGetValue(incident.Id, out var cause); i++)
            yield return incident = cause;
    }

    private CauseVerdict VerdictOf(Incident incident)
    {
        var (isHeld, recheck) = (false, (DateTimeOffset?)null);
        foreach (var ancestor in Ancestors(incident))
        {
            if (HoldsUntil(ancestor, incident) is not { } release)
                continue;
            if (release == DateTimeOffset.MaxValue)
            {
                (isHeld, recheck) = (true, null);
                break;
            }

            if (release > _now)
                (isHeld, recheck) = (true, recheck is { } at && at > release ? at : release);
        }

        var cause = _causes.GetValueOrDefault(incident.Id);
        return new CauseVerdict(incident.Id, cause?.Id, isHeld, _consequences.GetValueOrDefault(incident.Id), recheck);
    }

    /// <summary>
    /// Until when an incident that another comes of, at any remove, keeps people from being told of that; the end of time while it goes on;
    /// null: it does not.
    /// </summary>
    public static DateTimeOffset? HoldsUntil(Incident ancestor, Incident incident)
    {
        // Danger speaks for itself where its cause is none, unless the cause is the sum of such.
        if (!IsWide(ancestor) && RankOf(incident) == Severity.Critical && RankOf(ancestor) < Severity.Critical)
            return null;

        // Nobody hears of a suppressed cause, so it can speak for nobody.
        return ancestor.Status == IncidentStatus.Suppressed ? null : ReleaseAt(ancestor) ?? DateTimeOffset.MaxValue;
    }

    /// <summary>
    /// When a cause holds back its consequences no longer; null while it goes on. One without an end of its own counts from when it was
    /// last seen: quiet may take a day to resolve it, and people may never do.
    /// </summary>
    private static DateTimeOffset? ReleaseAt(Incident cause)
    {
        var over = !cause.Lasts ? Until(cause) : cause.ResolvedAt > cause.EndedAt ? cause.ResolvedAt : cause.EndedAt;
        return over is { } at && at < DateTimeOffset.MaxValue - Aftermath ? at + Aftermath : null;
    }

    private static Severity RankOf(Incident incident) => Severities.TryParse(incident.Severity, out var rank) ? rank : Severity.Medium;
}
