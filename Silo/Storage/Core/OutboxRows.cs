using EsoCore.Events;
using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Silo.Storage;

/// <summary>A row of the outbox.</summary>
internal readonly record struct OutboxText(string Stream, string Receiver, string Transition);

/// <summary>
/// Transitions as their rows hold them. A row that this program cannot read (a newer one wrote it, or it is damaged) stays where it is, for
/// a program that can, and takes no room from the others: each read of its shard asks for as many more rows as the last one could not read.
/// </summary>
internal sealed class OutboxRows(ILogger log)
{
    /// <summary>
    /// Rows of a shard that are read beyond those wanted; where more than these cannot be read, others may wait behind them.
    /// </summary>
    internal const int MaxUnreadable = 64_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, Unreadable> _unreadable = [];

    /// <summary>How many rows are to be asked for beyond those wanted: of the shard, and of one receiver.</summary>
    public (int OfShard, int OfReceiver) Extra(int shard)
    {
        lock (_gate)
            return _unreadable.TryGetValue(shard, out var known) ? (known.OfShard, known.OfReceiver) : (0, 0);
    }

    /// <summary>The transitions of rows, oldest first: at most so many, and of one receiver at most so many.</summary>
    public ImmutableArray<OutboxEntry> Read(int shard, IEnumerable<OutboxText> rows, int limit, int perReceiver)
    {
        var entries = ImmutableArray.CreateBuilder<OutboxEntry>();
        var taken = new Dictionary<(string, string), int>();
        var skipped = new Dictionary<(string, string), int>();
        Exception? why = null;
        foreach (var row in rows)
        {
            var to = (row.Stream, row.Receiver);
            var count = taken.GetValueOrDefault(to);
            if (count >= perReceiver)
                continue;
            try
            {
                entries.Add(new OutboxEntry(row.Stream, row.Receiver, StorageJson.Read<Transition>(row.Transition)));
                taken[to] = count + 1;
                if (entries.Count == limit)
                    break;
            }
            catch (Exception error) when (error is InvalidDataException or NotSupportedException)
            {
                skipped[to] = skipped.GetValueOrDefault(to) + 1;
                why = error;
            }
        }

        Note(shard, skipped, why);
        return entries.DrainToImmutable();
    }

    /// <summary>Remembers what stood in the way, and tells of it when that has changed: shards are read each second.</summary>
    private void Note(int shard, Dictionary<(string Stream, string Receiver), int> skipped, Exception? why)
    {
        var now = new Unreadable(Math.Min(skipped.Values.Sum(), MaxUnreadable), skipped.Values.DefaultIfEmpty().Max());
        lock (_gate)
        {
            if (_unreadable.GetValueOrDefault(shard) == now)
                return;
            if (now.OfShard == 0)
                _unreadable.Remove(shard);
            else
                _unreadable[shard] = now;
        }

        if (why is not null)
            log.LogWarning(why, "{Count} transitions of outbox shard {Shard}, to {Receiver} among others, cannot be read by this program. "
                + "They stay, and are sent by one that can", now.OfShard, shard, skipped.First().Key.Receiver);
    }

    private readonly record struct Unreadable(int OfShard, int OfReceiver);
}
