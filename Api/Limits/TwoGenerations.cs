using System.Collections.Concurrent;

namespace EsoCore.Api;

/// <summary>
/// A dictionary of at most <paramref name="limit"/> entries that forgets what was not used for long: new and used entries live in the
/// younger half; when that is full, it becomes the older half and the older one goes.
/// </summary>
internal sealed class TwoGenerations<TValue>(int limit) where TValue : class
{
    private readonly Lock _turn = new();
    private volatile ConcurrentDictionary<Guid, TValue> _young = new();
    private volatile ConcurrentDictionary<Guid, TValue> _old = new();

    public int Count => _young.Count + _old.Count;

    public bool TryGet(Guid id, out TValue value)
    {
        if (_young.TryGetValue(id, out value!))
            return true;
        lock (_turn)
        {
            if (!_old.TryRemove(id, out value!))
                return _young.TryGetValue(id, out value!);
            Add(id, value);
            return true;
        }
    }

    public TValue GetOrAdd(Guid id, Func<TValue> make)
    {
        if (_young.TryGetValue(id, out var value))
            return value;
        lock (_turn)
        {
            if (!_young.TryGetValue(id, out value))
                Add(id, value = _old.TryRemove(id, out var older) ? older : make());
            return value;
        }
    }

    public void Set(Guid id, TValue value)
    {
        lock (_turn)
        {
            _old.TryRemove(id, out _);
            Add(id, value);
        }
    }

    public void Remove(Guid id)
    {
        lock (_turn)
        {
            _young.TryRemove(id, out _);
            _old.TryRemove(id, out _);
        }
    }

    private void Add(Guid id, TValue value)
    {
        if (_young.Count >= Math.Max(1, limit / 2) && !_young.ContainsKey(id))
            (_old, _young) = (_young, new());
        _young[id] = value;
    }
}
