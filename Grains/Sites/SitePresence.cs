using EsoCore.Events;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Sites;

/// <summary>How a device stands to a site.</summary>
internal enum SiteStanding : byte
{
    /// <summary>It is elsewhere.</summary>
    Away,

    /// <summary>It is at the site, and silent.</summary>
    Offline,

    /// <summary>It is at the site, and online.</summary>
    Online,
}

/// <summary>
/// The devices of a site in memory: what their rows say, and what their transitions have told since. Each tells how things stand as of a
/// twin version, so the newest alone decides. Pure.
/// </summary>
internal sealed class SitePresence(Guid projectId, string siteId)
{
    private readonly Dictionary<Guid, (long TwinVersion, SiteStanding Standing)> _devices = [];
    private int _here;
    private int _online;

    /// <summary>Devices known, those that have left included.</summary>
    public int Count => _devices.Count;

    /// <summary>Devices at the site that have ever been heard.</summary>
    public int Here => _here;

    /// <summary>Those of them that are online.</summary>
    public int Online => _online;

    /// <summary>The ids of those online, in order.</summary>
    public ImmutableArray<Guid> OnlineDevices =>
        [.. _devices.Where(d => d.Value.Standing == SiteStanding.Online).Select(d => d.Key).Order()];

    /// <summary>Whether anything is known of the device.</summary>
    public bool Knows(Guid device) => _devices.ContainsKey(device);

    /// <summary>Takes what a row says, also that of a device elsewhere: older transitions to this site may still come.</summary>
    public void Take(DevicePresence row) => Take(
        row.DeviceId, row.TwinVersion,
        row.ProjectId != projectId || row.SiteId != siteId ? SiteStanding.Away : row.Online ? SiteStanding.Online : SiteStanding.Offline);

    /// <summary>Takes what a transition tells, unless it is a repeat.</summary>
    /// <exception cref="NotSupportedException">The transition is none of a site's.</exception>
    public void Take(Transition transition) => Take(transition.DeviceId, transition.Position.TwinVersion, transition.Body switch
    {
        PresenceChanged { Online: true } => SiteStanding.Online,
        PresenceChanged => SiteStanding.Offline,
        LeftSite => SiteStanding.Away,
        var other => throw new NotSupportedException($"A site has no use for {other?.GetType().Name ?? "an empty transition"}."),
    });

    private void Take(Guid device, long twinVersion, SiteStanding standing)
    {
        var isKnown = _devices.TryGetValue(device, out var before);
        if (isKnown && twinVersion <= before.TwinVersion)
            return;
        Move(before.Standing, -1);
        Move(standing, +1);
        _devices[device] = (twinVersion, standing);
    }

    private void Move(SiteStanding standing, int step)
    {
        _here += standing != SiteStanding.Away ? step : 0;
        _online += standing == SiteStanding.Online ? step : 0;
    }
}
