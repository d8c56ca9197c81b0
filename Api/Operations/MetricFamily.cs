using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace EsoCore.Api;

/// <summary>One instrument with its series, one for each set of labels.</summary>
internal sealed class MetricFamily
{
    /// <summary>Sets of labels of one instrument; further ones are counted together under <c>overflow="true"</c>.</summary>
    public const int MaxSeries = 100;

    private const string Overflow = "{overflow=\"true\"}";

    private static readonly double[] SecondsBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
    private static readonly double[] OtherBounds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 100_000, 1_000_000];

    private readonly ConcurrentDictionary<string, Series> _series = new();
    private readonly ConcurrentDictionary<(string Key, string Value), Series> _byOneTag = new();
    private readonly string _help;
    private readonly Kind _kind;
    private readonly bool _observable;
    private readonly double[] _bounds;
    private Series? _untagged;

    public MetricFamily(Instrument instrument)
    {
        var type = instrument.GetType().Name;
        _observable = instrument.IsObservable;
        _kind = type.StartsWith("Histogram", StringComparison.Ordinal) ? Kind.Histogram
            : type.StartsWith("Counter", StringComparison.Ordinal) || type.StartsWith("ObservableCounter", StringComparison.Ordinal) ? Kind.Counter
            : type.StartsWith("UpDownCounter", StringComparison.Ordinal) ? Kind.Sum
            : Kind.Gauge;
        Name = NameOf(instrument, _kind);
        _help = (instrument.Description ?? instrument.Name).Replace("\\", "\\\\").Replace("\n", "\\n");
        _bounds = instrument.Unit == "s" ? SecondsBounds : OtherBounds;
    }

    private enum Kind
    {
        Counter,
        Sum,
        Gauge,
        Histogram,
    }

    public string Name { get; }

    public void BeginScrape()
    {
        if (!_observable)
            return;
        _series.Clear(); // What is not observed this time is no more.
        _byOneTag.Clear();
        _untagged = null;
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = Find(tags);
        switch (_kind)
        {
            case Kind.Histogram:
                series.Observe(value, _bounds);
                break;
            case Kind.Gauge:
            case Kind.Counter when _observable:
                series.Set(value);
                break;
            default:
                series.Add(value);
                break;
        }
    }

    public void Write(StringBuilder text)
    {
        if (_series.IsEmpty)
            return;
        var type = _kind switch { Kind.Counter => "counter", Kind.Histogram => "histogram", _ => "gauge" };
        text.Append("# HELP ").Append(Name).Append(' ').Append(_help).Append("\n# TYPE ").Append(Name).Append(' ').Append(type).Append('\n');
        foreach (var (labels, series) in _series.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (_kind == Kind.Histogram)
                series.WriteHistogram(text, Name, labels, _bounds);
            else
                text.Append(Name).Append(labels).Append(' ').Append(Format(series.Value)).Append('\n');
        }
    }

    private static string NameOf(Instrument instrument, Kind kind)
    {
        var name = new StringBuilder(instrument.Name.Length + 16);
        foreach (var c in instrument.Name)
            name.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        var suffix = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        if (!name.ToString().EndsWith(suffix, StringComparison.Ordinal))
            name.Append(suffix);
        if (kind == Kind.Counter && !name.ToString().EndsWith("_total", StringComparison.Ordinal))
            name.Append("_total");
        return name.ToString();
    }

    private Series Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        switch (tags.Length)
        {
            case 0:
                return _untagged ??= Make("");
            case 1:
                // The usual case, without writing the labels anew for each measurement.
                var key = (tags[0].Key, tags[0].Value as string ?? Text(tags[0].Value));
                if (_byOneTag.TryGetValue(key, out var found))
                    return found;
                var made = Make(LabelsOf(tags));
                return _byOneTag.Count < MaxSeries ? _byOneTag.GetOrAdd(key, made) : made;
            default:
                return Make(LabelsOf(tags));
        }
    }

    private Series Make(string labels) =>
        _series.TryGetValue(labels, out var found) ? found
        : _series.GetOrAdd(_series.Count < MaxSeries ? labels : Overflow, _ => new Series(_kind == Kind.Histogram ? _bounds.Length + 1 : 0));

    private static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder("{");
        foreach (var (key, value) in tags)
        {
            if (text.Length > 1)
                text.Append(',');
            foreach (var c in key)
                text.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
            text.Append("=\"").Append(Text(value).Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n")).Append('"');
        }

        return text.Append('}').ToString();
    }

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    private static string Format(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>The value of one set of labels.</summary>
    private sealed class Series(int buckets)
    {
        private readonly Lock _gate = new();
        private readonly long[] _counts = new long[buckets];
        private double _sum;

        public double Value
        {
            get
            {
                lock (_gate)
                    return _sum;
            }
        }

        public void Add(double value)
        {
            lock (_gate)
                _sum += value;
        }

        public void Set(double value)
        {
            lock (_gate)
                _sum = value;
        }

        public void Observe(double value, double[] bounds)
        {
            var bucket = Array.FindIndex(bounds, bound => value <= bound);
            lock (_gate)
            {
                _counts[bucket < 0 ? bounds.Length : bucket]++;
                _sum += value;
            }
        }

        public void WriteHistogram(StringBuilder text, string name, string labels, double[] bounds)
        {
            var inner = labels.Length == 0 ? "" : labels[1..^1] + ",";
            lock (_gate)
            {
                long total = 0;
                for (var i = 0; i < _counts.Length; i++)
                {
                    total += _counts[i];
                    var bound = i < bounds.Length ? Format(bounds[i]) : "+Inf";
                    text.Append(name).Append("_bucket{").Append(inner).Append("le=\"").Append(bound).Append("\"} ").Append(total).Append('\n');
                }

                text.Append(name).Append("_sum").Append(labels).Append(' ').Append(Format(_sum)).Append('\n');
                text.Append(name).Append("_count").Append(labels).Append(' ').Append(total).Append('\n');
            }
        }
    }
}
