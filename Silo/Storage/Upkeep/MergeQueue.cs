namespace EsoCore.Silo.Storage;

/// <summary>
/// The days of devices that are to be merged next. Lives in memory on the writer thread; what it does not hold any more after a restart, or
/// could not take, the sweep over the table of pending merges finds again.
/// </summary>
internal sealed class MergeQueue(int threshold)
{
    /// <summary>Days held at most.</summary>
    public const int Limit = 65_536;

    private readonly Queue<(long DeviceNo, long Day)> _days = new();
    private readonly HashSet<(long DeviceNo, long Day)> _held = [];
    private readonly HashSet<(long DeviceNo, long Day)> _damaged = [];

    /// <summary>Days waiting.</summary>
    public int Count => _days.Count;

    /// <summary>Whether no more days can be taken.</summary>
    public bool IsFull => _days.Count >= Limit;

    /// <summary>A block was stored and is the so-manieth of its day.</summary>
    public void Counted(long deviceNo, long day, long blocks)
    {
        if (blocks >= threshold)
            Add(deviceNo, day);
    }

    /// <summary>Puts a day in the queue, once.</summary>
    public void Add(long deviceNo, long day)
    {
        if (!IsFull && !_damaged.Contains((deviceNo, day)) && _held.Add((deviceNo, day)))
            _days.Enqueue((deviceNo, day));
    }

    /// <summary>Takes the next day.</summary>
    public bool TryTake(out (long DeviceNo, long Day) next)
    {
        if (!_days.TryDequeue(out next))
            return false;
        _held.Remove(next);
        return true;
    }

    /// <summary>Leaves a day alone until the next start: a row of it cannot be read.</summary>
    public void SetAside(long deviceNo, long day)
    {
        if (_damaged.Count < Limit)
            _damaged.Add((deviceNo, day));
    }
}
