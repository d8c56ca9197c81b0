namespace EsoCore.Events;

/// <summary>
/// A step in a device's life that concerns others. Committed with the twin, carried by a stream, confirmed by its receiver.
/// Deliveries repeat and may come late, but a receiver takes those of one device in order: each names the one before it. Those to sites and
/// liveness grains name none: each of them tells how things stand, so the newest counts and the others may be missed.
/// </summary>
/// <param name="DeviceId">The source.</param>
/// <param name="Position">Where it stands among the source's transitions.</param>
/// <param name="Previous">The position of the source's transition to the same receiver before this one, or <see cref="TransitionPosition.None"/>.</param>
/// <param name="At">When it happened (device time, corrected).</param>
/// <param name="Body">What happened.</param>
[GenerateSerializer, Immutable, Alias("transition")]
public sealed record Transition(
    Guid DeviceId, TransitionPosition Position, TransitionPosition Previous, DateTimeOffset At, TransitionBody Body);

/// <summary>Twin version and ordinal within its commit; ordered.</summary>
[GenerateSerializer, Immutable, Alias("transition-position")]
public readonly record struct TransitionPosition(long TwinVersion, int Ordinal) : IComparable<TransitionPosition>
{
    /// <summary>Before all others.</summary>
    public static TransitionPosition None { get; }

    /// <inheritdoc/>
    public int CompareTo(TransitionPosition other) =>
        TwinVersion != other.TwinVersion ? TwinVersion.CompareTo(other.TwinVersion) : Ordinal.CompareTo(other.Ordinal);
}

/// <summary>What happened.</summary>
[GenerateSerializer, Immutable, Alias("transition-body")]
[System.Text.Json.Serialization.JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(CycleOpened), "cycle_opened")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(CycleClosed), "cycle_closed")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(PresenceChanged), "presence_changed")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(LeftSite), "left_site")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(CameOnline), "came_online")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Incidents.RuleEpisode), "rule_episode")]
public abstract record TransitionBody;

/// <summary>A machine cycle began. To the asset.</summary>
[GenerateSerializer, Immutable, Alias("cycle-opened")]
public sealed record CycleOpened(string? CycleId) : TransitionBody;

/// <summary>A machine cycle ended. To the asset.</summary>
[GenerateSerializer, Immutable, Alias("cycle-closed")]
public sealed record CycleClosed(string? CycleId, double? DurationMs, double? PeakTorqueNm) : TransitionBody;

/// <summary>The device is heard at the site (online), or has fallen silent. To the site. Absolute, not a delta.</summary>
[GenerateSerializer, Immutable, Alias("presence-changed")]
public sealed record PresenceChanged(bool Online) : TransitionBody;

/// <summary>The device is heard again. To the liveness grain that watches it.</summary>
/// <param name="Due">When its silence would count, unless it is heard in between.</param>
[GenerateSerializer, Immutable, Alias("came-online")]
public sealed record CameOnline(DateTimeOffset Due) : TransitionBody;

/// <summary>The device is no longer at the site. To the site it left.</summary>
[GenerateSerializer, Immutable, Alias("left-site")]
public sealed record LeftSite : TransitionBody;

/// <summary>What a stream carries: transitions of one or several devices to one receiver, each device's in order.</summary>
[GenerateSerializer, Immutable, Alias("transition-list")]
public sealed record TransitionList(ImmutableArray<Transition> Items);

/// <summary>The names of the streams that carry transitions; the stream's key is the receiving grain's.</summary>
public static class TransitionStreams
{
    /// <summary>The stream provider.</summary>
    public const string Provider = "transitions";

    /// <summary>To asset grains, key <c>project/asset code</c>.</summary>
    public const string Assets = "asset-transitions";

    /// <summary>To site grains, key <c>project/site id</c>.</summary>
    public const string Sites = "site-transitions";

    /// <summary>To liveness grains, key: the shard's number.</summary>
    public const string Liveness = "liveness-transitions";

    /// <summary>To incident grains, key <c>project/rule/subject</c>.</summary>
    public const string Incidents = "incident-transitions";
}
