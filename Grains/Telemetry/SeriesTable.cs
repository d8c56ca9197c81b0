using System.Text;
using EsoCore.Grains.Storage;
using EsoCore.Wire;

namespace EsoCore.Grains.Telemetry;

/// <summary>A string value inside the body: the bytes between its quotes, or a whole object.</summary>
internal readonly record struct Slice(int Start, int Length, bool Escaped)
{
    internal ReadOnlySpan<byte> Of(ReadOnlySpan<byte> body) => body.Slice(Start, Length);
}

/// <summary>The four parts of a record that name its series, as sent.</summary>
internal readonly record struct RawSeries(Slice Name, Slice Unit, Slice Asset, Slice Meta);

/// <summary>What one raw spelling of a series stands for, worked out once a batch.</summary>
internal sealed class SeriesMeaning
{
    /// <summary>Why records of this spelling are rejected, or null.</summary>
    internal string? Code { get; init; }

    internal SeriesKey Key { get; init; } = null!;

    /// <summary>Index of the point series in the batch, or -1 until a point needs it.</summary>
    internal int Index { get; set; } = -1;

    internal EventMeta Details { get; init; } = EventMeta.None;

    internal KnownEvent? Known { get; init; }

    internal bool IsEvent => Known is not null || Details.MakesEvent;
}

/// <summary>
/// Finds the meaning of a raw spelling by comparing bytes. Loggers write their series in turns, so what followed last time is tried
/// first; only when that fails are the bytes hashed.
/// </summary>
internal sealed class SeriesTable(ReadOnlyMemory<byte> body)
{
    private Entry[] _entries = new Entry[16];
    private int[] _buckets = new int[32];
    private int _count;
    private int _last;

    private struct Entry
    {
        internal int Hash;
        internal int NextInBucket;
        internal int Successor;
        internal RawSeries Raw;
        internal SeriesMeaning Meaning;
    }

    internal SeriesMeaning Resolve(in RawSeries raw)
    {
        var bytes = body.Span;
        if (_count > 0)
        {
            var guess = _entries[_last].Successor;
            if (Same(bytes, _entries[guess].Raw, raw))
            {
                _last = guess;
                return _entries[guess].Meaning;
            }
        }

        var hash = Hash(bytes, raw);
        var index = Find(bytes, hash, raw);
        if (index < 0)
            index = Add(hash, raw, SeriesMeanings.Read(body, raw));
        _entries[_last].Successor = index;
        _last = index;
        return _entries[index].Meaning;
    }

    private int Find(ReadOnlySpan<byte> bytes, int hash, in RawSeries raw)
    {
        for (var i = _buckets[hash & (_buckets.Length - 1)] - 1; i >= 0; i = _entries[i].NextInBucket)
        {
            if (_entries[i].Hash == hash && Same(bytes, _entries[i].Raw, raw))
                return i;
        }

        return -1;
    }

    private int Add(int hash, in RawSeries raw, SeriesMeaning meaning)
    {
        if (_count == _entries.Length)
            Enlarge();
        ref var bucket = ref _buckets[hash & (_buckets.Length - 1)];
        _entries[_count] = new Entry { Hash = hash, NextInBucket = bucket - 1, Raw = raw, Meaning = meaning };
        bucket = _count + 1;
        return _count++;
    }

    private void Enlarge()
    {
        Array.Resize(ref _entries, 2 * _count);
        _buckets = new int[4 * _count];
        for (var i = 0; i < _count; i++)
        {
            ref var bucket = ref _buckets[_entries[i].Hash & (_buckets.Length - 1)];
            _entries[i].NextInBucket = bucket - 1;
            bucket = i + 1;
        }
    }

    private static bool Same(ReadOnlySpan<byte> bytes, in RawSeries a, in RawSeries b) =>
        a.Name.Of(bytes).SequenceEqual(b.Name.Of(bytes)) && a.Unit.Of(bytes).SequenceEqual(b.Unit.Of(bytes)) &&
        a.Asset.Of(bytes).SequenceEqual(b.Asset.Of(bytes)) && a.Meta.Of(bytes).SequenceEqual(b.Meta.Of(bytes));

    private static int Hash(ReadOnlySpan<byte> bytes, in RawSeries raw)
    {
        // HashCode is seeded by process, so nobody outside can choose names that collide.
        var hash = default(HashCode);
        hash.AddBytes(raw.Name.Of(bytes));
        hash.Add(raw.Unit.Length);
        hash.AddBytes(raw.Unit.Of(bytes));
        hash.Add(raw.Asset.Length);
        hash.AddBytes(raw.Asset.Of(bytes));
        hash.AddBytes(raw.Meta.Of(bytes));
        return hash.ToHashCode();
    }
}

/// <summary>Works out what a raw spelling of a series means.</summary>
internal static class SeriesMeanings
{
    /// <summary>Bytes of a name as sent: each of its characters may be escaped in six.</summary>
    private const int MaxRawName = 6 * TelemetryOptions.MaxNameLength;

    /// <summary>Bytes of <c>meta</c> or <c>stats</c> as sent.</summary>
    internal const int MaxRawObject = 6 * TelemetryOptions.MaxMetaLength;

    internal static SeriesMeaning Read(ReadOnlyMemory<byte> body, in RawSeries raw)
    {
        // Before anything is made of them: what is longer than this is too long however it is escaped or spaced.
        if (raw.Name.Length > MaxRawName || raw.Unit.Length > MaxRawName || raw.Asset.Length > MaxRawName || raw.Meta.Length > MaxRawObject)
            return new SeriesMeaning { Code = RecordCodes.TooLong };
        if (!JsonStrings.TryRead(body.Span, raw.Name, out var name) || !JsonStrings.TryRead(body.Span, raw.Unit, out var unit) ||
            !JsonStrings.TryRead(body.Span, raw.Asset, out var asset))
            return new SeriesMeaning { Code = RecordCodes.BadString };
        if (name.Length == 0)
            return new SeriesMeaning { Code = RecordCodes.MissingMetric };
        if (name.Length > TelemetryOptions.MaxNameLength || unit.Length > TelemetryOptions.MaxNameLength ||
            asset.Length > TelemetryOptions.MaxNameLength)
            return new SeriesMeaning { Code = RecordCodes.TooLong };
        var meta = "";
        if (raw.Meta.Length > 0 && !CanonicalJson.TryObject(body.Slice(raw.Meta.Start, raw.Meta.Length), out meta, out var code))
            return new SeriesMeaning { Code = code };
        return new SeriesMeaning
        {
            Key = new SeriesKey(name, unit, asset, meta),
            Details = EventMeta.Read(meta),
            Known = KnownEvents.TryFind(name, out var known) ? known : null,
        };
    }
}

/// <summary>Reads string values of the body.</summary>
internal static class JsonStrings
{
    /// <summary>False: it holds U+0000 or an unpaired surrogate, which only an escape can bring.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> body, Slice slice, out string text)
    {
        if (!slice.Escaped)
        {
            text = slice.Length == 0 ? "" : Encoding.UTF8.GetString(slice.Of(body));
            return true;
        }

        try
        {
            // With its quotes the slice is a JSON text of its own.
            var reader = new System.Text.Json.Utf8JsonReader(body.Slice(slice.Start - 1, slice.Length + 2));
            reader.Read();
            text = reader.GetString()!;
            return !text.Contains('\0');
        }
        catch (InvalidOperationException)
        {
            text = "";
            return false;
        }
    }
}
