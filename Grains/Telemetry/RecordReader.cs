using System.Buffers.Text;
using System.Text.Json;
using EsoCore.Wire;

namespace EsoCore.Grains.Telemetry;

/// <summary>
/// Reads records, one after the other, into a <see cref="DecodedBatch"/>. A fault of one record is noted with its code and the next is
/// read; malformed JSON throws <see cref="JsonException"/> and refuses the batch. Works on one span, allocates nothing for a plain point.
/// </summary>
internal ref struct RecordReader(DecodedBatch batch, int maxRecords, Utf8JsonReader json)
{
    /// <summary>The longest name that means something; each of its characters may be escaped in six bytes.</summary>
    private const int MaxKnownName = 9;

    private readonly ReadOnlySpan<byte> _body = batch.Body.Span;
    private readonly SeriesTable _table = new(batch.Body);
    private Utf8JsonReader _json = json;
    private Rfc3339 _clock;
    private RecordFields _fields;

    /// <summary>The reader after the records, to go on with.</summary>
    internal readonly Utf8JsonReader Json => _json;

    /// <summary>Reads to the end of the array that the reader stands at the start of.</summary>
    internal void ReadArray()
    {
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
            ReadRecord();
    }

    /// <summary>Reads to the end of the text; the reader stands before the first record.</summary>
    internal void ReadLines()
    {
        while (_json.Read())
            ReadRecord();
    }

    private void ReadRecord()
    {
        if (batch.RecordCount == maxRecords)
            throw new TooManyRecordsException();
        var record = batch.AddRecord((int)_json.TokenStartIndex);
        _fields = default;
        if (_json.TokenType == JsonTokenType.StartObject)
        {
            while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
                ReadField();
        }
        else
        {
            _json.Skip();
            _fields.Code = RecordCodes.BadRecord;
        }

        batch.EndRecord(record, (int)_json.BytesConsumed);
        if (_fields.Code is null && _fields.Has(RecordField.Crc32) && !ChecksumMatches(record))
            _fields.Code = RecordCodes.BadChecksum;
        var code = _fields.Code ?? RecordClassifier.Classify(batch, _table, record, ref _fields);
        if (code is not null)
            batch.Rejections.Add((record, code));
    }

    private void ReadField()
    {
        var field = RecordField.Unknown;
        if (!_json.ValueIsEscaped)
            field = RecordFieldNames.Find(_json.ValueSpan);
        else if (!TryFindEscaped(out field))
            _fields.Code ??= RecordCodes.BadString;
        var nameStart = (int)_json.TokenStartIndex;
        _json.Read();
        if (field == RecordField.Unknown)
        {
            _json.Skip();
            return;
        }

        var code = _fields.Note(field) ?? ReadValue(field);
        if (field == RecordField.Crc32)
            (_fields.ChecksumFrom, _fields.ChecksumTo) = (nameStart, (int)_json.BytesConsumed);
        // A container that was not read through must be, whatever is wrong with it.
        _json.Skip();
        _fields.Code ??= code;
    }

    /// <summary>False: the name has an unpaired surrogate, which the framework says by throwing.</summary>
    private readonly bool TryFindEscaped(out RecordField field)
    {
        Span<byte> name = stackalloc byte[64];
        field = RecordField.Unknown;
        try
        {
            // No name that means something is longer than this, however it is escaped.
            if (_json.ValueSpan.Length <= 6 * MaxKnownName)
                field = RecordFieldNames.Find(name[.._json.CopyString(name)]);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private string? ReadValue(RecordField field)
    {
        switch (field)
        {
            case RecordField.Ts or RecordField.Timestamp:
                return _json.TokenType == JsonTokenType.String && _clock.TryParse(_json.ValueSpan, out _fields.TsUs)
                    ? null : RecordCodes.BadTimestamp;
            case RecordField.Value:
                return ReadPointValue();
            case RecordField.Series:
                return ReadString(out _fields.Raw, _fields.Raw with { Name = CurrentString() });
            case RecordField.Unit:
                return ReadString(out _fields.Raw, _fields.Raw with { Unit = CurrentString() });
            case RecordField.Asset:
                return ReadString(out _fields.Raw, _fields.Raw with { Asset = CurrentString() });
            case RecordField.Meta:
                return ReadObject(RecordCodes.BadMeta, out var meta) ?? Keep(out _fields.Raw, _fields.Raw with { Meta = meta });
            case RecordField.Stats:
                return ReadObject(RecordCodes.BadWindow, out _fields.Stats);
            case RecordField.Encoding:
                return ReadString(out _fields.Encoding, CurrentString());
            case RecordField.Raw:
                return ReadString(out _fields.RawData, CurrentString());
            case RecordField.WindowS:
                return ReadNumber(out _fields.WindowS);
            case RecordField.Samples:
                return ReadNumber(out _fields.Samples);
            case RecordField.RateHz:
                return ReadNumber(out _fields.RateHz);
            case RecordField.Scale:
                return ReadNumber(out _fields.Scale);
            default:
                _fields.Checksum = CurrentString();
                return _json.TokenType == JsonTokenType.String ? null : RecordCodes.BadChecksum;
        }
    }

    private readonly bool ChecksumMatches(int record)
    {
        var start = batch.RecordStart(record);
        var text = _fields.Checksum.Of(_body);
        return text.Length == 8 && Utf8Parser.TryParse(text, out uint told, out var consumed, 'x') && consumed == 8 &&
            RecordChecksum.ComputeWithout(batch.RecordBytes(record).Span, _fields.ChecksumFrom - start, _fields.ChecksumTo - start) == told;
    }

    private string? ReadPointValue()
    {
        if (_json.TokenType == JsonTokenType.Null)
            return null;
        _fields.HasValue = true;
        return _json.TokenType == JsonTokenType.Number && JsonNumbers.TryParse(_json.ValueSpan, out _fields.Value)
            ? null : RecordCodes.BadNumber;
    }

    private readonly Slice CurrentString() => _json.TokenType == JsonTokenType.String
        ? new Slice((int)_json.TokenStartIndex + 1, _json.ValueSpan.Length, _json.ValueIsEscaped) : default;

    private readonly string? ReadString<T>(out T kept, T value)
    {
        kept = value;
        return _json.TokenType is JsonTokenType.String or JsonTokenType.Null ? null : RecordCodes.BadString;
    }

    private static string? Keep<T>(out T kept, T value)
    {
        kept = value;
        return null;
    }

    private string? ReadObject(string otherwise, out Slice slice)
    {
        slice = default;
        if (_json.TokenType == JsonTokenType.Null)
            return null;
        if (_json.TokenType != JsonTokenType.StartObject)
            return otherwise;
        var start = (int)_json.TokenStartIndex;
        _json.Skip();
        slice = new Slice(start, (int)_json.BytesConsumed - start, Escaped: false);
        return null;
    }

    private readonly string? ReadNumber(out double? number)
    {
        number = null;
        if (_json.TokenType == JsonTokenType.Null)
            return null;
        if (_json.TokenType != JsonTokenType.Number || !JsonNumbers.TryParse(_json.ValueSpan, out var value))
            return RecordCodes.BadNumber;
        number = value;
        return null;
    }
}

/// <summary>The batch has more records than <see cref="TelemetryOptions.MaxRecords"/>.</summary>
internal sealed class TooManyRecordsException : Exception;
