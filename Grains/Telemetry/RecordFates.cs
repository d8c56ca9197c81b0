using System.Buffers;

namespace EsoCore.Grains.Telemetry;

/// <summary>What becomes of each record of a batch: it starts as accepted, and may end as a duplicate or rejected.</summary>
internal sealed class RecordFates : IDisposable
{
    private readonly DecodedBatch _batch;
    private readonly byte[] _fates;

    internal RecordFates(DecodedBatch batch)
    {
        _batch = batch;
        _fates = ArrayPool<byte>.Shared.Rent(Math.Max(1, batch.RecordCount));
        _fates.AsSpan(0, batch.RecordCount).Clear();
        foreach (var (record, _) in batch.Rejections)
            _fates[record] = (byte)Fate.Rejected;
    }

    private enum Fate : byte
    {
        Accepted,
        Duplicate,
        Rejected,
    }

    internal int Duplicates { get; private set; }

    internal int Accepted => _batch.RecordCount - Duplicates - _batch.Rejections.Count;

    /// <summary>Whether the record (or its complement) is accepted so far.</summary>
    internal bool IsIn(int record) => _fates[record < 0 ? ~record : record] == (byte)Fate.Accepted;

    internal void Reject(int record, string code)
    {
        record = record < 0 ? ~record : record;
        if (_fates[record] != (byte)Fate.Accepted)
            return;
        _fates[record] = (byte)Fate.Rejected;
        _batch.Rejections.Add((record, code));
    }

    internal void MarkDuplicate(int record)
    {
        if (_fates[record] != (byte)Fate.Accepted)
            return;
        _fates[record] = (byte)Fate.Duplicate;
        Duplicates++;
    }

    /// <summary>Takes a point out; its record becomes a duplicate unless an event or window speaks for it.</summary>
    internal void Drop(ref PointEntry point)
    {
        point.Dropped = true;
        if (point.Record >= 0)
            MarkDuplicate(point.Record);
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_fates);
}
