using System.Text.Json;
using EsoCore.Devices;
using EsoCore.Events;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Devices;

/// <summary>
/// What a device's grain holds in memory and commits: immutable, so that readers see one committed state while the next is being made.
/// Times are microseconds since the Unix epoch, <see cref="Never"/> for none. Compact on purpose, since a silo holds hundreds of thousands
/// of idle ones: what few devices have stands in <see cref="Rare"/>, and what many have alike is shared.
/// </summary>
internal sealed record Twin
{
    /// <summary>Series held; beyond, those with the oldest last value are let go of: their rows keep where they stood.</summary>
    internal const int MaxHeldSeries = 256;

    /// <summary>Files whose upload cursor is kept.</summary>
    internal const int MaxCursors = 64;

    /// <summary>No time.</summary>
    internal const long Never = long.MinValue;

    internal static Twin New { get; } = new();

    internal long Version { get; init; }

    internal long FirstSeenUs { get; init; } = Never;

    /// <summary>When the last commit heard from the device; the grain's memory may know of later calls.</summary>
    internal long LastSeenUs { get; init; } = Never;

    internal long LastBatchUs { get; init; } = Never;

    internal string? FirmwareVersion { get; init; }

    /// <summary>The configuration version that the device says it runs, or -1: what its heartbeat said, else what it last asked with.</summary>
    internal int ReportedConfigVersion { get; init; } = -1;

    /// <summary>Whether <see cref="ReportedConfigVersion"/> came by heartbeat, which then has the last word.</summary>
    internal bool ConfigVersionByHeartbeat { get; init; }

    /// <summary>In the order of their last move, oldest first.</summary>
    internal ImmutableArray<TwinCursor> Cursors { get; init; } = [];

    /// <summary>The series held.</summary>
    internal SeriesSet Series { get; init; } = SeriesSet.Empty;

    /// <summary>Where each of <see cref="Series"/> stands.</summary>
    internal ImmutableArray<SeriesStand> Stands { get; init; } = [];

    /// <summary>Series ever made; the next gets this number + 1.</summary>
    internal int SeriesCount { get; init; }

    /// <summary>Whether others were told that the device is online.</summary>
    internal bool ToldOnline { get; init; }

    /// <summary>Whether <see cref="ToldSite"/> and <see cref="ToldOnline"/> are stored beside the twin; not in its document.</summary>
    internal bool IsPresenceStored { get; init; } = true;

    /// <summary>The newest event's time: an event above it cannot be a repeat.</summary>
    internal long EventMarkUs { get; init; } = Never;

    /// <summary>The newest window's time.</summary>
    internal long WindowMarkUs { get; init; } = Never;

    internal long Batches { get; init; }

    internal long Accepted { get; init; }

    internal long Duplicates { get; init; }

    /// <summary>The site that was told of the device, or null.</summary>
    internal string? ToldSite { get; init; }

    /// <summary>The last transition sent to each receiver that takes them in order, so that the next can name it.</summary>
    internal ImmutableArray<ReceiverMark> Receivers { get; init; } = [];

    internal RareTwinParts Rare { get; init; } = RareTwinParts.None;
}

/// <summary>Parts of a twin that most devices do not have.</summary>
internal sealed record RareTwinParts
{
    internal static RareTwinParts None { get; } = new();

    internal string? ConfigError { get; init; }

    internal SdHealth? Sd { get; init; }

    internal Backlog? Backlog { get; init; }

    /// <summary>Records ever rejected.</summary>
    internal long Rejected { get; init; }

    /// <summary>Clock corrections in force, oldest first.</summary>
    internal ImmutableArray<ClockEpoch> Epochs { get; init; } = [];

    /// <summary>Used nonces that have not expired, by expiry.</summary>
    internal ImmutableArray<UsedNonce> Nonces { get; init; } = [];

    /// <summary>Asset codes ever named, sorted (ordinal).</summary>
    internal ImmutableArray<string> Assets { get; init; } = [];

    /// <summary>What the device's rules remember.</summary>
    internal RuleMemory Rules { get; init; } = RuleMemory.Empty;

    /// <summary>Fields of the stored document that a newer program wrote.</summary>
    internal Dictionary<string, JsonElement>? Unknown { get; init; }

    /// <summary>Itself, or the shared empty one when nothing is in it.</summary>
    internal RareTwinParts Shared() =>
        Rejected == 0 && ConfigError is null && Sd is null && Backlog is null && Epochs.IsEmpty && Nonces.IsEmpty && Assets.IsEmpty &&
        Rules.IsEmpty && Unknown is null ? None : this;
}

/// <summary>The record offset last committed for a file.</summary>
internal readonly record struct TwinCursor(string File, long Offset);

/// <summary>A clock correction: microseconds to add to the device's timestamps.</summary>
/// <param name="Token">The device's token of the epoch, or null for one that was measured without.</param>
internal readonly record struct ClockEpoch(string? Token, long CorrectionUs);

/// <summary>A nonce that was used: 64 bits of its SHA-256, and when it would have expired anyway.</summary>
internal readonly record struct UsedNonce(long Hash, long ExpiresUs);

/// <summary>The position of the last transition sent to one receiver.</summary>
internal readonly record struct ReceiverMark(ReceiverName Receiver, TransitionPosition Position);

/// <summary>A receiver of transitions: a stream's name and a grain's key. Shared by all devices of a site.</summary>
internal sealed record ReceiverName(string Stream, string Key);
