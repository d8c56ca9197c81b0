namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>The bounded queue between callers on any thread and the one writer thread.</summary>
internal sealed class WriteQueue(int limit)
{
    /// <summary>Writes of one group at most.</summary>
    public const int GroupWrites = 64;

    /// <summary>Bytes of one group at most, unless a single write is larger.</summary>
    public const long GroupBytes = 4 << 20;

    /// <summary>Bytes that wait at most, beside the limit on writes.</summary>
    public const long MaxBytes = 256L << 20;

    private readonly object _gate = new();
    private readonly Queue<WriteWork> _items = new();
    private readonly HashSet<Guid> _devices = [];
    private long _bytes;
    private bool _signalled;
    private bool _completed;

    /// <summary>Writes waiting.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _items.Count;
        }
    }

    /// <summary>Whether nothing waits.</summary>
    public bool IsEmpty => Count == 0;

    /// <summary>Appends; false when the queue is closed, or full and the write is not a mere question whether the writer lives.</summary>
    public bool TryAdd(WriteWork work, bool evenIfFull = false)
    {
        lock (_gate)
        {
            bool full = _items.Count >= limit || (_bytes > 0 && _bytes + work.Bytes > MaxBytes);
            if (_completed || (full && !evenIfFull))
                return false;
            _items.Enqueue(work);
            _bytes += work.Bytes;
            Monitor.Pulse(_gate);
            return true;
        }
    }

    /// <summary>Wakes the writer although nothing is queued.</summary>
    public void Signal()
    {
        lock (_gate)
        {
            _signalled = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Takes nothing more; what is queued is still handed out.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _completed = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>
    /// Fills the next group. With <paramref name="wait"/> it waits until there is something to do; an empty group then means a signal.
    /// False: closed and drained.
    /// </summary>
    public bool TakeGroup(List<WriteWork> group, bool wait)
    {
        group.Clear();
        lock (_gate)
        {
            while (wait && _items.Count == 0 && !_signalled && !_completed)
                Monitor.Wait(_gate);
            _signalled = false;
            if (_items.Count == 0)
                return !_completed;
            Fill(group);
            return true;
        }
    }

    private void Fill(List<WriteWork> group)
    {
        long bytes = 0;
        _devices.Clear();
        while (group.Count < GroupWrites && _items.TryPeek(out var next))
        {
            bytes += next.Bytes;
            if (group.Count > 0 && bytes > GroupBytes)
                return;

            // A second commit of one device waits for the next group: it was computed before the first was known to be durable.
            if (next.DeviceId is { } device && !_devices.Add(device))
                return;
            group.Add(_items.Dequeue());
            _bytes -= next.Bytes;
        }
    }
}
