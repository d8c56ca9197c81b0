using EsoCore.Devices;
using EsoCore.Events;
using EsoCore.Firmware;

namespace EsoCore.Grains.Storage;

/// <summary>Everything that one step of a device writes, all or nothing.</summary>
public sealed record DeviceCommit
{
    /// <summary>The device.</summary>
    public required Guid DeviceId { get; init; }

    /// <summary>Its internal number.</summary>
    public required long DeviceNo { get; init; }

    /// <summary>The twin version that this step was computed from; the commit loses when another stands. The new one is one more.</summary>
    public required long ExpectedVersion { get; init; }

    /// <summary>The new twin's JSON, UTF-8.</summary>
    public required ReadOnlyMemory<byte> Twin { get; init; }

    /// <summary>The ledger entry, when the step is a batch.</summary>
    public LedgerEntry? Batch { get; init; }

    /// <summary>Series first seen by this step.</summary>
    public ImmutableArray<StoredSeries> NewSeries { get; init; } = [];

    /// <summary>
    /// Series that the twin lets go of with this step (perhaps made by it): where they stand is kept in their rows, for the day they are
    /// heard of again.
    /// </summary>
    public ImmutableArray<LetGoSeries> LetGo { get; init; } = [];

    /// <summary>Points, cut so that no block spans more than one UTC day or 4,096 points.</summary>
    public ImmutableArray<PointBlock> Points { get; init; } = [];

    /// <summary>Events.</summary>
    public ImmutableArray<NewEvent> Events { get; init; } = [];

    /// <summary>Windows.</summary>
    public ImmutableArray<NewWindow> Windows { get; init; } = [];

    /// <summary>Rejected records to keep (of those, the newest 1,000 a device and 30 days stay).</summary>
    public ImmutableArray<RejectedRecord> Rejected { get; init; } = [];

    /// <summary>An entry for the firmware history.</summary>
    public FirmwareVersion? Firmware { get; init; }

    /// <summary>Transitions to deliver.</summary>
    public ImmutableArray<OutboxEntry> Outbox { get; init; } = [];

    /// <summary>What others are told of the device's presence by this step; null while that stays as it is.</summary>
    public PresenceWrite? Presence { get; init; }

    /// <summary>A changed registration: the row's version goes up by one.</summary>
    public RegistrationWrite? Registration { get; init; }

    /// <summary>About how many bytes this writes; groups of commits are cut by it.</summary>
    public int EstimatedBytes =>
        512 + Twin.Length + (Batch?.Answer.Length ?? 0) + Points.Sum(p => 16 * p.TsUs.Length) + Events.Sum(e => 256 + e.Meta.Length) +
        Windows.Sum(w => 256 + w.Stats.Length + w.Meta.Length + w.Raw.Length) + Rejected.Sum(r => 64 + r.Record.Length) +
        512 * Outbox.Length + NewSeries.Sum(s => 128 + s.Key.Metric.Length + s.Key.Meta.Length) + 32 * LetGo.Length;
}

/// <summary>A series that the twin no longer holds, and where it stood.</summary>
public sealed record LetGoSeries(int No, SeriesStand Stand);

/// <summary>How a commit ended.</summary>
public enum CommitOutcome
{
    /// <summary>Durable.</summary>
    Committed,

    /// <summary>Another twin version stands: this activation is stale and must load again. Nothing was written.</summary>
    Stale,

    /// <summary>The ledger has this batch id already; <see cref="CommitResult.Known"/> is that entry. Nothing was written.</summary>
    Replay,

    /// <summary>The registration's serial is taken. Nothing was written.</summary>
    SerialTaken,
}

/// <summary>The outcome of a commit.</summary>
public sealed record CommitResult(CommitOutcome Outcome, LedgerEntry? Known = null);

/// <summary>One batch of the ledger.</summary>
/// <param name="BodyHash">SHA-256 of the body as sent, 64 lower-case hex digits.</param>
/// <param name="Answer">The answer's JSON bytes, for a replay.</param>
public sealed record LedgerEntry(
    Guid BatchId, string BodyHash, int Accepted, int Duplicates, int Rejected, ReadOnlyMemory<byte> Answer, DateTimeOffset ReceivedAt);

/// <summary>
/// Points of several series of one UTC day: run <c>i</c> is <see cref="Counts"/>[i] points of series <see cref="SeriesNos"/>[i], the runs
/// stand one after the other in <see cref="TsUs"/> and <see cref="Values"/>; within a run times ascend.
/// </summary>
/// <param name="CorrectionUs">Microseconds added to the device's own timestamps (already contained in <paramref name="TsUs"/>).</param>
public sealed record PointBlock(
    ReadOnlyMemory<int> SeriesNos, ReadOnlyMemory<int> Counts, ReadOnlyMemory<long> TsUs, ReadOnlyMemory<double> Values, long CorrectionUs)
{
    /// <summary>Points a block or chunk holds at most.</summary>
    public const int MaxPoints = 4_096;

    /// <summary>Microseconds of a UTC day, the most that a block or chunk spans.</summary>
    public const long DayUs = 86_400_000_000;
}

/// <summary>An event to store.</summary>
public sealed record NewEvent(
    Guid Id,
    BodyKey Key,
    string EventType,
    string? Category,
    string Severity,
    string? Description,
    double? DurationMs,
    string? AssetId,
    string Meta);

/// <summary>A window to store; texts are canonical JSON, empty for none.</summary>
public sealed record NewWindow(
    BodyKey Key,
    string Metric,
    double? WindowS,
    string Stats,
    long? Samples,
    string? AssetId,
    string Meta,
    double? RateHz,
    string? Encoding,
    double Scale,
    ReadOnlyMemory<byte> Raw);

/// <summary>A rejected record to keep.</summary>
/// <param name="Record">As sent, cut at 4 KiB.</param>
public sealed record RejectedRecord(Guid BatchId, int Index, string Code, string Detail, string Record, DateTimeOffset ReceivedAt);

/// <summary>A transition and where it goes.</summary>
public sealed record OutboxEntry(string Stream, string Receiver, Transition Transition);

/// <summary>What is told of a device's presence, as it is stored beside the twin with the new twin version.</summary>
/// <param name="SiteId">The site that is told, or null when the device is at none.</param>
/// <param name="Shard">The liveness grain that watches the device.</param>
/// <param name="Since">When it came to be; what is stored stays when only the site is another.</param>
public sealed record PresenceWrite(Guid ProjectId, string? SiteId, int Shard, bool Online, DateTimeOffset Since);

/// <summary>A new registration for the device's row.</summary>
/// <param name="NewConfigOffset">The config offset that stands afterwards.</param>
public sealed record RegistrationWrite(DeviceRegistration Registration, long NewConfigOffset);
