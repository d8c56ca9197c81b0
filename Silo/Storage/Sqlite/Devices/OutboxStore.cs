using EsoCore.Events;
using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>Transitions committed and not yet confirmed.</summary>
internal sealed class OutboxStore(Writer writer, ReaderPool readers, ILogger log) : IOutboxStore
{
    /// <summary>Rows looked at in plain order, per row wanted, before the read goes receiver by receiver.</summary>
    private const int ScanFactor = 4;

    /// <summary>Receivers looked at when the read goes receiver by receiver.</summary>
    private const int MaxReceivers = 10_000;

    private static readonly SqlFile Sql = SqlFile.Of<OutboxStore>();

    private readonly OutboxRows _rows = new(log);

    /// <inheritdoc/>
    public Task<ImmutableArray<OutboxEntry>> ReadOldest(
        int shard, DateTimeOffset committedBefore, int limit, int perReceiver, CancellationToken cancel) =>
        readers.Read(
            db =>
            {
                var (ofShard, ofReceiver) = _rows.Extra(shard);
                var (most, each) = (limit + ofShard, perReceiver + ofReceiver);
                return _rows.Read(
                    shard, ReadByAge(db, shard, committedBefore, most, each) ?? ReadByReceiver(db, shard, committedBefore, most, each),
                    limit, perReceiver);
            },
            cancel);

    /// <inheritdoc/>
    public Task Confirm(string stream, string receiver, ImmutableArray<TransitionId> confirmed, CancellationToken cancel) =>
        writer.Write(
            db =>
            {
                foreach (var id in confirmed)
                {
                    db.Use(Sql["confirm"]).Add(stream).Add(receiver).Add(id.DeviceId).Add(id.Position.TwinVersion).Add(id.Position.Ordinal)
                        .Run();
                }

                return true;
            },
            cancel,
            bytes: 64L * confirmed.Length);

    /// <summary>The common case: nobody has a large backlog. Null when one receiver's rows stand in front of too many others.</summary>
    private static List<OutboxText>? ReadByAge(
        Db db, int shard, DateTimeOffset before, int limit, int perReceiver)
    {
        var taken = new Dictionary<(string, string), int>();
        var entries = new List<OutboxText>();
        int seen = 0;
        using var row = db.Use(Sql["by_age"]).Add(shard).Add(before).Add(ScanFactor * limit);
        while (row.Step())
        {
            seen++;
            var to = (row.Text(0), row.Text(1));
            int count = taken.GetValueOrDefault(to);
            if (count >= perReceiver)
                continue;
            taken[to] = count + 1;
            entries.Add(new OutboxText(to.Item1, to.Item2, row.Text(2)));
            if (entries.Count == limit)
                return entries;
        }

        return seen < ScanFactor * limit ? entries : null;
    }

    private static List<OutboxText> ReadByReceiver(
        Db db, int shard, DateTimeOffset before, int limit, int perReceiver)
    {
        var receivers = new List<(string Stream, string Receiver)>();
        using (var row = db.Use(Sql["receivers"]).Add(shard).Add(MaxReceivers))
        {
            while (row.Step())
                receivers.Add((row.Text(0), row.Text(1)));
        }

        // Only the oldest of all are wanted, so the queue keeps the newest at its head to be dropped first.
        var oldest = new PriorityQueue<(string Stream, string Receiver, string Transition, long Id), long>();
        foreach (var (stream, receiver) in receivers)
        {
            using var row = db.Use(Sql["of_receiver"]).Add(shard).Add(stream).Add(receiver).Add(before).Add(perReceiver);
            while (row.Step())
            {
                long id = row.Long(0);
                if (oldest.Count >= limit && oldest.TryPeek(out _, out long newest) && id > -newest)
                    break;
                oldest.Enqueue((stream, receiver, row.Text(1), id), -id);
                if (oldest.Count > limit)
                    oldest.Dequeue();
            }
        }

        return [.. oldest.UnorderedItems.Select(i => i.Element).OrderBy(e => e.Id)
            .Select(e => new OutboxText(e.Stream, e.Receiver, e.Transition))];
    }
}
