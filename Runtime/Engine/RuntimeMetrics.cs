using System.Diagnostics.Metrics;

namespace EsoCore.Runtime.Engine;

/// <summary>What the engine tells about itself, under the meter "EsoCore.Runtime".</summary>
internal sealed class RuntimeMetrics : IDisposable
{
    internal const string MeterName = "EsoCore.Runtime";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _created;
    private readonly Counter<long> _failed;
    private readonly Counter<long> _collected;
    private readonly Counter<long> _timeouts;
    private readonly Counter<long> _overloads;
    private readonly Counter<long> _streamDrops;
    private readonly Histogram<double> _slices;

    public RuntimeMetrics(GrainRuntime runtime)
    {
        _meter.CreateObservableGauge(
            "esocore.runtime.activations", () => runtime.Catalog.Count, "{activation}", "Activations now in memory.");
        _meter.CreateObservableGauge(
            "esocore.runtime.mailbox.depth", runtime.Sweeper.CountWaiting, "{request}", "Requests waiting in mailboxes, over all grains.");
        _created = _meter.CreateCounter<long>("esocore.runtime.activations.created", "{activation}", "Activations begun.");
        _failed = _meter.CreateCounter<long>("esocore.runtime.activations.failed", "{activation}", "Activations that could not begin.");
        _collected = _meter.CreateCounter<long>(
            "esocore.runtime.activations.collected", "{activation}", "Activations ended because they were idle.");
        _timeouts = _meter.CreateCounter<long>("esocore.runtime.timeouts", "{request}", "Calls that were not answered in time.");
        _overloads = _meter.CreateCounter<long>("esocore.runtime.overloads", "{request}", "Calls refused because a mailbox was full.");
        _streamDrops = _meter.CreateCounter<long>(
            "esocore.runtime.stream.drops", "{item}", "Stream items given up: queue full, or delivery failed too often.");
        _slices = _meter.CreateHistogram<double>(
            "esocore.runtime.slice.duration", "ms", "How long a grain held a thread for some turns in a row; one slice in 64 is measured.");
    }

    public void SliceEnded(TimeSpan took) => _slices.Record(took.TotalMilliseconds);

    public void Created() => _created.Add(1);

    public void Failed() => _failed.Add(1);

    public void Collected() => _collected.Add(1);

    public void TimedOut() => _timeouts.Add(1);

    public void Overloaded() => _overloads.Add(1);

    public void StreamDropped(int items) => _streamDrops.Add(items);

    public void Dispose() => _meter.Dispose();
}
