using EsoCore.Wire;

namespace EsoCore.Grains.Telemetry;

/// <summary>The properties of a record that mean something; both dialects' names for one thing are one field.</summary>
internal enum RecordField
{
    Unknown,
    Ts,
    Timestamp,
    Series,
    Value,
    Unit,
    Asset,
    Meta,
    WindowS,
    Stats,
    Samples,
    RateHz,
    Encoding,
    Scale,
    Raw,
    Crc32,
}

/// <summary>Names to fields, by length first: most names of a record are told apart by that alone.</summary>
internal static class RecordFieldNames
{
    internal static RecordField Find(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 => name.SequenceEqual("ts"u8) ? RecordField.Ts : RecordField.Unknown,
        3 => name.SequenceEqual("val"u8) ? RecordField.Value : name.SequenceEqual("raw"u8) ? RecordField.Raw : RecordField.Unknown,
        4 => name.SequenceEqual("unit"u8) ? RecordField.Unit : name.SequenceEqual("meta"u8) ? RecordField.Meta : RecordField.Unknown,
        5 => Five(name),
        6 => name.SequenceEqual("series"u8) || name.SequenceEqual("metric"u8) ? RecordField.Series : RecordField.Unknown,
        7 => name.SequenceEqual("rate_hz"u8) ? RecordField.RateHz
            : name.SequenceEqual("samples"u8) ? RecordField.Samples : RecordField.Unknown,
        8 => Eight(name),
        9 => name.SequenceEqual("timestamp"u8) ? RecordField.Timestamp : RecordField.Unknown,
        _ => RecordField.Unknown,
    };

    private static RecordField Five(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("value"u8) ? RecordField.Value
        : name.SequenceEqual("stats"u8) ? RecordField.Stats
        : name.SequenceEqual("scale"u8) ? RecordField.Scale
        : name.SequenceEqual("crc32"u8) ? RecordField.Crc32 : RecordField.Unknown;

    private static RecordField Eight(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("asset_id"u8) ? RecordField.Asset
        : name.SequenceEqual("window_s"u8) ? RecordField.WindowS
        : name.SequenceEqual("encoding"u8) ? RecordField.Encoding : RecordField.Unknown;
}

/// <summary>The fields of the record being read. Absent and null are the same.</summary>
internal struct RecordFields
{
    internal int Seen;
    internal string? Code;
    internal long TsUs;
    internal bool HasValue;
    internal double Value;
    internal RawSeries Raw;
    internal Slice Stats;
    internal Slice Encoding;
    internal Slice RawData;
    internal Slice Checksum;
    internal int ChecksumFrom;
    internal int ChecksumTo;
    internal double? WindowS;
    internal double? Samples;
    internal double? RateHz;
    internal double? Scale;

    internal readonly bool Has(RecordField field) => (Seen & (1 << (int)field)) != 0;

    /// <summary>Notes the field; the code of the fault when it stands twice.</summary>
    internal string? Note(RecordField field)
    {
        var twice = Has(field);
        Seen |= 1 << (int)field;
        if (Has(RecordField.Ts) && Has(RecordField.Timestamp))
            return RecordCodes.TwoTimestamps;
        return twice ? RecordCodes.DuplicateProperty : null;
    }
}
