namespace EsoCore.Device;

/// <summary>What became of one attempt to send a batch.</summary>
public enum UploadOutcome
{
    /// <summary>The server has the batch.</summary>
    Accepted,

    /// <summary>The server had the batch already and gave its first answer again.</summary>
    Replayed,

    /// <summary>The server or this device's allowance is over its rate (429): try again later.</summary>
    RateLimited,

    /// <summary>Maintenance, or storage away (503): try again later.</summary>
    Unavailable,

    /// <summary>Another 5xx; the batch may be stored: the same bytes under the same key get the true answer.</summary>
    ServerError,

    /// <summary>No answer, or none of this protocol, such as a proxy's 4xx without a documented code: the batch may be stored.</summary>
    NetworkError,

    /// <summary>401 or 403: the batch stays until the device may speak again.</summary>
    Unauthorized,

    /// <summary>401 with code clock_skew: the device's clock is wrong, a nonce is needed.</summary>
    ClockSkew,

    /// <summary>409 with its code: this key was used for other bytes; a new key is needed.</summary>
    Conflict,

    /// <summary>413, of the server or of a proxy before it: cut smaller batches.</summary>
    TooLarge,

    /// <summary>415 with its code: use another encoding.</summary>
    UnsupportedEncoding,

    /// <summary>400 with a documented code: these bytes will never be taken.</summary>
    Refused,
}

/// <summary>The typed answer to one attempt.</summary>
public sealed record UploadResult
{
    /// <summary>What became of it.</summary>
    public required UploadOutcome Outcome { get; init; }

    /// <summary>The HTTP status; 0 without an answer.</summary>
    public int Status { get; init; }

    /// <summary>From the first byte sent to the last byte of the answer.</summary>
    public TimeSpan Took { get; init; }

    /// <summary>Records newly stored.</summary>
    public int Accepted { get; init; }

    /// <summary>Records the server had already.</summary>
    public int Duplicates { get; init; }

    /// <summary>Records it will not store.</summary>
    public int Rejected { get; init; }

    /// <summary>How long the server asks to wait (next_hint, Retry-After, whichever is longer); zero means go on.</summary>
    public TimeSpan Backoff { get; init; }

    /// <summary>The configuration's version at the server; null when the answer tells none.</summary>
    public long? ConfigVersion { get; init; }

    /// <summary>The stable code of a refusal.</summary>
    public string? Code { get; init; }

    /// <summary>A sentence for a log: the problem's detail, or the network's error.</summary>
    public string? Detail { get; init; }

    /// <summary>Rejected records, as many as fitted into the answer.</summary>
    public IReadOnlyList<RecordError> Errors { get; init; } = [];

    /// <summary>Whether the batch is answered: it need not be sent again.</summary>
    public bool IsTaken => Outcome is UploadOutcome.Accepted or UploadOutcome.Replayed;
}

/// <summary>Why one record of a batch was rejected.</summary>
/// <param name="Index">Its place in the batch, from 0.</param>
/// <param name="Code">The stable code.</param>
/// <param name="Detail">A sentence.</param>
public sealed record RecordError(int Index, string Code, string? Detail);
