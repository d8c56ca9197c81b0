namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// Counts the blocks that this process stores of each device and day, so that a day is merged as soon as it has enough of them. Only a
/// hint: what is not held here, the sweep over the blocks finds.
/// </summary>
internal sealed class MergeHints(int threshold)
{
    /// <summary>
    /// Points of a day in blocks that are enough as well: one step of the merger. Few large blocks are worth it; for blocks of a point or
    /// two a step costs more than all their commits unless it takes many.
    /// </summary>
    public const int Points = Merger.StepPoints;

    private readonly object _gate = new();
    private readonly Dictionary<(long DeviceNo, long Day), (int Blocks, int Points)> _counts = [];
    private readonly MergeQueue _queue = new(threshold);

    /// <summary>Called when a day has been put in the queue by a commit.</summary>
    public Action? Wanted { get; set; }

    /// <summary>Whether a day waits.</summary>
    public bool HasWork
    {
        get
        {
            lock (_gate)
                return _queue.Count > 0;
        }
    }

    /// <summary>Whether no more days can be taken.</summary>
    public bool IsFull
    {
        get
        {
            lock (_gate)
                return _queue.IsFull;
        }
    }

    /// <summary>A block was stored.</summary>
    public void Counted(long deviceNo, long day, int points)
    {
        lock (_gate)
        {
            var (blocks, sum) = _counts.GetValueOrDefault((deviceNo, day));
            var count = (Blocks: blocks + 1, Points: sum + points);
            if (count.Blocks >= threshold || count.Points >= Points)
            {
                _counts.Remove((deviceNo, day));
                _queue.Add(deviceNo, day);
                Wanted?.Invoke();
            }
            else
            {
                // Forgetting them all costs a later merge at most.
                if (_counts.Count >= MergeQueue.Limit)
                    _counts.Clear();
                _counts[(deviceNo, day)] = count;
            }
        }
    }

    /// <summary>Puts a day in the queue, once.</summary>
    public void Add(long deviceNo, long day)
    {
        lock (_gate)
            _queue.Add(deviceNo, day);
    }

    /// <summary>Takes the next day.</summary>
    public bool TryTake(out (long DeviceNo, long Day) next)
    {
        lock (_gate)
            return _queue.TryTake(out next);
    }

    /// <summary>Leaves a day alone until the next start: a row of it cannot be read.</summary>
    public void SetAside(long deviceNo, long day)
    {
        lock (_gate)
            _queue.SetAside(deviceNo, day);
    }
}
