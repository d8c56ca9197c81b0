using System.Text.Json;
using System.Text.Unicode;
using EsoCore.Telemetry;
using EsoCore.Wire;
using Microsoft.Extensions.Options;

namespace EsoCore.Grains.Telemetry;

/// <summary>Opens a batch: inflates it within the budget and reads its records. Knows nothing of the device.</summary>
internal sealed class BatchDecoder(IOptions<TelemetryOptions> options, DecodeBudget budget)
{
    /// <summary>What is made of a body (texts of events, columns of points) takes at most about so many bytes for each of its own.</summary>
    private const int RetainedBytes = 2;

    private readonly TelemetryOptions _options = options.Value;

    /// <summary>Opens the batch, or says why it is refused as a whole. Dispose the opened batch when its records are no longer needed.</summary>
    internal OpenedBatch Open(BatchUpload upload)
    {
        var buffer = new DecodeBuffer(budget, _options.MaxDecodedBytes);
        DecodedBatch? batch = null;
        long retained = 0;
        try
        {
            var body = Inflate(upload, buffer);
            if (!budget.TryReserve(RetainedBytes * (long)body.Length))
                throw new DecodeLimitException(OverLimit: false);
            retained = RetainedBytes * (long)body.Length;
            if (!Utf8.IsValid(body.Span))
                throw new MalformedBatchException(ProblemCodes.BadJson, "The body is not UTF-8.");
            batch = new DecodedBatch(body);
            if (upload.Format == BatchFormat.NdJson)
                ReadLines(batch);
            else
                ReadDocument(batch);
            if (batch.BatchId is { } id && id != upload.BatchId)
                throw new MalformedBatchException(ProblemCodes.BatchIdMismatch, "batch_id of the envelope is not the Idempotency-Key.");
            return new OpenedBatch(batch, buffer, null, () => budget.Release(retained));
        }
        catch (Exception e)
        {
            batch?.Dispose();
            buffer.Dispose();
            budget.Release(retained);
            if (Refusal(e) is not { } refusal)
                throw;
            return new OpenedBatch(null, null, refusal, null);
        }
    }

    private ReadOnlyMemory<byte> Inflate(BatchUpload upload, DecodeBuffer buffer)
    {
        if (!ContentCodec.TryParse(upload.ContentEncoding, out var coding))
            throw new MalformedBatchException(ProblemCodes.UnsupportedEncoding, "The content encoding is not known.");
        if (coding != ContentCoding.Identity)
        {
            ContentCodec.Decode(coding, upload.Body, buffer);
            return buffer.Written;
        }

        return upload.Body.Length <= _options.MaxDecodedBytes ? upload.Body : throw new DecodeLimitException(OverLimit: true);
    }

    private void ReadLines(DecodedBatch batch)
    {
        var json = new Utf8JsonReader(
            batch.Body.Span, new JsonReaderOptions { MaxDepth = TelemetryOptions.MaxDepth, AllowMultipleValues = true });
        new RecordReader(batch, _options.MaxRecords, json).ReadLines();
    }

    private void ReadDocument(DecodedBatch batch)
    {
        var json = new Utf8JsonReader(batch.Body.Span, new JsonReaderOptions { MaxDepth = TelemetryOptions.MaxDepth });
        json.Read();
        if (json.TokenType == JsonTokenType.StartArray)
            json = ReadArray(batch, json);
        else if (json.TokenType == JsonTokenType.StartObject)
            ReadEnvelope(batch, ref json);
        else
            throw new MalformedBatchException(ProblemCodes.BadEnvelope, "The body is neither an array of records nor an object with records.");
        // Reads on to the end, so that whatever follows the document is an error.
        json.Read();
    }

    private Utf8JsonReader ReadArray(DecodedBatch batch, Utf8JsonReader json)
    {
        var records = new RecordReader(batch, _options.MaxRecords, json);
        records.ReadArray();
        return records.Json;
    }

    private void ReadEnvelope(DecodedBatch batch, ref Utf8JsonReader json)
    {
        var seen = false;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (NameIs(ref json, "records"u8))
            {
                json.Read();
                if (seen || json.TokenType != JsonTokenType.StartArray)
                    throw new MalformedBatchException(ProblemCodes.BadEnvelope, "records is one array.");
                seen = true;
                json = ReadArray(batch, json);
            }
            else if (NameIs(ref json, "batch_id"u8))
                batch.BatchId = ReadBatchId(ref json);
            else if (NameIs(ref json, "sent_at"u8))
                batch.SentAtUs = ReadSentAt(ref json);
            else
            {
                json.Read();
                json.Skip();
            }
        }

        if (!seen)
            throw new MalformedBatchException(ProblemCodes.BadEnvelope, "The envelope has no records.");
    }

    private static bool NameIs(ref Utf8JsonReader json, ReadOnlySpan<byte> name)
    {
        try
        {
            return json.ValueTextEquals(name);
        }
        catch (InvalidOperationException)
        {
            // A name with an unpaired surrogate is none of ours.
            return false;
        }
    }

    private static Guid? ReadBatchId(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.Null)
            return null;
        return json.TokenType == JsonTokenType.String && !json.ValueIsEscaped && json.TryGetGuid(out var id)
            ? id : throw new MalformedBatchException(ProblemCodes.BadEnvelope, "batch_id is a UUID.");
    }

    private static long? ReadSentAt(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.Null)
            return null;
        return json.TokenType == JsonTokenType.String && default(Rfc3339).TryParse(json.ValueSpan, out var us)
            ? us : throw new MalformedBatchException(ProblemCodes.BadEnvelope, "sent_at is an RFC 3339 timestamp.");
    }

    private UploadAnswer? Refusal(Exception exception) => exception switch
    {
        MalformedBatchException e => Refuse(UploadOutcome.Malformed, e.Code, e.Message),
        JsonException e => Refuse(UploadOutcome.Malformed, ProblemCodes.BadJson, $"The body is not JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine})."),
        InvalidDataException e => Refuse(UploadOutcome.Malformed, ProblemCodes.BadCompression, e.Message),
        TooManyRecordsException => Refuse(UploadOutcome.TooLarge, ProblemCodes.TooLarge, $"A batch has at most {_options.MaxRecords} records."),
        DecodeLimitException { OverLimit: true } => Refuse(
            UploadOutcome.TooLarge, ProblemCodes.TooLarge, $"A body has at most {_options.MaxDecodedBytes} bytes after decompression."),
        DecodeLimitException => Refuse(UploadOutcome.Unavailable, ProblemCodes.Unavailable, "The server is out of memory for opening batches; try again."),
        _ => null,
    };

    private static UploadAnswer Refuse(UploadOutcome outcome, string code, string detail) => new(outcome, Code: code, Detail: detail);

    private sealed class MalformedBatchException(string code, string message) : Exception(message)
    {
        internal string Code { get; } = code;
    }
}

/// <summary>An opened batch, or the refusal of the whole.</summary>
internal sealed class OpenedBatch(DecodedBatch? batch, DecodeBuffer? buffer, UploadAnswer? refusal, Action? release) : IDisposable
{
    /// <summary>The records; only when there is no <see cref="Refusal"/>.</summary>
    internal DecodedBatch Batch => batch!;

    /// <summary>Why the batch is refused, or null.</summary>
    internal UploadAnswer? Refusal { get; } = refusal;

    /// <inheritdoc/>
    public void Dispose()
    {
        batch?.Dispose();
        buffer?.Dispose();
        release?.Invoke();
    }
}
