using System.Diagnostics.Metrics;

namespace EsoCore.Benchmarks.Upkeep;

/// <summary>Listens to what the storage tells of its upkeep.</summary>
internal sealed class UpkeepWatch : IDisposable
{
    private const string Slice = "esocore.storage.upkeep.slice.duration";
    private const string Step = "esocore.storage.upkeep.step.duration";

    private readonly MeterListener _listener = new();
    private readonly Lock _turn = new();

    internal UpkeepWatch()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name is Slice or Step)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((instrument, seconds, tags, _) =>
        {
            var name = (instrument.Name == Step ? "step of " : "slice of ") + tags[0].Value;
            lock (_turn)
            {
                if (!Found.TryGetValue(name, out var durations))
                    Found[name] = durations = new Durations();
                durations.Add(TimeSpan.FromSeconds(seconds));
            }
        });
        _listener.Start();
    }

    /// <summary>Durations by what they are of.</summary>
    internal SortedDictionary<string, Durations> Found { get; } = new(StringComparer.Ordinal);

    public void Dispose() => _listener.Dispose();
}
