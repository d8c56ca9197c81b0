using EsoCore.Devices;
using EsoCore.Events;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Devices;

/// <summary>
/// What others must be told of a device's presence: its site whether it is heard there, its liveness grain that there is somebody to watch.
/// What is told is stored beside the twin, in the same commit.
/// </summary>
internal static class Presence
{
    /// <summary>Whether something must be told.</summary>
    internal static bool IsDue(Twin twin, string? site, bool online) =>
        twin.ToldSite != site || twin.ToldOnline != online || !twin.IsPresenceStored;

    /// <summary>Writes what is due; the twin afterwards.</summary>
    /// <param name="deviceId">The device.</param>
    /// <param name="projectId">Its project.</param>
    /// <param name="twin">The twin so far.</param>
    /// <param name="now">How things stand: the site, whether the device is online, and since when.</param>
    /// <param name="silentAt">When the silence of an online device would count.</param>
    /// <param name="writer">The commit's transitions.</param>
    internal static Twin Tell(
        Guid deviceId, Guid projectId, Twin twin, (string? Site, bool Online, DateTimeOffset At) now, DateTimeOffset silentAt,
        TransitionWriter writer)
    {
        if (!IsDue(twin, now.Site, now.Online))
            return twin;
        var shard = LivenessShards.Of(deviceId);
        if (twin.ToldSite is { } left && left != now.Site)
            writer.ToSite(left, now.At, new LeftSite());
        if (now.Site is not null)
            writer.ToSite(now.Site, now.At, new PresenceChanged(now.Online));
        if (now.Online && !(twin.ToldOnline && twin.IsPresenceStored))
            writer.ToLiveness(shard, now.At, new CameOnline(silentAt));
        writer.Presence = new PresenceWrite(projectId, now.Site, shard, now.Online, now.At);
        return twin with { ToldSite = now.Site, ToldOnline = now.Online, IsPresenceStored = true };
    }

    /// <summary>Whether what the twin has told is stored beside it: a program that knew nothing of that may have written it last.</summary>
    internal static bool IsStored(DevicePresence? stored, string? toldSite, bool toldOnline) => stored is null
        ? toldSite is null && !toldOnline
        : stored.SiteId == toldSite && stored.Online == toldOnline;
}
