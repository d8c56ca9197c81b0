using System.Collections.Concurrent;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Devices;

/// <summary>
/// One object for equal series keys of all devices of a silo: a fleet of 100,000 loggers with the same eight series holds eight keys,
/// not 800,000. Bounded; keys met when it is full are simply not shared.
/// </summary>
internal sealed class SeriesKeyPool
{
    /// <summary>Keys shared at most: about 20 MB.</summary>
    internal const int MaxKeys = 100_000;

    private readonly ConcurrentDictionary<SeriesKey, SeriesKey> _keys = new();
    private int _count;

    internal SeriesKey Share(SeriesKey key)
    {
        if (_keys.TryGetValue(key, out var shared))
            return shared;
        if (Volatile.Read(ref _count) >= MaxKeys)
            return key;
        if (!_keys.TryAdd(key, key))
            return _keys.TryGetValue(key, out shared) ? shared : key;
        Interlocked.Increment(ref _count);
        return key;
    }
}
