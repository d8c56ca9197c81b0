using System.Buffers;
using System.Text;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Telemetry;

/// <summary>
/// A batch as read, before anything is known of the device: points in columns, events and windows as objects, what was wrong by record.
/// Timestamps are the device's own. Holds the inflated body until disposed, since rejected records are kept as they were sent.
/// </summary>
internal sealed class DecodedBatch(ReadOnlyMemory<byte> body) : IDisposable
{
    private int[] _recordStarts = ArrayPool<int>.Shared.Rent(64);
    private int[] _recordLengths = ArrayPool<int>.Shared.Rent(64);

    internal ReadOnlyMemory<byte> Body { get; } = body;

    internal int RecordCount { get; private set; }

    /// <summary>Points of all series, in record order.</summary>
    internal PointColumns Points { get; } = new();

    /// <summary>The distinct series that the points name by index.</summary>
    internal List<SeriesKey> Series { get; } = [];

    /// <summary>Where a series stands in <see cref="Series"/>.</summary>
    internal Dictionary<SeriesKey, int> SeriesIndex { get; } = [];

    internal List<DecodedEvent> Events { get; } = [];

    internal List<DecodedWindow> Windows { get; } = [];

    internal List<(int Record, string Code)> Rejections { get; } = [];

    /// <summary>The envelope's batch id, or null.</summary>
    internal Guid? BatchId { get; set; }

    /// <summary>The envelope's sent_at in microseconds, or null.</summary>
    internal long? SentAtUs { get; set; }

    /// <summary>Counts a record and remembers where it stands; its index.</summary>
    internal int AddRecord(int start)
    {
        if (RecordCount == _recordStarts.Length)
        {
            Pooled.Grow(ref _recordStarts, RecordCount);
            Pooled.Grow(ref _recordLengths, RecordCount);
        }

        _recordStarts[RecordCount] = start;
        return RecordCount++;
    }

    internal void EndRecord(int record, int end) => _recordLengths[record] = end - _recordStarts[record];

    internal int RecordStart(int record) => _recordStarts[record];

    internal ReadOnlyMemory<byte> RecordBytes(int record) => Body.Slice(_recordStarts[record], _recordLengths[record]);

    /// <summary>The record as sent, cut for keeping.</summary>
    internal string RecordText(int record)
    {
        var bytes = RecordBytes(record).Span;
        // A UTF-8 character has at most four bytes, so this many are enough, and cutting inside one only costs that one.
        bytes = bytes[..Math.Min(bytes.Length, 4 * TelemetryOptions.MaxKeptRecordLength)];
        var text = Encoding.UTF8.GetString(bytes);
        return text.Length <= TelemetryOptions.MaxKeptRecordLength ? text : text[..TelemetryOptions.MaxKeptRecordLength];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(_recordStarts);
        ArrayPool<int>.Shared.Return(_recordLengths);
        Points.Dispose();
    }
}

/// <summary>Parallel columns of points.</summary>
internal sealed class PointColumns : IDisposable
{
    private long[] _tsUs = ArrayPool<long>.Shared.Rent(64);
    private double[] _values = ArrayPool<double>.Shared.Rent(64);
    private int[] _series = ArrayPool<int>.Shared.Rent(64);
    private int[] _records = ArrayPool<int>.Shared.Rent(64);

    internal int Count { get; private set; }

    internal Span<long> TsUs => _tsUs.AsSpan(0, Count);

    internal Span<double> Values => _values.AsSpan(0, Count);

    /// <summary>Index into <see cref="DecodedBatch.Series"/>.</summary>
    internal Span<int> Series => _series.AsSpan(0, Count);

    /// <summary>The record's index; its complement (~index) when an event or window of the same record decides the record's fate.</summary>
    internal Span<int> Records => _records.AsSpan(0, Count);

    internal void Add(int series, int record, long tsUs, double value)
    {
        if (Count == _tsUs.Length || Count == _values.Length || Count == _series.Length || Count == _records.Length)
        {
            Pooled.Grow(ref _tsUs, Count);
            Pooled.Grow(ref _values, Count);
            Pooled.Grow(ref _series, Count);
            Pooled.Grow(ref _records, Count);
        }

        _tsUs[Count] = tsUs;
        _values[Count] = value;
        _series[Count] = series;
        _records[Count] = record;
        Count++;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<long>.Shared.Return(_tsUs);
        ArrayPool<double>.Shared.Return(_values);
        ArrayPool<int>.Shared.Return(_series);
        ArrayPool<int>.Shared.Return(_records);
        Count = 0;
    }
}

/// <summary>An event as read.</summary>
internal sealed record DecodedEvent(
    int Record, long TsUs, UInt128 Hash, string EventType, string? Category, string Severity, string Asset, string Meta, EventMeta Details);

/// <summary>A window as read.</summary>
internal sealed record DecodedWindow(
    int Record,
    long TsUs,
    UInt128 Hash,
    string Metric,
    string Asset,
    string Meta,
    double? WindowS,
    string Stats,
    long? Samples,
    double? RateHz,
    string? Encoding,
    double Scale,
    byte[] Raw);

internal static class Pooled
{
    /// <summary>Replaces a rented array by one of twice the room.</summary>
    internal static void Grow<T>(ref T[] array, int used)
    {
        var larger = ArrayPool<T>.Shared.Rent(Math.Max(64, 2 * array.Length));
        Array.Copy(array, larger, used);
        ArrayPool<T>.Shared.Return(array);
        array = larger;
    }
}
