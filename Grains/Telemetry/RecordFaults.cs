using EsoCore.Wire;

namespace EsoCore.Grains.Telemetry;

/// <summary>What the codes of rejected records (<see cref="RecordCodes"/>) say to a person.</summary>
internal static class RecordFaults
{
    /// <summary>One sentence a person can act on.</summary>
    internal static string Explain(string code) => code switch
    {
        RecordCodes.BadRecord => "A record is a JSON object.",
        RecordCodes.BadTimestamp => "The record needs one RFC 3339 timestamp, not before 2000-01-01 and not more than a day ahead.",
        RecordCodes.TwoTimestamps => "The record has both ts and timestamp.",
        RecordCodes.TooOld => "The record is older than the project's retention.",
        RecordCodes.MissingMetric => "The record needs a series (or metric) name.",
        RecordCodes.MissingValue => "The record has no number, no window and is no event.",
        RecordCodes.BadNumber => "A number is not a JSON number within double range, or is an integer beyond 2^53.",
        RecordCodes.BadString => "A string has U+0000 or an unpaired surrogate, or another type stands where a string belongs.",
        RecordCodes.TooLong => "A name, meta or stats is longer than its limit.",
        RecordCodes.BadMeta => "meta is a JSON object.",
        RecordCodes.BadWindow => "A window needs window_s above 0 and stats (an object), or raw (base64) with rate_hz and a known encoding.",
        RecordCodes.DuplicateProperty => "A property stands twice.",
        RecordCodes.BadChecksum => "crc32 does not match the record.",
        RecordCodes.SeriesLimit => "The device has 4,096 series already; is there a counter in meta?",
        RecordCodes.AssetLimit => "The device has named 64 assets already.",
        _ => code,
    };
}
