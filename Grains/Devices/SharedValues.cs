using System.Collections.Concurrent;

namespace EsoCore.Grains.Devices;

/// <summary>What the twins of a silo share. Bounded; what is met when it is full is simply not shared.</summary>
internal sealed class SharedValues
{
    /// <summary>Sets of series that are shared (about 100 MB when each has eight), and receivers of transitions.</summary>
    internal const int MaxSets = 100_000;

    /// <summary>Names (sites, firmware versions) that are shared, and traits of devices.</summary>
    internal const int MaxNames = 10_000;

    private readonly Shared<SeriesSet> _sets = new(MaxSets);
    private readonly Shared<string> _names = new(MaxNames);
    private readonly Shared<string> _files = new(MaxNames);
    private readonly Shared<ReceiverName> _receivers = new(MaxSets);
    private readonly Shared<DeviceTraits> _traits = new(MaxNames);

    internal SeriesSet Share(SeriesSet set) => set.Count == 0 ? SeriesSet.Empty : _sets.Get(set);

    internal ReceiverName Share(ReceiverName receiver) => _receivers.Get(receiver);

    internal DeviceTraits Share(DeviceTraits traits) => _traits.Get(traits);

    /// <summary>Names of devices' files have room of their own: loggers that number them would crowd out the rest.</summary>
    internal string ShareFile(string file) => _files.Get(file);

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
