using System.Globalization;
using EsoCore.Telemetry;
using EsoCore.Wire;
using Microsoft.Net.Http.Headers;

namespace EsoCore.Api;

/// <summary>The headers of one batch, read and found good.</summary>
internal sealed record BatchHeaders(
    DeviceHeaders Device, Guid BatchId, string BodyHash, BatchFormat Format, string? ContentEncoding, FileCursor? Cursor, CorrectionRequest? Correction)
{
    /// <summary>Characters of a file's name in X-Upload-Cursor.</summary>
    public const int MaxFileLength = 96;

    /// <summary>Characters of an epoch token in X-Time-Correction.</summary>
    public const int MaxEpochLength = 64;

    /// <summary>Reads them all; on a fault the answer names every fault of its kind (400 first, then 415).</summary>
    public static (BatchHeaders? Headers, Problem? Problem) Read(HttpRequest request)
    {
        var reader = new HeaderReader(request.Headers);
        var device = DeviceHeaders.Read(reader);
        var batchId = ReadBatchId(reader);
        var hash = ReadHash(reader);
        var cursor = ReadCursor(reader);
        var correction = ReadCorrection(reader);
        if (reader.Problem() is { } faulty)
            return (null, faulty);
        if (ReadFormat(request.ContentType) is not { } format)
            return (null, new Problem(415, ProblemCodes.UnsupportedMediaType, "The media type must be application/json or application/x-ndjson, in UTF-8."));
        if (!ContentCodec.TryParse(request.Headers.ContentEncoding.ToString(), out var coding))
            return (null, new Problem(415, ProblemCodes.UnsupportedEncoding, "The encoding must be gzip, zstd, lz4 or none."));
        if (!ContentCodec.IsAvailable(coding))
            return (null, new Problem(415, ProblemCodes.UnsupportedEncoding, $"This server lacks the library for {ContentCodec.NameOf(coding)}."));
        return (new BatchHeaders(device, batchId, hash, format, coding == ContentCoding.Identity ? null : ContentCodec.NameOf(coding), cursor, correction), null);
    }

    private static Guid ReadBatchId(HeaderReader headers)
    {
        var id = Guid.Empty;
        if (headers.One(WireHeaders.IdempotencyKey) is not { } text)
            headers.Missing(WireHeaders.IdempotencyKey, "the batch id, a UUID");
        else if (!Guid.TryParseExact(text, "D", out id))
            headers.Malformed(WireHeaders.IdempotencyKey, "must be a UUID, 8-4-4-4-12 hex digits");
        return id;
    }

    private static string ReadHash(HeaderReader headers)
    {
        if (headers.One(WireHeaders.ContentSha256) is not { } text)
            headers.Missing(WireHeaders.ContentSha256, "hex SHA-256 of the body as sent");
        else if (text.Length == 64 && text.All(char.IsAsciiHexDigit))
            return text.ToLowerInvariant();
        else
            headers.Malformed(WireHeaders.ContentSha256, "must be 64 hex digits");
        return "";
    }

    private static FileCursor? ReadCursor(HeaderReader headers)
    {
        if (headers.One(WireHeaders.UploadCursor) is not { } text)
            return null;
        var colon = text.LastIndexOf(':'); // A file's name may contain one itself.
        if (colon is > 0 and <= MaxFileLength
            && !text.AsSpan(0, colon).ContainsAnyExceptInRange(' ', '~')
            && long.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
            return new FileCursor(text[..colon], offset);
        headers.Malformed(WireHeaders.UploadCursor, $"must be <file>:<record offset>, the file of 1 to {MaxFileLength} printable ASCII characters");
        return null;
    }

    private static CorrectionRequest? ReadCorrection(HeaderReader headers)
    {
        if (headers.One(WireHeaders.TimeCorrection) is not { } text)
            return null;
        var parts = text.Split(';', 2, StringSplitOptions.TrimEntries);
        if (parts[0] == "server" && parts.Length == 1)
            return new CorrectionRequest(null);
        if (parts[0] == "server" && parts[1].StartsWith("epoch=", StringComparison.Ordinal)
            && parts[1].Length - 6 is > 0 and <= MaxEpochLength
            && !parts[1].AsSpan(6).ContainsAnyExceptInRange('!', '~'))
            return new CorrectionRequest(parts[1][6..]);
        headers.Malformed(WireHeaders.TimeCorrection, $"must be \"server\" or \"server; epoch=<1 to {MaxEpochLength} printable characters>\"");
        return null;
    }

    private static BatchFormat? ReadFormat(string? contentType)
    {
        if (string.IsNullOrWhiteSpace(contentType))
            return BatchFormat.Json;
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type)
            || (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                && !type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase)))
            return null;
        return type.MediaType.Value?.ToLowerInvariant() switch
        {
            "application/json" => BatchFormat.Json,
            "application/x-ndjson" or "application/ndjson" => BatchFormat.NdJson,
            _ => null,
        };
    }
}
