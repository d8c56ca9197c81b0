using System.Text;
using System.Text.Json;
using EsoCore.Wire;

namespace EsoCore.Device;

/// <summary>What the buffer reads back from the card.</summary>
public sealed partial class SdCardBuffer
{
    private const int ReadBytes = 64 * 1024;

    /// <summary>Far above what the state of a card with partly sent files takes; more is not ours.</summary>
    private const int MaxStateBytes = 1024 * 1024;

    private CardState? ReadState()
    {
        try
        {
            var bytes = ReadWhole(StateFile, MaxStateBytes);
            return bytes is null ? null : JsonSerializer.Deserialize(bytes, DeviceJson.Default.CardState);
        }
        catch (JsonException)
        {
            return null; // Everything is sent again, and the server drops the repeats.
        }
    }

    private void WriteState()
    {
        var cursors = _segments.Where(s => s.AckedBytes > 0).ToDictionary(s => s.Name, s => new CardCursor(s.AckedRecords, s.AckedBytes));
        _store.Replace(StateFile, JsonSerializer.SerializeToUtf8Bytes(new CardState(_cardId, _nextNumber, cursors), DeviceJson.Default.CardState));
    }

    private void ReadPending()
    {
        if (ReadWhole(PendingFile, int.MaxValue) is not { } bytes)
            return;
        var stored = StoredBatch.FromFile(bytes);
        var segment = _segments.Find(s => s.Name == stored?.File);
        // Without its file, a full card dropped that, or the file was through: then the server has the batch and answers as before.
        if (stored is not null && (segment is null || (stored.EndByte > segment.AckedBytes && stored.EndByte <= segment.Bytes)))
            _pending = stored;
        else
            _store.Delete(PendingFile);
    }

    /// <summary>Counts a file's records and cuts off a torn end: what follows the last line break, or a last line whose checksum does not match.</summary>
    private void Recover(CardSegment segment, long fileBytes, CardCursor? cursor)
    {
        var content = new byte[fileBytes];
        var text = content.AsSpan(0, _store.Read(segment.Name, 0, content));
        var whole = text[..(text.LastIndexOf((byte)'\n') + 1)];
        if (!whole.IsEmpty)
        {
            var lastStart = whole[..^1].LastIndexOf((byte)'\n') + 1;
            if (!IsIntact(whole[lastStart..^1]))
                whole = whole[..lastStart];
        }

        if (whole.Length < text.Length)
        {
            _corrupt++;
            _store.Truncate(segment.Name, whole.Length);
        }

        segment.Records = whole.Count((byte)'\n');
        segment.Bytes = whole.Length;
        // A cursor beyond the end belongs to a file that lost its end: sending the rest again is safe, skipping is not.
        if (cursor is not null && cursor.Bytes <= segment.Bytes && cursor.Records <= segment.Records)
            (segment.AckedRecords, segment.AckedBytes) = (cursor.Records, cursor.Bytes);
        if (!segment.HasUnsent)
        {
            _store.Delete(segment.Name);
            return;
        }

        _segments.Add(segment);
        _usedBytes += segment.Bytes;
    }

    /// <summary>Makes a batch of the next records of a file. Null when none of them is intact; the cursor has then moved past them.</summary>
    private StoredBatch? Cut(CardSegment segment, ContentCoding coding, int maxRecords)
    {
        _store.Sync(segment.Name); // What the server will have must not vanish from the card, or the cursor would point beyond the file's end.
        var limit = Math.Max(_options.MaxBatchBytes, MaxRecordBytes + ReadBytes); // A file that began with one huge record still moves on.
        var content = new byte[Math.Min(segment.Bytes - segment.AckedBytes, limit)];
        var text = content.AsSpan(0, _store.Read(segment.Name, segment.AckedBytes, content));
        var (end, taken, seen, kept) = (0, 0, 0, 0);
        while (seen < maxRecords && text[end..].IndexOf((byte)'\n') is >= 0 and var length && (kept + length < _options.MaxBatchBytes || taken == 0))
        {
            var line = text.Slice(end, length + 1);
            seen++;
            end += line.Length;
            if (IsIntact(line[..^1]))
            {
                line.CopyTo(text[kept..]); // Moves up over a record that was left out; in place otherwise.
                kept += line.Length;
                taken++;
            }
        }

        _corrupt += seen - taken;
        var (endRecord, endByte) = (segment.AckedRecords + seen, segment.AckedBytes + end);
        if (taken == 0)
        {
            // Nothing readable is left; without this the same stretch would be tried for ever.
            Move(segment, seen == 0 ? segment.Records : endRecord, seen == 0 ? segment.Bytes : endByte);
            WriteState();
            return null;
        }

        var body = ContentCodec.Encode(coding, text[..kept]);
        return new StoredBatch
        {
            Id = _options.NewId(),
            File = segment.Name,
            EndRecord = endRecord,
            EndByte = endByte,
            Records = taken,
            RawBytes = kept,
            Coding = coding,
            Body = body,
            Sha256Hex = StoredBatch.HashOf(body),
        };
    }

    private void SkipTo(CardSegment segment, long offset)
    {
        var content = new byte[segment.Bytes - segment.AckedBytes];
        var text = content.AsSpan(0, _store.Read(segment.Name, segment.AckedBytes, content));
        var bytes = 0;
        for (var record = segment.AckedRecords; record < offset; record++)
            bytes += text[bytes..].IndexOf((byte)'\n') + 1;
        var reached = segment.AckedBytes + bytes;
        if (_pending is { } pending && pending.File == segment.Name && pending.EndByte <= reached)
        {
            _pending = null; // The server has it: its answer was lost.
            _store.Delete(PendingFile);
        }

        Move(segment, offset, reached);
    }

    private string? ReadTimestamp(CardSegment segment)
    {
        Span<byte> start = stackalloc byte[512];
        var text = start[.._store.Read(segment.Name, segment.AckedBytes, start)];
        foreach (var name in (ReadOnlySpan<string>)["\"ts\":\"", "\"timestamp\":\""])
        {
            var at = text.IndexOf(Encoding.UTF8.GetBytes(name));
            if (at < 0)
                continue;
            var value = text[(at + name.Length)..];
            var end = value.IndexOf((byte)'"');
            return end < 0 ? null : Encoding.UTF8.GetString(value[..end]);
        }

        return null;
    }

    private byte[]? ReadWhole(string name, int maxBytes)
    {
        var bytes = _store.List().FirstOrDefault(f => f.Name == name).Bytes;
        if (bytes == 0 || bytes > maxBytes)
            return null;
        var content = new byte[bytes];
        return content[.._store.Read(name, 0, content)];
    }

    private static bool IsIntact(ReadOnlySpan<byte> record) => RecordChecksum.TryVerify(record, out var matches) && matches;
}
