namespace EsoCore.Grains.Telemetry;

/// <summary>Why a single record was rejected: the stable codes of <c>errors[].code</c>.</summary>
internal static class RejectionCodes
{
    internal const string BadRecord = "bad_record";
    internal const string BadTimestamp = "bad_timestamp";
    internal const string TwoTimestamps = "two_timestamps";
    internal const string TooOld = "too_old";
    internal const string MissingSeries = "missing_series";
    internal const string MissingValue = "missing_value";
    internal const string BadNumber = "bad_number";
    internal const string BadString = "bad_string";
    internal const string TooLong = "too_long";
    internal const string BadMeta = "bad_meta";
    internal const string BadWindow = "bad_window";
    internal const string DuplicateProperty = "duplicate_property";
    internal const string BadChecksum = "bad_checksum";
    internal const string SeriesLimit = "series_limit";
    internal const string AssetLimit = "asset_limit";

    /// <summary>One sentence a person can act on.</summary>
    internal static string Explain(string code) => code switch
    {
        BadRecord => "A record is a JSON object.",
        BadTimestamp => "The record needs one RFC 3339 timestamp, not before 2000-01-01 and not more than a day ahead.",
        TwoTimestamps => "The record has both ts and timestamp.",
        TooOld => "The record is older than the project's retention.",
        MissingSeries => "The record needs a series (or metric) name.",
        MissingValue => "The record has no number, no window and is no event.",
        BadNumber => "A number is not a JSON number within double range, or is an integer beyond 2^53.",
        BadString => "A string has U+0000 or an unpaired surrogate, or another type stands where a string belongs.",
        TooLong => "A name, meta or stats is longer than its limit.",
        BadMeta => "meta is a JSON object.",
        BadWindow => "A window needs window_s above 0 and stats (an object), or raw (base64) with rate_hz and a known encoding.",
        DuplicateProperty => "A property stands twice.",
        BadChecksum => "crc32 does not match the record.",
        SeriesLimit => "The device has 4,096 series already; is there a counter in meta?",
        AssetLimit => "The device has named 64 assets already.",
        _ => code,
    };
}
