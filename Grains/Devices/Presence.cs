using EsoCore.Events;

namespace EsoCore.Grains.Devices;

/// <summary>What the device's site must be told: whether the device is heard, and when it goes to another site.</summary>
internal static class Presence
{
    /// <summary>Whether a site must be told something.</summary>
    internal static bool IsDue(Twin twin, string? site, bool online) =>
        twin.ToldSite != site || (site is not null && twin.ToldOnline != online);

    /// <summary>Writes what is due; the twin afterwards.</summary>
    internal static Twin Tell(Twin twin, string? site, bool online, DateTimeOffset at, TransitionWriter writer)
    {
        if (!IsDue(twin, site, online))
            return twin;
        if (twin.ToldSite is { } left && left != site)
            writer.ToSite(left, at, new LeftSite());
        if (site is not null)
            writer.ToSite(site, at, new PresenceChanged(online));
        return twin with { ToldSite = site, ToldOnline = site is not null && online };
    }
}
