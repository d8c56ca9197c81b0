using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using EsoCore.Wire;

namespace EsoCore.Device;

/// <summary>Writes records as a logger does: compact JSON on one line. One writer, one thread; a record is valid until the next is written.</summary>
internal sealed class RecordWriter(MachineOptions machine)
{
    // "°C" and "²" as themselves: escaped, each would take six bytes.
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> _buffer = new(512);
    private readonly Utf8JsonWriter _json = new(Stream.Null, Compact);

    public ReadOnlySpan<byte> Point(DateTimeOffset at, Signal signal, double value)
    {
        Begin(at, signal.Metric);
        _json.WriteNumber("val", Math.Round(value, 3));
        _json.WriteString("unit", signal.Unit);
        _json.WriteStartObject("meta");
        _json.WriteString("sensor_id", signal.Sensor);
        if (signal.Joint is not null)
            _json.WriteString("joint", signal.Joint);
        _json.WriteEndObject();
        return End();
    }

    public ReadOnlySpan<byte> Window(DateTimeOffset at, int seconds, int rateHz, double rms, double max, double std, double low, double high)
    {
        Begin(at, "vibration");
        _json.WriteNumber("window_s", seconds);
        _json.WriteStartObject("stats");
        _json.WriteNumber("rms", Math.Round(rms, 4));
        _json.WriteNumber("max", Math.Round(max, 4));
        _json.WriteNumber("std", Math.Round(std, 4));
        _json.WriteStartObject("bandpower");
        _json.WriteNumber("10-100", Math.Round(low, 4));
        _json.WriteNumber("100-1000", Math.Round(high, 4));
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.WriteNumber("samples", seconds * rateHz);
        _json.WriteString("unit", "mm/s");
        _json.WriteStartObject("meta");
        _json.WriteString("sensor_id", "ADXL_01");
        _json.WriteEndObject();
        return End();
    }

    /// <summary>An event known by name, with its own category and severity.</summary>
    public ReadOnlySpan<byte> Event(DateTimeOffset at, KnownEvent known, string? description, params ReadOnlySpan<(string Name, object Value)> details)
    {
        Begin(at, known.Name);
        _json.WriteNull("val");
        _json.WriteNull("unit");
        _json.WriteStartObject("meta");
        _json.WriteString("event_type", known.Category);
        _json.WriteString("severity", Severities.NameOf(known.DefaultSeverity));
        if (description is not null)
            _json.WriteString("description", description);
        foreach (var (name, value) in details)
        {
            if (value is string text)
                _json.WriteString(name, text);
            else
                _json.WriteNumber(name, Convert.ToDouble(value, CultureInfo.InvariantCulture));
        }

        _json.WriteEndObject();
        return End();
    }

    private void Begin(DateTimeOffset at, string series)
    {
        _buffer.ResetWrittenCount();
        _json.Reset(_buffer);
        _json.WriteStartObject();
        var format = at.Ticks % TimeSpan.TicksPerMillisecond == 0 ? "yyyy-MM-dd'T'HH:mm:ss.fff'Z'" : "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";
        Span<char> ts = stackalloc char[32];
        at.UtcDateTime.TryFormat(ts, out var length, format, CultureInfo.InvariantCulture);
        _json.WriteString("ts", ts[..length]);
        _json.WriteString("device_id", machine.DeviceId);
        _json.WriteString("site_id", machine.SiteId);
        _json.WriteString("asset_id", machine.AssetId);
        _json.WriteString("series", series);
    }

    private ReadOnlySpan<byte> End()
    {
        _json.WriteEndObject();
        _json.Flush();
        return _buffer.WrittenSpan;
    }
}
