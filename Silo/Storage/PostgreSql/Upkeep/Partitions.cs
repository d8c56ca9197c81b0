using System.Collections.Concurrent;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// Knows which partitions there are and makes those that are missing: ahead of time, and before a commit whose data lies elsewhere. What
/// this process knows may be out of date (another one dropped a partition), which the commit then notices.
/// </summary>
internal sealed class Partitions(NpgsqlDataSource source, TimeProvider time)
{
    /// <summary>Months before the database was made that have partitions of their own; what is older shares the early one.</summary>
    public const int MonthsBack = 36;

    /// <summary>Partitions made ahead of the current one.</summary>
    public const int Ahead = 2;

    private const string ReadStart = "select us from partition_start";
    private const string Make = "select make_partition($1, $2, $3, $4, $5)";

    private readonly ConcurrentDictionary<string, bool> _known = new();
    private readonly ConcurrentDictionary<PartitionedTable, Part> _recent = new();
    private long? _startUs;

    /// <summary>Forgets what it knows.</summary>
    public void Forget() => _known.Clear();

    /// <summary>Forgets one partition.</summary>
    public void Forget(string name) => _known.TryRemove(name, out _);

    /// <summary>The partitions that some commits need and that are not known to be there; mostly none.</summary>
    public List<Part>? Missing(List<CommitWork> group)
    {
        List<Part>? missing = null;
        foreach (var work in group)
        {
            foreach (var block in work.Blocks)
                Look(PartitionedTable.Blocks, block.T0, ref missing);
            foreach (var e in work.Commit.Events)
                Look(PartitionedTable.Events, e.Key.TsUs, ref missing);
            foreach (var w in work.Commit.Windows)
                Look(PartitionedTable.Windows, w.Key.TsUs, ref missing);
            if (work.Commit.Batch is { } batch)
                Look(PartitionedTable.Ledger, Micros.From(batch.ReceivedAt), ref missing);
        }

        return missing;
    }

    /// <summary>Makes a partition if it is not known to be there.</summary>
    public Task Ensure(PartitionedTable table, long us, CancellationToken cancel)
    {
        List<Part>? missing = null;
        Look(table, us, ref missing);
        return missing is null ? Task.CompletedTask : Create(missing, cancel);
    }

    /// <summary>Makes partitions, each in a transaction of its own.</summary>
    public async Task Create(List<Part> parts, CancellationToken cancel)
    {
        var db = await source.OpenConnectionAsync(cancel).ConfigureAwait(false);
        await using (db.ConfigureAwait(false))
            await Create(db, parts, cancel).ConfigureAwait(false);
    }

    /// <summary>Makes the current partitions and those of the near future.</summary>
    public async Task CreateAhead(NpgsqlConnection db, CancellationToken cancel)
    {
        await Start(db, cancel).ConfigureAwait(false);
        var parts = new List<Part>();
        foreach (var table in PartitionedTable.All)
        {
            long us = Micros.From(time.GetUtcNow());
            for (int i = 0; i <= Ahead; i++)
            {
                var part = table.PartOf(us, _startUs!.Value);
                if (!_known.ContainsKey(part.Name))
                    parts.Add(part);
                us = part.HighUs ?? us;
            }
        }

        await Create(db, parts, cancel).ConfigureAwait(false);
    }

    /// <summary>Makes the early partition of each table.</summary>
    public async Task CreateEarly(NpgsqlConnection db, CancellationToken cancel)
    {
        await Start(db, cancel).ConfigureAwait(false);
        await Create(db, [.. PartitionedTable.All.Where(t => t.ByMonth).Select(t => t.PartOf(long.MinValue, _startUs!.Value))], cancel)
            .ConfigureAwait(false);
    }

    /// <summary>Reads where the months begin; after a restart of the server or at a first use.</summary>
    public async Task Start(NpgsqlConnection db, CancellationToken cancel) =>
        _startUs ??= await Sessions.Ask(
            db, ReadStart, static _ => { },
            async (row, stop) => await row.ReadAsync(stop).ConfigureAwait(false)
                ? row.Long(0)
                : throw new InvalidOperationException("The database has no row in partition_start; run the migrate command."),
            cancel).ConfigureAwait(false);

    private async Task Create(NpgsqlConnection db, List<Part> parts, CancellationToken cancel)
    {
        await Start(db, cancel).ConfigureAwait(false);
        foreach (var part in parts)
        {
            // Asked for before the start was known, an early partition was taken for a month.
            var exact = part.LowUs is { } low ? part.Table.PartOf(low, _startUs!.Value) : part;
            await Sessions.Ask(
                db, Make, a => a.Add(exact.Table.Name).Add(exact.Name).Add(exact.LowUs).Add(exact.HighUs).Add(exact.Table.Options),
                (row, stop) => new ValueTask<bool>(row.ReadAsync(stop)), cancel).ConfigureAwait(false);
            _known.TryAdd(exact.Name, true);
        }
    }

    private void Look(PartitionedTable table, long us, ref List<Part>? missing)
    {
        // Nearly all data lies where the last did.
        if (_recent.TryGetValue(table, out var recent) && us >= recent.LowUs && us < recent.HighUs && _known.ContainsKey(recent.Name))
            return;
        var part = table.PartOf(us, _startUs ?? long.MinValue);
        if (_known.ContainsKey(part.Name))
            _recent[table] = part;
        else if (missing?.Contains(part) != true)
            (missing ??= []).Add(part);
    }
}
