using System.Buffers.Text;
using EsoCore.Grains.Storage;
using EsoCore.Wire;

namespace EsoCore.Grains.Telemetry;

/// <summary>
/// Decides what a well-formed record makes: a number a point, <c>stats</c> or <c>raw</c> a window, a known name or an event's meta an
/// event. A record with a number besides its window or event makes both; the number's series then has no meta, since an event's meta
/// differs from one to the next and would be a new series each time.
/// </summary>
internal static class RecordClassifier
{
    /// <summary>The encodings of raw samples.</summary>
    private static readonly string[] RawEncodings = ["i8", "u8", "i16le", "u16le", "i32le", "f32le", "f64le"];

    /// <summary>Adds to the batch what the record makes; the code when it is rejected.</summary>
    internal static string? Classify(DecodedBatch batch, SeriesTable table, int record, ref RecordFields fields)
    {
        if (!fields.Has(RecordField.Ts) && !fields.Has(RecordField.Timestamp))
            return RecordCodes.BadTimestamp;
        var meaning = table.Resolve(fields.Raw);
        if (meaning.Code is not null)
            return meaning.Code;
        var isWindow = fields.Stats.Length > 0 || fields.RawData.Length > 0;
        if (isWindow || meaning.IsEvent)
        {
            var code = isWindow ? AddWindow(batch, record, meaning, fields) : AddEvent(batch, record, meaning, fields);
            if (code is null && fields.HasValue)
                batch.Points.Add(CompanionSeries(batch, meaning), ~record, fields.TsUs, fields.Value);
            return code;
        }

        if (!fields.HasValue)
            return RecordCodes.MissingValue;
        if (meaning.Index < 0)
            meaning.Index = IndexOf(batch, meaning.Key);
        batch.Points.Add(meaning.Index, record, fields.TsUs, fields.Value);
        return null;
    }

    private static int CompanionSeries(DecodedBatch batch, SeriesMeaning meaning)
    {
        if (meaning.Index < 0)
            meaning.Index = IndexOf(batch, meaning.Key with { Meta = "" });
        return meaning.Index;
    }

    private static int IndexOf(DecodedBatch batch, SeriesKey key)
    {
        // Two spellings may canonicalise to one series.
        if (batch.SeriesIndex.TryGetValue(key, out var index))
            return index;
        batch.SeriesIndex.Add(key, batch.Series.Count);
        batch.Series.Add(key);
        return batch.Series.Count - 1;
    }

    private static string? AddEvent(DecodedBatch batch, int record, SeriesMeaning meaning, in RecordFields fields)
    {
        var key = meaning.Key;
        var severity = meaning.Details.Severity is { } told && Severities.TryParse(told, out var parsed)
            ? parsed : meaning.Known?.DefaultSeverity ?? Severity.Medium;
        using var hash = new BodyHash();
        hash.Add(key.Metric);
        hash.Add(key.Unit);
        hash.Add(key.Asset);
        hash.Add(key.Meta);
        hash.Add(fields.HasValue ? fields.Value : null);
        batch.Events.Add(new DecodedEvent(
            record, fields.TsUs, hash.Finish(), key.Metric, meaning.Known?.Category ?? meaning.Details.EventType,
            Severities.NameOf(severity), key.Asset, key.Meta, meaning.Details));
        return null;
    }

    private static string? AddWindow(DecodedBatch batch, int record, SeriesMeaning meaning, in RecordFields fields)
    {
        if (fields.WindowS is not > 0 || fields.Samples is < 0 || (fields.Samples is { } n && n != Math.Floor(n)))
            return RecordCodes.BadWindow;
        if (fields.Stats.Length > SeriesMeanings.MaxRawObject)
            return RecordCodes.TooLong;
        var stats = "";
        if (fields.Stats.Length > 0 && !CanonicalJson.TryObject(batch.Body.Slice(fields.Stats.Start, fields.Stats.Length), out stats, out var code))
            return code;
        string? encoding = null;
        byte[] raw = [];
        if (fields.RawData.Length > 0 && !TryReadRaw(batch.Body.Span, fields, out encoding, out raw))
            return RecordCodes.BadWindow;
        var scale = fields.Scale ?? 1;
        var key = meaning.Key;
        using var hash = new BodyHash();
        hash.Add(key.Metric);
        hash.Add(key.Unit);
        hash.Add(key.Asset);
        hash.Add(key.Meta);
        hash.Add(fields.HasValue ? fields.Value : null);
        hash.Add(fields.WindowS);
        hash.Add(stats);
        hash.Add(fields.Samples);
        hash.Add(fields.RateHz);
        hash.Add(scale);
        hash.Add(encoding ?? "");
        hash.Add(raw);
        batch.Windows.Add(new DecodedWindow(
            record, fields.TsUs, hash.Finish(), key.Metric, key.Asset, key.Meta, fields.WindowS, stats, (long?)fields.Samples,
            raw.Length > 0 ? fields.RateHz : null, encoding, scale, raw));
        return null;
    }

    private static bool TryReadRaw(ReadOnlySpan<byte> body, in RecordFields fields, out string? encoding, out byte[] raw)
    {
        raw = [];
        encoding = null;
        if (fields.RawData.Length > 2 * TelemetryOptions.MaxRawBytes || fields.Encoding.Length > TelemetryOptions.MaxNameLength)
            return false;
        if (fields.RateHz is not > 0 || !JsonStrings.TryRead(body, fields.Encoding, out var name) || !RawEncodings.Contains(name))
            return false;
        // An encoder may escape "/" as "\/", so the text is unescaped like any other string.
        if (!JsonStrings.TryRead(body, fields.RawData, out var base64) || base64.Length > (TelemetryOptions.MaxRawBytes + 2) / 3 * 4)
            return false;
        raw = new byte[Base64.GetMaxDecodedFromUtf8Length(base64.Length)];
        if (!Convert.TryFromBase64String(base64, raw, out var length) || length == 0)
            return false;
        Array.Resize(ref raw, length);
        encoding = name;
        return true;
    }
}
