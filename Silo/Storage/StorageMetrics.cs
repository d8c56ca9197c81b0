using System.Diagnostics.Metrics;

namespace EsoCore.Silo.Storage;

/// <summary>What the storage tells of itself, on the meter <c>EsoCore.Storage</c>.</summary>
internal sealed class StorageMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "EsoCore.Storage";

    private readonly Meter _meter = new(MeterName);
    private readonly TimeProvider _time;
    private readonly Histogram<double> _commit;
    private readonly Histogram<int> _groupSize;
    private readonly Histogram<double> _slice;
    private readonly Counter<long> _mergedPoints;

    /// <summary>Makes the instruments.</summary>
    public StorageMetrics(TimeProvider time, Func<int> waiting)
    {
        _time = time;
        _commit = _meter.CreateHistogram<double>("esocore.storage.commit.duration", "s", "From queueing a write to its durability.");
        _groupSize = _meter.CreateHistogram<int>("esocore.storage.group.size", "{write}", "Writes that shared one commit.");
        _slice = _meter.CreateHistogram<double>("esocore.storage.upkeep.slice.duration", "s", "Slices of merging, retention and pruning.");
        _mergedPoints = _meter.CreateCounter<long>("esocore.storage.merged.points", "{point}", "Points rewritten from blocks into chunks.");
        _meter.CreateObservableGauge("esocore.storage.queue.depth", waiting, "{write}", "Writes waiting.");
    }

    /// <summary>A group of so many writes became durable.</summary>
    public void Committed(int writes) => _groupSize.Record(writes);

    /// <summary>A write that was queued then became durable.</summary>
    public void Durable(long queuedAt) => _commit.Record(_time.GetElapsedTime(queuedAt).TotalSeconds);

    /// <summary>A slice of upkeep ended.</summary>
    public void Sliced(TimeSpan took) => _slice.Record(took.TotalSeconds);

    /// <summary>Points were merged.</summary>
    public void Merged(long points) => _mergedPoints.Add(points);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
