using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using EsoCore.Telemetry;

namespace EsoCore.Grains.Telemetry;

/// <summary>Writes the answer to a batch. It is kept in the ledger, so a re-sent batch gets these very bytes again.</summary>
internal static class BatchAnswers
{
    /// <summary>Bytes of an answer at most: field devices have no room for more.</summary>
    internal const int MaxBytes = 2_048;

    /// <summary>Bytes that an error and the closing brackets take at most, its explanation included.</summary>
    private const int ErrorRoom = 256;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The answer's bytes; as many of the rejections as fit, by record.</summary>
    internal static byte[] Write(RecordFates fates, DecodedBatch batch, int backoffMs, FileCursor? cursor, long configVersion)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        json.WriteNumber("accepted"u8, fates.Accepted);
        json.WriteNumber("duplicates"u8, fates.Duplicates);
        json.WriteNumber("rejected"u8, batch.Rejections.Count);
        json.WriteString("next_hint"u8, $"backoff_ms: {backoffMs}");
        if (cursor is not null)
            json.WriteString("cursor"u8, $"{cursor.File}:{cursor.Offset}");
        json.WriteNumber("config_version"u8, configVersion);
        if (batch.Rejections.Count > 0)
            WriteErrors(json, batch);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteErrors(Utf8JsonWriter json, DecodedBatch batch)
    {
        json.WriteStartArray("errors"u8);
        foreach (var (record, code) in batch.Rejections)
        {
            if (json.BytesCommitted + json.BytesPending > MaxBytes - ErrorRoom)
                break;
            json.WriteStartObject();
            json.WriteNumber("index"u8, record);
            json.WriteString("code"u8, code);
            json.WriteString("detail"u8, RecordFaults.Explain(code));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
