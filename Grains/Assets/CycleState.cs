using System.Text.Json;
using System.Text.Json.Serialization;

namespace EsoCore.Grains.Assets;

/// <summary>
/// The cycles of an asset, as its transitions told them. What must still be able to change is in <see cref="Pending"/>; the rest is
/// settled.
/// </summary>
[GenerateSerializer, Immutable, Alias("cycle-state")]
internal sealed record CycleState
{
    /// <summary>No cycle yet.</summary>
    public static CycleState Empty { get; } = new();

    /// <summary>Opening events.</summary>
    [Id(0)]
    public long Opened { get; init; }

    /// <summary>Closing events.</summary>
    [Id(1)]
    public long Closed { get; init; }

    /// <summary>The latest opening.</summary>
    [Id(2)]
    public DateTimeOffset? LastOpenedAt { get; init; }

    /// <summary>The latest closing.</summary>
    [Id(3)]
    public DateTimeOffset? LastClosedAt { get; init; }

    /// <summary>The highest torque told by any closing event.</summary>
    [Id(4)]
    public double? PeakTorqueNm { get; init; }

    /// <summary>Closing events by UTC day, <c>2026-11-22</c>; the newest <see cref="CycleFold.MaxDays"/>.</summary>
    [Id(5)]
    public ImmutableSortedDictionary<string, long> ByDay { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>Closing events by ISO week, <c>2026-W47</c>; the newest <see cref="CycleFold.MaxWeeks"/>.</summary>
    [Id(6)]
    public ImmutableSortedDictionary<string, long> ByWeek { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>Durations that stand.</summary>
    [Id(7)]
    public DurationTally Settled { get; init; } = DurationTally.Empty;

    /// <summary>Events whose pairing may still change.</summary>
    [Id(8)]
    public ImmutableArray<PendingCycleEvent> Pending { get; init; } = [];

    /// <summary>Events ever taken, to number the pending ones by arrival.</summary>
    [Id(9)]
    public long Arrivals { get; init; }

    /// <summary>Fields of a newer program, carried along.</summary>
    [Id(10), JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; init; }
}

/// <summary>
/// An opening or closing event whose pairing may still change. Its names are short because up to 192 of them are written with each list.
/// </summary>
/// <param name="Arrival">Its number in the order of arrival.</param>
/// <param name="AtUs">When it happened, in microseconds since 1970.</param>
/// <param name="CycleId">The cycle's id, or empty.</param>
/// <param name="Closes">Whether it closes.</param>
/// <param name="HasDuration">Whether it told its duration, which is settled then.</param>
[GenerateSerializer, Immutable, Alias("pending-cycle-event")]
internal sealed record PendingCycleEvent(
    [property: JsonPropertyName("n")] long Arrival,
    [property: JsonPropertyName("t")] long AtUs,
    [property: JsonPropertyName("id")] string CycleId,
    [property: JsonPropertyName("c")] bool Closes,
    [property: JsonPropertyName("d")] bool HasDuration)
{
    /// <summary>Fields of a newer program, carried along.</summary>
    [Id(5), JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; init; }
}
