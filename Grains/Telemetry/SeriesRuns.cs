using System.Buffers;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Telemetry;

/// <summary>
/// The points of a batch by series, each series a run ascending by (ts, value bits, record): the shape in which repeats stand side by
/// side, late points come first and blocks can be cut without another sort.
/// </summary>
internal sealed class SeriesRuns : IDisposable
{
    private readonly int[] _offsets;
    private readonly PointEntry[] _entries;

    /// <summary>Takes the points whose record is still in.</summary>
    internal SeriesRuns(DecodedBatch batch, RecordFates fates)
    {
        var points = batch.Points;
        _offsets = new int[batch.Series.Count + 1];
        var series = points.Series;
        var records = points.Records;
        for (var i = 0; i < points.Count; i++)
        {
            if (fates.IsIn(records[i]))
                _offsets[series[i] + 1]++;
        }

        for (var s = 0; s < batch.Series.Count; s++)
            _offsets[s + 1] += _offsets[s];
        _entries = ArrayPool<PointEntry>.Shared.Rent(Math.Max(1, _offsets[^1]));
        Fill(points, fates);
    }

    internal int Count => _offsets.Length - 1;

    internal Span<PointEntry> Run(int series) => _entries.AsSpan(_offsets[series].._offsets[series + 1]);

    /// <summary>Marks points that stand twice in the batch; the first by record stays.</summary>
    internal void DropRepeatsWithin(RecordFates fates)
    {
        for (var s = 0; s < Count; s++)
        {
            var run = Run(s);
            for (var i = 1; i < run.Length; i++)
            {
                if (run[i].SameAs(run[i - 1]))
                    fates.Drop(ref run[i]);
            }
        }
    }

    /// <summary>Adds the times of the points at or below the mark: those that the store may hold already.</summary>
    internal void CollectLate(int series, long markUs, List<long> timesUs)
    {
        foreach (ref readonly var entry in Run(series))
        {
            if (entry.TsUs > markUs)
                return;
            if (!entry.Dropped)
                timesUs.Add(entry.TsUs);
        }
    }

    /// <summary>Marks the points of a series that are among the stored ones.</summary>
    internal void DropStored(int series, in SeriesPoints stored, RecordFates fates)
    {
        var run = Run(series);
        var times = stored.TsUs.Span;
        var values = stored.Values.Span;
        for (var i = 0; i < times.Length && run.Length > 0; i++)
        {
            if (times[i] < run[0].TsUs || times[i] > run[^1].TsUs)
                continue;
            var at = run.BinarySearch(new PointEntry(times[i], values[i], 0));
            // Without a record the search meets the first of its equals or stops just before it.
            at = at < 0 ? ~at : at;
            if (at < run.Length && run[at].TsUs == times[i] && run[at].Bits == BitConverter.DoubleToInt64Bits(values[i]) && !run[at].Dropped)
                fates.Drop(ref run[at]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<PointEntry>.Shared.Return(_entries);

    private void Fill(PointColumns points, RecordFates fates)
    {
        var next = _offsets.AsSpan(0, Count).ToArray();
        var unsorted = new bool[Count];
        var series = points.Series;
        var records = points.Records;
        var times = points.TsUs;
        var values = points.Values;
        for (var i = 0; i < points.Count; i++)
        {
            if (!fates.IsIn(records[i]))
                continue;
            var s = series[i];
            var at = next[s]++;
            _entries[at] = new PointEntry(times[i], values[i], records[i]);
            if (at > _offsets[s] && times[i] <= _entries[at - 1].TsUs)
                unsorted[s] = true;
        }

        for (var s = 0; s < Count; s++)
        {
            if (unsorted[s])
                Run(s).Sort();
        }
    }
}

/// <summary>One point of a run. <see cref="Record"/> is complemented for the companion of an event or window.</summary>
internal struct PointEntry(long tsUs, double value, int record) : IComparable<PointEntry>
{
    internal long TsUs = tsUs;
    internal double Value = value;
    internal int Record = record;
    internal bool Dropped;

    internal readonly long Bits => BitConverter.DoubleToInt64Bits(Value);

    /// <summary>The record's index, companion or not: later records have higher ones.</summary>
    internal readonly int RecordIndex => Record < 0 ? ~Record : Record;

    internal readonly bool SameAs(in PointEntry other) => TsUs == other.TsUs && Bits == other.Bits;

    /// <inheritdoc/>
    public readonly int CompareTo(PointEntry other)
    {
        var byTime = TsUs.CompareTo(other.TsUs);
        if (byTime != 0)
            return byTime;
        var byValue = Bits.CompareTo(other.Bits);
        return byValue != 0 ? byValue : RecordIndex.CompareTo(other.RecordIndex);
    }
}
