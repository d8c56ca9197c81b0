using EsoCore.Events;

namespace EsoCore.Grains.Sites;

/// <summary>
/// What transitions make of a device's presence at a site. Pure: every transition is absolute, so the last one alone decides.
/// </summary>
internal static class SitePresence
{
    /// <summary>The device is at the site.</summary>
    public const byte Here = 1;

    /// <summary>The device is at the site and online.</summary>
    public const byte Online = 2;

    /// <summary>The flags after a transition.</summary>
    /// <exception cref="NotSupportedException">The transition is none of a site's.</exception>
    public static byte After(TransitionBody body) => body switch
    {
        PresenceChanged { Online: true } => Here | Online,
        PresenceChanged => Here,
        LeftSite => 0,
        _ => throw new NotSupportedException($"A site has no use for {body?.GetType().Name ?? "an empty transition"}."),
    };
}
