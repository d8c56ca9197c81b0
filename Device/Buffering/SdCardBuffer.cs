using System.Buffers;
using System.Text.Json;
using EsoCore.Wire;

namespace EsoCore.Device;

/// <summary>
/// Keeps records until the server has them. Records are appended to files as NDJSON, each with a <c>crc32</c>; a batch is a stretch of one
/// file, so one cursor tells its end. A file is cut at a batch's size, which makes "newest first" mean the newest batch's worth, and lets
/// a full card drop a file at a time. Safe for a thread that records beside one that uploads.
/// </summary>
/// <remarks>
/// After a power cut: a torn last record is dropped; the cursors are as last acknowledged, so at worst a batch is sent again; the batch under
/// way is still there with its key. When the cursors themselves are lost everything is sent again, and the server drops the repeats.
/// </remarks>
public sealed partial class SdCardBuffer : IDisposable
{
    /// <summary>The largest record a card takes, in bytes of JSON: a raw window of some 90,000 samples.</summary>
    public const int MaxRecordBytes = 256 * 1024;

    private const string StateFile = "card.json";
    private const string PendingFile = "pending.batch";

    private readonly Lock _gate = new();
    private readonly ICardStore _store;
    private readonly SdCardOptions _options;
    private readonly string _cardId;
    private readonly List<CardSegment> _segments = []; // By number, oldest first.
    private readonly ArrayBufferWriter<byte> _line = new(512);
    private readonly Dictionary<RecordPriority, CardSegment> _active = [];
    private StoredBatch? _pending;
    private long _nextNumber;
    private long _usedBytes;
    private long _dropped;
    private long _corrupt;
    private long _refused;

    /// <summary>Opens what is on the card, or formats an empty one.</summary>
    /// <param name="store">The card; the buffer disposes it.</param>
    /// <param name="options">Sizes; the defaults where null.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its bounds.</exception>
    public SdCardBuffer(ICardStore store, SdCardOptions? options = null)
    {
        _store = store;
        _options = options ?? new SdCardOptions();
        _options.Validate();
        var state = ReadState();
        _cardId = state?.CardId ?? _options.NewId().ToString("N")[..8];
        _nextNumber = state?.NextNumber ?? 1;
        foreach (var (name, bytes) in store.List())
        {
            if (CardSegment.FromName(name) is { } segment)
                Recover(segment, bytes, state?.Cursors.GetValueOrDefault(name));
        }

        _segments.Sort((a, b) => a.Number.CompareTo(b.Number));
        _nextNumber = Math.Max(_nextNumber, _segments.Count == 0 ? 1 : _segments[^1].Number + 1);
        ReadPending();
        WriteState();
    }

    /// <summary>What is on the card now.</summary>
    public SdCardStatus Status
    {
        get
        {
            lock (_gate)
            {
                var orphan = PendingOutlivesItsFile ? _pending : null;
                var records = _segments.Sum(s => s.Records - s.AckedRecords) + (orphan?.Records ?? 0);
                var bytes = _segments.Sum(s => s.Bytes - s.AckedBytes) + (orphan?.RawBytes ?? 0);
                return new SdCardStatus(_usedBytes, _options.MaxBytes, records, bytes, _dropped, _corrupt, _refused);
            }
        }
    }

    /// <summary>The <c>ts</c> of the oldest record not yet acknowledged, as the record tells it; null when there is none.</summary>
    public string? OldestUnsentTimestamp
    {
        get
        {
            lock (_gate)
            {
                var oldest = _segments.Find(s => s.HasUnsent);
                return oldest is null ? null : ReadTimestamp(oldest);
            }
        }
    }

    /// <summary>Stores one record.</summary>
    /// <param name="recordJson">A compact JSON object: no line break, no <c>crc32</c>; at most <see cref="MaxRecordBytes"/>.</param>
    /// <param name="priority">Critical events go to files of their own and are on the medium when this returns.</param>
    /// <exception cref="ArgumentException">The record is too long, has a line break, or does not end in a brace.</exception>
    /// <exception cref="IOException">
    /// The card is full or failed. The record is not stored, except that a critical event whose sync failed may be; the next record starts a new file.
    /// </exception>
    public void Append(ReadOnlySpan<byte> recordJson, RecordPriority priority)
    {
        if (recordJson.Length > MaxRecordBytes)
            throw new ArgumentException($"The record has {recordJson.Length} bytes, more than {MaxRecordBytes}.", nameof(recordJson));
        if (recordJson.Contains((byte)'\n'))
            throw new ArgumentException("A record must stand on one line.", nameof(recordJson));
        lock (_gate)
        {
            _line.ResetWrittenCount();
            RecordChecksum.Seal(recordJson, _line);
            _line.Write("\n"u8);
            var segment = SegmentFor(priority, _line.WrittenCount);
            try
            {
                _store.Append(segment.Name, _line.WrittenSpan);
            }
            catch
            {
                Abandon(segment);
                throw;
            }

            segment.Records++;
            segment.Bytes += _line.WrittenCount;
            _usedBytes += _line.WrittenCount;
            if (priority == RecordPriority.Critical)
                _store.Sync(segment.Name);
        }
    }

