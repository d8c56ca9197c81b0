namespace EsoCore.Telemetry;

/// <summary>How the body of a batch is laid out.</summary>
public enum BatchFormat
{
    /// <summary>A JSON array of records, or an envelope object with <c>records</c>.</summary>
    Json,

    /// <summary>One record a line (<c>application/x-ndjson</c>).</summary>
    NdJson,
}

/// <summary>One batch as the front door forwards it: verified headers and the raw body, which only the device's grain opens.</summary>
/// <param name="Call">When it came, and the nonce to use up.</param>
/// <param name="BatchId">The Idempotency-Key.</param>
/// <param name="BodyHash">SHA-256 of the body as sent: 64 lower-case hex digits, verified at the door.</param>
/// <param name="Format">The layout.</param>
/// <param name="ContentEncoding"><c>gzip</c>, <c>zstd</c>, <c>lz4</c>, or null for none.</param>
/// <param name="Body">The bytes as sent. Valid until the call's answer.</param>
/// <param name="Cursor">The upload cursor after this batch, or null.</param>
/// <param name="Correction">Set when the device asks the server to correct its timestamps.</param>
/// <param name="DeviceTime">The device's clock, from X-Timestamp, or null.</param>
[GenerateSerializer, Immutable, Alias("batch-upload")]
public sealed record BatchUpload(
    Devices.DeviceCall Call,
    Guid BatchId,
    string BodyHash,
    BatchFormat Format,
    string? ContentEncoding,
    ReadOnlyMemory<byte> Body,
    FileCursor? Cursor = null,
    CorrectionRequest? Correction = null,
    DateTimeOffset? DeviceTime = null);

/// <summary>A position in a device's files: after record <paramref name="Offset"/> of <paramref name="File"/>.</summary>
[GenerateSerializer, Immutable, Alias("file-cursor")]
public sealed record FileCursor(string File, long Offset);

/// <summary>The request to correct a device's timestamps by the measured skew.</summary>
/// <param name="Epoch">The token that the device renews at boot or when its clock steps, or null.</param>
[GenerateSerializer, Immutable, Alias("correction-request")]
public sealed record CorrectionRequest(string? Epoch);

/// <summary>How an upload ended.</summary>
public enum UploadOutcome
{
    /// <summary>Committed; the body is the answer.</summary>
    Accepted,

    /// <summary>The same batch was committed before; the body is its first answer, byte for byte.</summary>
    Replayed,

    /// <summary>The batch id was used for another body.</summary>
    IdempotencyConflict,

    /// <summary>The batch as a whole is malformed; nothing was stored.</summary>
    Malformed,

    /// <summary>The decoded batch is over a limit; nothing was stored.</summary>
    TooLarge,

    /// <summary>No such device is registered.</summary>
    UnknownDevice,

    /// <summary>The device is not claimed, or disabled.</summary>
    NotActive,

    /// <summary>The nonce was used before.</summary>
    NonceUsed,

    /// <summary>The server is out of decode memory or its storage is away; nothing was stored; try again.</summary>
    Unavailable,
}

/// <summary>The answer to an upload.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Body">The JSON answer to send (UTF-8, at most 2,048 bytes) when the outcome is Accepted or Replayed.</param>
/// <param name="Code">The problem's stable code otherwise.</param>
/// <param name="Detail">One sentence on the problem.</param>
/// <param name="Counts">What the batch held, when it was accepted now.</param>
[GenerateSerializer, Immutable, Alias("upload-answer")]
public sealed record UploadAnswer(
    UploadOutcome Outcome, ReadOnlyMemory<byte> Body = default, string? Code = null, string? Detail = null, BatchCounts? Counts = null);

/// <summary>Records of a batch by what became of them.</summary>
[GenerateSerializer, Immutable, Alias("batch-counts")]
public sealed record BatchCounts(int Accepted, int Duplicates, int Rejected, int Points);
