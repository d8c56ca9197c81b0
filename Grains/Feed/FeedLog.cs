using System.Text;
using EsoCore.Feed;

namespace EsoCore.Grains.Feed;

/// <summary>The newest entries of a feed, numbered. Pure but for the epoch, which is drawn.</summary>
internal sealed class FeedLog
{
    /// <summary>Entries held.</summary>
    public const int MaxHeld = 4_096;

    /// <summary>Bytes of their bodies.</summary>
    public const int MaxHeldBytes = 4 * 1024 * 1024;

    private readonly Queue<(FeedItem Item, int Bytes)> _held = new();
    private readonly HashSet<string> _ids = [];
    private long _epoch;
    private long _last;
    private long _bytes;

    public FeedLog() => StartOver();

    /// <summary>The newest place.</summary>
    public FeedPosition Position => new(_epoch, _last);

    /// <summary>Forgets everything: all places given out so far are unknown from now on.</summary>
    public void StartOver()
    {
        _held.Clear();
        _ids.Clear();
        (_last, _bytes) = (0, 0);
        // Drawn, since nothing is kept that a later life could count on from; the sign stays out of it.
        _epoch = BitConverter.ToInt64(Guid.NewGuid().ToByteArray()) & long.MaxValue;
    }

    /// <summary>Adds an entry; false: it is held already, or too long.</summary>
    public bool Add(FeedEntry entry)
    {
        var bytes = Encoding.UTF8.GetByteCount(entry.Body.ToString());
        if (bytes > FeedEntry.MaxBody || !_ids.Add(entry.Id))
            return false;
        _held.Enqueue((new FeedItem(new FeedPosition(_epoch, ++_last), entry), bytes));
        _bytes += bytes;
        while (_held.Count > MaxHeld || _bytes > MaxHeldBytes)
        {
            var (oldest, freed) = _held.Dequeue();
            _bytes -= freed;
            _ids.Remove(oldest.Entry.Id);
        }

        return true;
    }

    /// <summary>Whether everything after a place is held.</summary>
    public bool Holds(FeedPosition after) =>
        after.Epoch == _epoch && after.Sequence <= _last && after.Sequence >= _last - _held.Count;

    /// <summary>The entries after a place that <see cref="Holds"/>.</summary>
    public ImmutableArray<FeedItem> After(FeedPosition after, int max) =>
        [.. _held.Skip(_held.Count - (int)(_last - after.Sequence)).Take(max).Select(h => h.Item)];
}
