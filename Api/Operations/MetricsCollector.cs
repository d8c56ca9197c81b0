using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;

namespace EsoCore.Api;

/// <summary>Listens to every instrument of meters named <c>EsoCore...</c> and writes them as Prometheus text.</summary>
internal sealed class MetricsCollector : IDisposable
{
    /// <summary>Families held; further instruments are not collected.</summary>
    public const int MaxFamilies = 200;

    private const string MeterPrefix = "EsoCore";

    private readonly ConcurrentDictionary<string, MetricFamily> _families = new();
    private readonly MeterListener _listener = new();
    private readonly Lock _scrape = new();

    public MetricsCollector()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (!instrument.Meter.Name.StartsWith(MeterPrefix, StringComparison.Ordinal) || _families.Count >= MaxFamilies)
                return;
            var family = new MetricFamily(instrument);
            listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(family.Name, family));
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.Start();
    }

    public string Write()
    {
        var text = new StringBuilder(8 * 1024);
        lock (_scrape)
        {
            foreach (var family in _families.Values)
                family.BeginScrape();
            _listener.RecordObservableInstruments();
            foreach (var family in _families.Values.OrderBy(family => family.Name, StringComparer.Ordinal))
                family.Write(text);
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();
}