    /// <summary>
    /// The batch to send now: the one under way if it has no answer yet, else a new one, already stored. Critical events come first, then the
    /// newest file of data, then older files from the oldest on, which is the next to go should the card be full.
    /// </summary>
    /// <param name="coding">How a new batch is compressed; the one under way keeps its own.</param>
    /// <param name="maxRecords">A new batch is cut at this many records, or at the options' number if that is less.</param>
    /// <returns>Null when the server has everything.</returns>
    public StoredBatch? TakeBatch(ContentCoding coding, int maxRecords = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRecords, 1);
        lock (_gate)
        {
            while (_pending is null && NextToSend() is { } segment)
            {
                _pending = Cut(segment, coding, Math.Min(maxRecords, _options.MaxBatchRecords));
                if (_pending is not null)
                    _store.Replace(PendingFile, _pending.ToFile());
            }

            return _pending;
        }
    }

    /// <summary>Tells that the server has this batch: its cursor moves on and a file that is through is deleted.</summary>
    public void Acknowledge(StoredBatch batch)
    {
        lock (_gate)
            Finish(batch);
    }

    /// <summary>Gives up the batch's key and bytes; its records are cut anew under another key, or are dropped if a full card dropped their file meanwhile.</summary>
    public void Recut(StoredBatch batch)
    {
        lock (_gate)
        {
            if (_pending?.Id != batch.Id)
                return;
            if (PendingOutlivesItsFile)
                _dropped += batch.Records;
            _pending = null;
            _store.Delete(PendingFile);
        }
    }

    /// <summary>Passes over a batch that the server refuses for good, so that one bad stretch does not stop all that follows. Counted in <see cref="Status"/>.</summary>
    public void PassOver(StoredBatch batch)
    {
        lock (_gate)
        {
            if (Finish(batch))
                _refused += batch.Records;
        }
    }

    /// <summary>Takes over the cursors that the server told in the handshake, where they are ahead of ours (our own were lost, or an answer was).</summary>
    /// <param name="cursors">Record offset by file; files that are not on the card are ignored, as is an offset beyond a file's end.</param>
    public void AdvanceTo(IReadOnlyDictionary<string, long> cursors)
    {
        lock (_gate)
        {
            foreach (var (name, offset) in cursors)
            {
                if (_segments.Find(s => s.Name == name) is { } segment && offset > segment.AckedRecords && offset <= segment.Records)
                    SkipTo(segment, offset);
            }

            WriteState();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _store.Dispose();

    /// <summary>Whether the batch under way is all that is left of its file.</summary>
    private bool PendingOutlivesItsFile => _pending is { } pending && !_segments.Exists(s => s.Name == pending.File);

    private CardSegment? NextToSend() =>
        _segments.Find(s => s.Lane == RecordPriority.Critical && s.HasUnsent)
        ?? NewestData()
        ?? _segments.Find(s => s.HasUnsent);

    private CardSegment? NewestData() => _segments.FindLast(s => s.Lane == RecordPriority.Data) is { HasUnsent: true } newest ? newest : null;

    private CardSegment SegmentFor(RecordPriority lane, int lineBytes)
    {
        while (_usedBytes + lineBytes > _options.MaxBytes && _segments.Count > 0)
            DropOne();
        var active = _active.GetValueOrDefault(lane);
        if (active is not null && active.Bytes + lineBytes <= _options.MaxBatchBytes && active.Records < _options.MaxBatchRecords)
            return active;
        var next = new CardSegment(lane, _cardId, _nextNumber++);
        _segments.Add(next);
        _active[lane] = next;
        if (active is { HasUnsent: false })
            Remove(active);
        return next;
    }

    private void DropOne()
    {
        var victim = _segments.Find(s => s.Lane == RecordPriority.Data) ?? _segments[0];
        Remove(victim);
        // The batch under way is stored apart from its file and is still sent.
        var kept = _pending?.File == victim.Name ? _pending.EndRecord : victim.AckedRecords;
        _dropped += victim.Records - kept;
        WriteState();
    }

    /// <summary>
    /// Ends a file whose last append failed and may have left a part of a line. Nothing is added behind it any more: even if the card does not
    /// let itself be mended now, that part stays after the end that we know of, and is cut off when the card is opened again.
    /// </summary>
    private void Abandon(CardSegment segment)
    {
        _active.Remove(segment.Lane);
        if (!segment.HasUnsent)
        {
            _segments.Remove(segment);
            _usedBytes -= segment.Bytes;
        }

        try
        {
            if (segment.HasUnsent)
                _store.Truncate(segment.Name, segment.Bytes);
            else
                _store.Delete(segment.Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The caller is told of the append's failure, which is the first one.
        }
    }

    private void Remove(CardSegment segment)
    {
        _store.Delete(segment.Name);
        _segments.Remove(segment);
        _usedBytes -= segment.Bytes;
        if (_active.GetValueOrDefault(segment.Lane) == segment)
            _active.Remove(segment.Lane);
    }

    private bool Finish(StoredBatch batch)
    {
        if (_pending?.Id != batch.Id)
            return false; // Answered twice, or its file was dropped and the batch given up.
        if (_segments.Find(s => s.Name == batch.File) is { } segment && batch.EndByte > segment.AckedBytes)
            Move(segment, batch.EndRecord, batch.EndByte);
        // First the cursor, then the batch: a cut between the two leaves a batch that lies before its cursor, which opening the card recognises.
        WriteState();
        _pending = null;
        _store.Delete(PendingFile);
        return true;
    }

    private void Move(CardSegment segment, long records, long bytes)
    {
        (segment.AckedRecords, segment.AckedBytes) = (records, bytes);
        if (!segment.HasUnsent && _active.GetValueOrDefault(segment.Lane) != segment)
            Remove(segment);
    }
}
