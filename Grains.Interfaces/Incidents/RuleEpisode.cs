using EsoCore.Events;

namespace EsoCore.Incidents;

/// <summary>
/// A rule's condition came to hold at a device, or no longer does. To the incident grain of (rule, subject). Absolute: an episode is told
/// anew in whole whenever something of it changes, and episodes told in any order make the same incident.
/// </summary>
/// <param name="EpisodeId">
/// Follows from device, rule, and the event or series and start: the same however often and in whatever order it is told.
/// </param>
/// <param name="RuleVersion">The version of the rule that found it.</param>
/// <param name="Start">When the condition came to hold: device time, corrected.</param>
/// <param name="End">
/// When it no longer held: the time of the restoring event, of the value that cleared it, or <paramref name="Start"/> for what is over as
/// it
/// happens (<paramref name="Lasts"/> false). Null: it still holds.
/// </param>
/// <param name="Lasts">Whether the condition has an end of its own, which resolves the incident.</param>
/// <param name="HoldFor">The incident opens only when the condition holds as long; zero: at once.</param>
/// <param name="Severity">info, low, medium, high or critical.</param>
/// <param name="Cause">What the causal graph knows it as: an event's name, or <c>device_offline</c>, <c>sync_backlog</c>, ...</param>
/// <param name="EventId">The event that began it, or null.</param>
/// <param name="Count">
/// How many events or values made it, at least 1; 0: it is withdrawn, since events that came late made it part of another episode. It then
/// ends where it starts and has yet to hold for a while, so that it counts for nothing.
/// </param>
/// <param name="Value">The number that passed a limit, or null.</param>
/// <param name="Limit">The limit, or null.</param>
/// <param name="Text">One sentence for people, with numbers and units.</param>
/// <param name="Source">Where it happened.</param>
/// <param name="Meta">The event's meta, canonical JSON; empty for none.</param>
[GenerateSerializer, Immutable, Alias("rule-episode")]
public sealed record RuleEpisode(
    Guid EpisodeId,
    long RuleVersion,
    DateTimeOffset Start,
    DateTimeOffset? End,
    bool Lasts,
    TimeSpan HoldFor,
    string Severity,
    string Cause,
    Guid? EventId,
    int Count,
    double? Value,
    double? Limit,
    string Text,
    EpisodeSource Source,
    string Meta) : TransitionBody;

/// <summary>Where an episode happened, as the device stood when it was found.</summary>
[GenerateSerializer, Immutable, Alias("episode-source")]
public sealed record EpisodeSource(Guid DeviceId, string Serial, string Model, string? FirmwareVersion, string? SiteId, string? AssetId);
