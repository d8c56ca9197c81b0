using EsoCore.Wire;

namespace EsoCore.Device;

/// <summary>How much a card holds and how its files and batches are cut.</summary>
public sealed record SdCardOptions
{
    /// <summary>8 GiB: 30 days of 15 records a second at 200 bytes each.</summary>
    public const long DefaultMaxBytes = 8L * 1024 * 1024 * 1024;

    /// <summary>
    /// The most bytes of records kept. When a record would exceed it, whole files go: the oldest data first, critical events only when no
    /// data is left. At least two files' worth, so that there is always one to drop.
    /// </summary>
    public long MaxBytes { get; init; } = DefaultMaxBytes;

    /// <summary>A file is closed, and a batch is cut, at this many bytes of records; 1,000,000 by default.</summary>
    public int MaxBatchBytes { get; init; } = BatchLimits.MaxBytesPerDeviceBatch;

    /// <summary>A file is closed, and a batch is cut, at this many records; 5,000 by default.</summary>
    public int MaxBatchRecords { get; init; } = BatchLimits.MaxRecordsPerDeviceBatch;

    /// <summary>Makes batch ids and the card's id; replaced where a run must be repeatable.</summary>
    public Func<Guid> NewId { get; init; } = Guid.NewGuid;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBatchBytes, 1_000, nameof(MaxBatchBytes));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBatchRecords, 1, nameof(MaxBatchRecords));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBytes, 2L * MaxBatchBytes, nameof(MaxBytes));
    }
}

/// <summary>Which records leave a card first.</summary>
public enum RecordPriority
{
    /// <summary>Measurements and everyday events: the newest file first, then what is left of older ones.</summary>
    Data,

    /// <summary>Events that must not wait behind data; they stay on a full card the longest.</summary>
    Critical,
}

/// <summary>What is on a card.</summary>
/// <param name="UsedBytes">Bytes of records on the card.</param>
/// <param name="TotalBytes">The bytes of records it may hold.</param>
/// <param name="BacklogRecords">Records not yet acknowledged.</param>
/// <param name="BacklogBytes">Their bytes.</param>
/// <param name="DroppedRecords">Records lost because the card was full, since it was opened.</param>
/// <param name="CorruptRecords">Records left out because their checksum did not match, and torn ends, since it was opened.</param>
/// <param name="RefusedRecords">Records passed over because the server would not take their batch, since it was opened.</param>
public readonly record struct SdCardStatus(
    long UsedBytes, long TotalBytes, long BacklogRecords, long BacklogBytes, long DroppedRecords, long CorruptRecords, long RefusedRecords);
