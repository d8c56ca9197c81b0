using System.Collections.Concurrent;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Devices;

/// <summary>
/// What the twins of a silo share. Each kind is kept in two generations: when the young one is full it becomes the old one, and what is
/// met again moves on, so that what nobody uses any longer goes, and a flood of odd values passes through.
/// </summary>
internal sealed class SharedValues
{
    /// <summary>Sets of series and receivers of transitions in a generation: about 12 MB when sets have eight series.</summary>
    internal const int MaxSets = 10_000;

    /// <summary>Series of a set that is shared.</summary>
    internal const int MaxSharedSeries = 32;

    /// <summary>Names (of metrics, units, assets, sites, firmware versions) and traits of devices in a generation.</summary>
    internal const int MaxNames = 10_000;

    private readonly Shared<SeriesSet> _sets = new(MaxSets);
    private readonly Shared<string> _names = new(MaxNames);
    private readonly Shared<string> _files = new(MaxNames);
    private readonly Shared<ReceiverName> _receivers = new(MaxSets);
    private readonly Shared<DeviceTraits> _traits = new(MaxNames);

    /// <summary>Sets beyond <see cref="MaxSharedSeries"/> are each device's own: few devices have as many, and fewer alike.</summary>
    internal SeriesSet Share(SeriesSet set) =>
        set.Count == 0 ? SeriesSet.Empty : set.Count <= MaxSharedSeries ? _sets.Get(set) : set;

    /// <summary>The key made of shared names. Its meta is its own.</summary>
    internal SeriesKey Share(SeriesKey key) => new(Share(key.Metric)!, Share(key.Unit)!, Share(key.Asset)!, key.Meta);

    internal ReceiverName Share(ReceiverName receiver) => _receivers.Get(receiver);

    internal DeviceTraits Share(DeviceTraits traits) => _traits.Get(traits);

    /// <summary>Names of devices' files have room of their own: loggers that number them would crowd out the rest.</summary>
    internal string ShareFile(string file) => _files.Get(file);

    internal string? Share(string? name) => name is null ? null : _names.Get(name);

    private sealed class Shared<T>(int max)
        where T : class
    {
        private readonly Lock _gate = new();
        private ConcurrentDictionary<T, T> _young = new();
        private ConcurrentDictionary<T, T> _old = new();
        private int _count;

        internal T Get(T item)
        {
            if (_young.TryGetValue(item, out var shared))
                return shared;
            lock (_gate)
            {
                shared = _old.GetValueOrDefault(item, item);
                if (_count >= max)
                    (_old, _young, _count) = (_young, new ConcurrentDictionary<T, T>(), 0);
                if (!_young.TryAdd(shared, shared))
                    return _young[shared];
                _count++;
                return shared;
            }
        }
    }
}
