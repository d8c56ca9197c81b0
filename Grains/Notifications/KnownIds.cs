using System.Text.Json;
using System.Text.Json.Serialization;

namespace EsoCore.Grains.Notifications;

/// <summary>The ids of the notices last taken; the oldest goes when there is no room. Stored as one base64 text, 16 bytes each.</summary>
[JsonConverter(typeof(KnownIdsConverter))]
internal sealed class KnownIds
{
    private readonly Queue<Guid> _order = new();
    private readonly HashSet<Guid> _ids = [];

    /// <summary>Remembers an id; whether it was new.</summary>
    public bool Add(Guid id)
    {
        if (!_ids.Add(id))
            return false;
        _order.Enqueue(id);
        if (_order.Count > NotificationLimits.KnownNotices)
            _ids.Remove(_order.Dequeue());
        return true;
    }

    /// <summary>All, oldest first.</summary>
    public byte[] Pack()
    {
        var bytes = new byte[_order.Count * 16];
        var at = 0;
        foreach (var id in _order)
        {
            id.TryWriteBytes(bytes.AsSpan(at, 16));
            at += 16;
        }

        return bytes;
    }

    /// <summary>Reads what <see cref="Pack"/> wrote.</summary>
    public static KnownIds Unpack(ReadOnlySpan<byte> bytes)
    {
        var ids = new KnownIds();
        for (var at = 0; at + 16 <= bytes.Length; at += 16)
            ids.Add(new Guid(bytes.Slice(at, 16)));
        return ids;
    }
}

/// <summary>Writes the ids as one text.</summary>
internal sealed class KnownIdsConverter : JsonConverter<KnownIds>
{
    /// <inheritdoc/>
    public override KnownIds Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        KnownIds.Unpack(reader.GetBytesFromBase64());

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, KnownIds value, JsonSerializerOptions options) =>
        writer.WriteBase64StringValue(value.Pack());
}
