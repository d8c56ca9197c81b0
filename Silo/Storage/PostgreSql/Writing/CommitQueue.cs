using EsoCore.History;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// The bounded queue between callers and the workers that write groups. A device has one commit at a time among those that can be taken or
/// are under way; its next one waits behind it, so that no two groups ever hold the same device.
/// </summary>
internal sealed class CommitQueue(int limit)
{
    /// <summary>Commits of one group at most.</summary>
    public const int GroupWrites = 64;

    /// <summary>Bytes of one group at most, unless a single commit is larger.</summary>
    public const long GroupBytes = 4 << 20;

    /// <summary>Bytes that wait at most, beside the limit on commits.</summary>
    public const long MaxBytes = 256L << 20;

    private readonly object _gate = new();
    private readonly Queue<CommitWork> _ready = new();
    private readonly Dictionary<Guid, Queue<CommitWork>?> _devices = [];
    private readonly HashSet<CommitWork> _sent = [];
    private int _count;
    private long _bytes;
    private bool _completed;

    /// <summary>Commits waiting.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Appends; false when the queue is closed or full.</summary>
    public bool TryAdd(CommitWork work)
    {
        lock (_gate)
        {
            if (_completed || _count >= limit || (_bytes > 0 && _bytes + work.Bytes > MaxBytes))
                return false;
            _count++;
            _bytes += work.Bytes;
            var device = work.Commit.DeviceId;
            if (!_devices.TryGetValue(device, out var behind))
            {
                _devices.Add(device, null);
                _ready.Enqueue(work);
                Monitor.Pulse(_gate);
            }
            else
            {
                if (behind is null)
                    _devices[device] = behind = new();
                behind.Enqueue(work);
            }
        }

        return true;
    }

    /// <summary>Fills the next group; the thread waits until there is something to do. False: closed and drained.</summary>
    public bool TakeGroup(List<CommitWork> group)
    {
        group.Clear();
        lock (_gate)
        {
            while (true)
            {
                Fill(group);
                if (group.Count > 0)
                    return true;
                if (_completed && _devices.Count == 0)
                    return false;
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>A group has ended, however: what waited behind its devices can be taken.</summary>
    public void Done(List<CommitWork> group)
    {
        lock (_gate)
        {
            foreach (var work in group)
            {
                _sent.Remove(work);
                Leave(work.Commit.DeviceId);
            }

            WakeAll();
        }

        group.Clear();
    }

    /// <summary>Tells everyone who waits that the server is away: there is no point in trying with each group anew.</summary>
    public void FailWaiting(Exception reason)
    {
        List<CommitWork> failed = [];
        lock (_gate)
        {
            while (_ready.TryDequeue(out var work))
            {
                Uncount(work);
                Leave(work.Commit.DeviceId);
                if (work.TrySend())
                    failed.Add(work);
            }

            WakeAll();
        }

        foreach (var work in failed)
            work.Fail(reason);
    }

    /// <summary>Tells those who have waited since before a moment that it is over.</summary>
    public void Expire(Func<CommitWork, bool> isLate)
    {
        List<CommitWork> late;
        lock (_gate)
            late = [.. _ready.Concat(_devices.Values.OfType<Queue<CommitWork>>().SelectMany(q => q)).Concat(_sent).Where(isLate)];
        foreach (var work in late)
            work.Expire();
    }

    /// <summary>Takes nothing more; what is queued is still handed out.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _completed = true;
            WakeAll();
        }
    }

    private void Fill(List<CommitWork> group)
    {
        long bytes = 0;
        while (group.Count < GroupWrites && _ready.TryPeek(out var next))
        {
            if (group.Count > 0 && bytes + next.Bytes > GroupBytes)
                return;
            _ready.Dequeue();
            Uncount(next);
            if (!next.TrySend())
            {
                Leave(next.Commit.DeviceId);
                continue;
            }

            bytes += next.Bytes;
            _sent.Add(next);
            group.Add(next);
        }
    }

    /// <summary>A device's commit is over: the one behind it comes up.</summary>
    private void Leave(Guid device)
    {
        if (_devices[device] is { Count: > 0 } behind)
            _ready.Enqueue(behind.Dequeue());
        else
            _devices.Remove(device);
    }

    private void Uncount(CommitWork work)
    {
        _count--;
        _bytes -= work.Bytes;
    }

    private void WakeAll()
    {
        if (_ready.Count > 0 || _completed)
            Monitor.PulseAll(_gate);
    }
}
