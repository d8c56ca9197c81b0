using EsoCore.Events;
using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Transitions committed and not yet confirmed.</summary>
internal sealed class OutboxStore(Sessions sessions, ILogger log) : IOutboxStore
{
    /// <summary>Rows looked at in plain order, per row wanted, before the read goes receiver by receiver.</summary>
    private const int ScanFactor = 4;

    /// <summary>Receivers looked at when the read goes receiver by receiver.</summary>
    private const int MaxReceivers = 10_000;

    private static readonly SqlFile Sql = SqlFile.Of<OutboxStore>();

    private readonly OutboxRows _rows = new(log);

    /// <inheritdoc/>
    public async Task<ImmutableArray<OutboxEntry>> ReadOldest(
        int shard, DateTimeOffset committedBefore, int limit, int perReceiver, CancellationToken cancel)
    {
        var (ofShard, ofReceiver) = _rows.Extra(shard);
        var (most, each) = (limit + ofShard, perReceiver + ofReceiver);

        // The common case: nobody has a large backlog.
        var rows = await sessions.ReadAll(
            Sql["by_age"], a => a.Add(shard).Add(committedBefore).Add(ScanFactor * most), Read, cancel).ConfigureAwait(false);
        var taken = new Dictionary<(string, string), int>();
        var oldest = new List<OutboxText>();
        foreach (var row in rows)
        {
            int count = taken.GetValueOrDefault((row.Stream, row.Receiver));
            if (count >= each || oldest.Count == most)
                continue;
            taken[(row.Stream, row.Receiver)] = count + 1;
            oldest.Add(row);
        }

        // One receiver's rows stand in front of too many others.
        if (oldest.Count < most && rows.Length == ScanFactor * most)
        {
            oldest = [.. await sessions.ReadAll(
                Sql["by_receiver"],
                a => a.Add(shard).Add(committedBefore).Add(most).Add(each).Add(MaxReceivers),
                Read,
                cancel).ConfigureAwait(false)];
        }

        return _rows.Read(shard, oldest, limit, perReceiver);

        static OutboxText Read(Npgsql.NpgsqlDataReader row) => new(row.Text(0), row.Text(1), row.Text(2));
    }

    /// <inheritdoc/>
    public Task Confirm(string stream, string receiver, ImmutableArray<TransitionId> confirmed, CancellationToken cancel)
    {
        // One order for all, so that two who confirm the same never wait for each other in a circle.
        var sorted = confirmed.OrderBy(c => c.DeviceId).ThenBy(c => c.Position.TwinVersion).ThenBy(c => c.Position.Ordinal).ToList();
        return sessions.Execute(
            Sql["confirm"],
            a => a.Add(stream).Add(receiver).Add(sorted.ConvertAll(c => c.DeviceId)).Add(sorted.ConvertAll(c => c.Position.TwinVersion))
                .Add(sorted.ConvertAll(c => c.Position.Ordinal)),
            cancel);
    }
}
