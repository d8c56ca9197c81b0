using System.Collections.Concurrent;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Devices;

/// <summary>
/// Which series a twin holds and their numbers, in the order of its stands. Immutable and shared: a fleet of 100,000 loggers with the
/// same eight series holds one set, and its look-up table is built once.
/// </summary>
internal sealed class SeriesSet : IEquatable<SeriesSet>
{
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

/// <summary>What the twins of a silo share. Bounded; what is met when it is full is simply not shared.</summary>
internal sealed class SharedValues
{
    /// <summary>Sets of series that are shared: about 100 MB when each has eight.</summary>
    internal const int MaxSets = 100_000;

    /// <summary>Names (models, sites, channels, versions) that are shared.</summary>
    internal const int MaxNames = 10_000;

    private readonly Shared<SeriesSet> _sets = new(MaxSets);
    private readonly Shared<string> _names = new(MaxNames);

    internal SeriesSet Share(SeriesSet set) => set.Count == 0 ? SeriesSet.Empty : _sets.Get(set);

    internal string? Share(string? name) => name is null ? null : _names.Get(name);

    private sealed class Shared<T>(int max)
        where T : class
    {
        private readonly ConcurrentDictionary<T, T> _items = new();
        private int _count;

        internal T Get(T item)
        {
            if (_items.TryGetValue(item, out var shared))
                return shared;
            if (Volatile.Read(ref _count) >= max || !_items.TryAdd(item, item))
                return item;
            Interlocked.Increment(ref _count);
            return item;
        }
    }
}
