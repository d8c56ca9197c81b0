using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using EsoCore.Feed;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Feed;

/// <summary>Entries of the feed about devices. Fields are named as in the routes that read the same. Pure.</summary>
internal static class FeedBodies
{
    /// <summary>Series that a twin's entry shows, those with the newest values.</summary>
    public const int MaxSeries = 16;

    /// <summary>Characters of an event's description; a longer one is cut.</summary>
    public const int MaxDescription = 256;

    /// <summary>Bytes of what is as long as a device makes it: a longer meta is left out, series are shown as long as they fit.</summary>
    public const int MaxFree = 1_800;

    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.ffffffZ";

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>An event that was stored.</summary>
    public static FeedEntry Event(Guid deviceId, DeviceState state, NewEvent item) => new(
        item.Id.ToString("D"), FeedKinds.Event, state.Traits.SiteId, deviceId, Write(json =>
        {
            json.WriteString("id", item.Id);
            Place(json, deviceId, state);
            Time(json, "ts", item.Key.TsUs);
            json.WriteString("event_type", item.EventType);
            json.WriteString("category", item.Category);
            json.WriteString("severity", item.Severity);
            json.WriteString("description", item.Description is { } description ? Texts.Cut(description, MaxDescription) : null);
            if (item.DurationMs is { } duration)
                json.WriteNumber("duration_ms", duration);
            json.WriteString("asset_id", item.AssetId);
            if (item.Meta.Length > 0 && Encoding.UTF8.GetByteCount(item.Meta) <= MaxFree)
            {
                json.WritePropertyName("meta");
                json.WriteRawValue(item.Meta, skipInputValidation: true);
            }
        }));

    /// <summary>A twin as it was committed.</summary>
    public static FeedEntry Twin(Guid deviceId, DeviceState state) => new(
        $"{deviceId:D}/{state.Twin.Version}", FeedKinds.Twin, state.Traits.SiteId, deviceId, Write(json =>
        {
            var twin = state.Twin;
            Place(json, deviceId, state);
            json.WriteString("serial", state.Serial);
            json.WriteString("status", state.Traits.Status.ToString().ToLowerInvariant());
            json.WriteBoolean("online", twin.ToldOnline);
            Time(json, "last_seen", twin.LastSeenUs);
            Time(json, "last_batch_at", twin.LastBatchUs);
            json.WriteString("firmware_version", twin.FirmwareVersion);
            json.WriteNumber("twin_version", twin.Version);
            json.WriteNumber("accepted", twin.Accepted);
            json.WriteStartArray("series");
            var begun = json.BytesCommitted + json.BytesPending;
            foreach (var (series, stand) in twin.Series.Items.Zip(twin.Stands).OrderByDescending(s => s.Second.MarkUs).Take(MaxSeries))
            {
                var room = MaxFree - (json.BytesCommitted + json.BytesPending - begun);
                if (3 * (series.Key.Metric.Length + series.Key.Unit.Length + series.Key.Asset.Length) + 128 > room)
                    break;
                json.WriteStartObject();
                json.WriteString("metric", series.Key.Metric);
                json.WriteString("unit", series.Key.Unit.Length > 0 ? series.Key.Unit : null);
                json.WriteString("asset_id", series.Key.Asset.Length > 0 ? series.Key.Asset : null);
                Time(json, "last_ts", stand.MarkUs);
                json.WriteNumber("last_value", stand.LastValue);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }));

    private static void Place(Utf8JsonWriter json, Guid deviceId, DeviceState state)
    {
        json.WriteString("device_id", deviceId);
        json.WriteString("site_id", state.Traits.SiteId);
    }

    private static void Time(Utf8JsonWriter json, string name, long us)
    {
        if (us != Devices.Twin.Never)
            json.WriteString(name, Micros.ToTime(us).UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
    }

    private static JsonText Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(1_024);
        using (var json = new Utf8JsonWriter(buffer, Relaxed))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return new JsonText(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }
}
