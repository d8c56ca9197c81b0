namespace EsoCore.Grains.Liveness;

/// <summary>
/// When the silence of each watched device would count. A device that is taken out because it is due stays watched, without a deadline,
/// until its answer gives it one.
/// </summary>
internal sealed class DeadlineTable
{
    /// <summary>The queue is rebuilt when it holds more than twice the devices and so many more.</summary>
    private const int MaxStale = 1_000;

    /// <summary>The deadline of a device that is being asked.</summary>
    private const long Asked = long.MaxValue;

    private readonly Dictionary<Guid, long> _deadlines = [];
    private readonly PriorityQueue<Guid, long> _queue = new();

    /// <summary>Devices watched.</summary>
    public int Count => _deadlines.Count;

    /// <summary>Whether the device is watched.</summary>
    public bool Contains(Guid device) => _deadlines.ContainsKey(device);

    /// <summary>Watches a device; a deadline that it had counts no more.</summary>
    public void Set(Guid device, DateTimeOffset due)
    {
        _deadlines[device] = due.UtcTicks;
        _queue.Enqueue(device, due.UtcTicks);
        if (_queue.Count > 2 * _deadlines.Count + MaxStale)
            DropStale();
    }

    /// <summary>Takes out a device whose deadline has passed, the one that passed first; null when there is none.</summary>
    public Guid? TakeDue(DateTimeOffset now)
    {
        while (_queue.TryPeek(out var device, out var due) && due < now.UtcTicks)
        {
            _queue.Dequeue();
            // What was replaced since is passed over.
            if (!_deadlines.TryGetValue(device, out var stands) || stands != due)
                continue;
            _deadlines[device] = Asked;
            return device;
        }

        return null;
    }

    /// <summary>
    /// A device that was taken out has answered: its next deadline, or null when it is not online. What was heard of it while it was asked
    /// is newer than its answer and stands.
    /// </summary>
    public void Answered(Guid device, DateTimeOffset? next)
    {
        if (!_deadlines.TryGetValue(device, out var stands) || stands != Asked)
            return;
        if (next is { } due)
            Set(device, due);
        else
            _deadlines.Remove(device);
    }

    private void DropStale()
    {
        (Guid, long)[] living = [.. _queue.UnorderedItems.Where(i => _deadlines.TryGetValue(i.Element, out var due) && due == i.Priority)];
        _queue.Clear();
        _queue.EnqueueRange(living);
    }
}
