using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EsoCore.Wire;

namespace EsoCore.Device;

/// <summary>A batch as it is sent: stored before the first attempt, so that each attempt sends the same bytes under the same key.</summary>
public sealed class StoredBatch
{
    /// <summary>Idempotency-Key.</summary>
    public required Guid Id { get; init; }

    /// <summary>The card's file that the records come from.</summary>
    public required string File { get; init; }

    /// <summary>The position after the last record: with <see cref="File"/>, what X-Upload-Cursor says.</summary>
    public required long EndRecord { get; init; }

    /// <summary>The same position in bytes.</summary>
    public required long EndByte { get; init; }

    /// <summary>How many records the body holds.</summary>
    public required int Records { get; init; }

    /// <summary>Bytes before compression.</summary>
    public required int RawBytes { get; init; }

    /// <summary>How <see cref="Body"/> is compressed.</summary>
    public required ContentCoding Coding { get; init; }

    /// <summary>Newline-delimited records, compressed.</summary>
    public required byte[] Body { get; init; }

    /// <summary>Content-SHA256: of the body as sent.</summary>
    public required string Sha256Hex { get; init; }

    /// <summary>The value of X-Upload-Cursor.</summary>
    public string Cursor => $"{File}:{EndRecord}";

    internal byte[] ToFile()
    {
        var head = new PendingHead(Id, File, EndRecord, EndByte, Records, RawBytes, ContentCodec.NameOf(Coding), Sha256Hex);
        return [.. JsonSerializer.SerializeToUtf8Bytes(head, DeviceJson.Default.PendingHead), (byte)'\n', .. Body];
    }

    /// <summary>Null when the file is not whole; its records are then cut and sent anew, and the server drops repeats.</summary>
    internal static StoredBatch? FromFile(ReadOnlySpan<byte> file)
    {
        var end = file.IndexOf((byte)'\n');
        if (end < 0)
            return null;
        PendingHead? head;
        try
        {
            head = JsonSerializer.Deserialize(file[..end], DeviceJson.Default.PendingHead);
        }
        catch (JsonException)
        {
            return null;
        }

        var body = file[(end + 1)..].ToArray();
        if (head is null || !ContentCodec.TryParse(head.Coding, out var coding) || HashOf(body) != head.Sha256)
            return null;
        return new StoredBatch
        {
            Id = head.Id,
            File = head.File,
            EndRecord = head.EndRecord,
            EndByte = head.EndByte,
            Records = head.Records,
            RawBytes = head.RawBytes,
            Coding = coding,
            Body = body,
            Sha256Hex = head.Sha256,
        };
    }

    internal static string HashOf(ReadOnlySpan<byte> body) => Convert.ToHexStringLower(SHA256.HashData(body));
}

/// <summary>The first line of the file that holds a batch under way.</summary>
internal sealed record PendingHead(Guid Id, string File, long EndRecord, long EndByte, int Records, int RawBytes, string Coding, string Sha256);
