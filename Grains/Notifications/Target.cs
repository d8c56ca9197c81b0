using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>One address behind one channel.</summary>
/// <param name="Person">Whose it is, or null.</param>
/// <param name="Channel">The channel's id.</param>
/// <param name="Kind">The channel's kind.</param>
/// <param name="To">The address; empty where the channel leads to one place.</param>
/// <param name="Quiet">When less urgent messages wait, or null.</param>
internal sealed record Target(string? Person, string Channel, string Kind, string To, PersonQuietHours? Quiet)
{
    /// <summary>What tells it from others.</summary>
    public string Key => $"{Kind}:{Channel}:{To}";
}
