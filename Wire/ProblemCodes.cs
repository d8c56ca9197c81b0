namespace EsoCore.Wire;

/// <summary>The stable <c>code</c> of a refused request (<c>application/problem+json</c>).</summary>
public static class ProblemCodes
{
    /// <summary>400: a required header is missing.</summary>
    public const string MissingHeader = "missing_header";

    /// <summary>400: a header is present but cannot be read.</summary>
    public const string MalformedHeader = "malformed_header";

    /// <summary>400: Content-SHA256 is not the hash of the body that arrived.</summary>
    public const string HashMismatch = "hash_mismatch";

    /// <summary>400: the body does not decompress cleanly to its end.</summary>
    public const string BadCompression = "bad_compression";

    /// <summary>400: the body is not the JSON that the route takes.</summary>
    public const string BadJson = "bad_json";

    /// <summary>400: the body is JSON, but neither an array of records nor an envelope with one.</summary>
    public const string BadEnvelope = "bad_envelope";

    /// <summary>400: the envelope's batch_id differs from Idempotency-Key.</summary>
    public const string BatchIdMismatch = "batch_id_mismatch";

    /// <summary>400: a correction of times was asked for, but the request tells no device time.</summary>
    public const string NoDeviceTime = "no_device_time";

    /// <summary>400: a field of the request has a value that the route does not take.</summary>
    public const string BadRequest = "bad_request";

    /// <summary>401: unknown device, wrong or revoked secret; deliberately not told apart.</summary>
    public const string Unauthorized = "unauthorized";

    /// <summary>401: the signature does not match the request.</summary>
    public const string BadSignature = "bad_signature";

    /// <summary>401: the nonce is not ours, is older than 5 minutes, or was used before.</summary>
    public const string BadNonce = "bad_nonce";

    /// <summary>401: X-Timestamp is more than 2 minutes off; the answer tells the server's time.</summary>
    public const string ClockSkew = "clock_skew";

    /// <summary>403: the device is known but not claimed.</summary>
    public const string DeviceNotClaimed = "device_not_claimed";

    /// <summary>403: the device is disabled.</summary>
    public const string DeviceDisabled = "device_disabled";

    /// <summary>403: the key is good, but not for this.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>404: nothing of that name in the caller's reach.</summary>
    public const string NotFound = "not_found";

    /// <summary>409: the batch id was used for another body.</summary>
    public const string IdempotencyConflict = "idempotency_conflict";

    /// <summary>413: over the limit of bytes as sent, bytes decompressed, or records.</summary>
    public const string TooLarge = "too_large";

    /// <summary>415: a content encoding that is unknown, or whose library this machine lacks.</summary>
    public const string UnsupportedEncoding = "unsupported_encoding";

    /// <summary>415: a media type that the route does not take.</summary>
    public const string UnsupportedMediaType = "unsupported_media_type";

    /// <summary>429: over the rate of this device, key or address.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>503: the server is over its budget, in maintenance mode, or its storage is away.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>500: our fault; the batch may or may not be stored, the same key and body get the true answer.</summary>
    public const string Internal = "internal";
}

/// <summary>The stable <c>code</c> of a rejected record, in <c>errors</c> of a batch's answer.</summary>
public static class RecordCodes
{
    /// <summary>The record is not a JSON object, or a field has the wrong type.</summary>
    public const string BadRecord = "bad_record";

    /// <summary>Neither number, statistics, raw window nor event.</summary>
    public const string MissingValue = "missing_value";

    /// <summary>Neither <c>series</c> nor <c>metric</c>.</summary>
    public const string MissingMetric = "missing_metric";

    /// <summary>Both <c>ts</c> and <c>timestamp</c>.</summary>
    public const string TwoTimestamps = "two_timestamps";

    /// <summary>No timestamp, before 2000-01-01, or more than a day ahead.</summary>
    public const string BadTimestamp = "bad_timestamp";

    /// <summary>Older than the project's retention.</summary>
    public const string TooOld = "too_old";

    /// <summary>A number outside double range, or an integer beyond 2^53.</summary>
    public const string BadNumber = "bad_number";

    /// <summary>A string with U+0000 or an unpaired surrogate.</summary>
    public const string BadString = "bad_string";

    /// <summary>A name, <c>meta</c> or <c>stats</c> is longer than its limit.</summary>
    public const string TooLong = "too_long";

    /// <summary><c>meta</c> is not an object.</summary>
    public const string BadMeta = "bad_meta";

    /// <summary>A property that means something stands twice.</summary>
    public const string DuplicateProperty = "duplicate_property";

    /// <summary>The record's <c>crc32</c> does not match its text.</summary>
    public const string BadChecksum = "bad_crc32";

    /// <summary>A statistics or raw window whose fields contradict each other.</summary>
    public const string BadWindow = "bad_window";

    /// <summary>The device would exceed its 4,096 series.</summary>
    public const string SeriesLimit = "series_limit";

    /// <summary>The device would exceed its 64 asset codes.</summary>
    public const string AssetLimit = "asset_limit";
}
