using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Devices;

/// <summary>
/// Which series a twin holds and their numbers, in the order of its stands. Immutable and shared: a fleet of 100,000 loggers with the
/// same eight series holds one set, and its look-up table is built once.
/// </summary>
internal sealed class SeriesSet : IEquatable<SeriesSet>
{
    /// <summary>A set of so few is searched from end to end, which takes no table.</summary>
    private const int MaxSearched = 16;

    private readonly int _hash;
    private Dictionary<SeriesKey, int>? _index;

    internal SeriesSet(ImmutableArray<HeldSeries> items)
    {
        Items = items;
        var hash = default(HashCode);
        foreach (var item in items)
            hash.Add(item);
        _hash = hash.ToHashCode();
    }

    internal static SeriesSet Empty { get; } = new([]);

    internal ImmutableArray<HeldSeries> Items { get; }

    internal int Count => Items.Length;

    /// <summary>Where the series stands, or -1.</summary>
    internal int IndexOf(SeriesKey key)
    {
        if (Items.Length <= MaxSearched)
        {
            for (var i = 0; i < Items.Length; i++)
            {
                if (Items[i].Key == key)
                    return i;
            }

            return -1;
        }

        // Two threads may build it at once; either table is right.
        var index = _index ??= Items.Select((item, at) => (item.Key, at)).ToDictionary(pair => pair.Key, pair => pair.at);
        return index.TryGetValue(key, out var at) ? at : -1;
    }

    /// <inheritdoc/>
    public bool Equals(SeriesSet? other) => other is not null && _hash == other._hash && Items.AsSpan().SequenceEqual(other.Items.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SeriesSet);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;
}

/// <summary>One series of a set.</summary>
internal readonly record struct HeldSeries(SeriesKey Key, int No);
