using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// Makes partitions ahead of time and drops those that nobody needs: months that are empty or that lie below the floor of every project,
/// and stretches of the ledger that are over. A partition is detached while others read and write, is looked at once more, and only then
/// dropped. What cannot be dropped, mostly for want of its lock, is tried again at the next look, and holds up none of the others.
/// </summary>
internal sealed class PartitionKeeper(Partitions partitions, TimeProvider time, ILogger logger) : IUpkeepTask
{
    /// <summary>An empty month is kept for so long after its end: late data would have it made again.</summary>
    private static readonly TimeSpan KeptEmpty = TimeSpan.FromDays(62);

    private static readonly SqlFile Sql = SqlFile.Of<PartitionKeeper>();

    private bool _ahead = true;
    private Queue<Found>? _found;
    private bool _look = true;

    private sealed record Found(PartitionedTable Table, string Name, long? LowUs, long? HighUs, bool IsDetaching);

    /// <inheritdoc/>
    public bool HasWork => _ahead || _look || _found is { Count: > 0 };

    /// <inheritdoc/>
    public int? Lock => 4;

    /// <inheritdoc/>
    public void Due() => (_ahead, _look) = (true, true);

    /// <inheritdoc/>
    public void LeaveToOthers() => (_ahead, _look, _found) = (false, false, null);

    /// <inheritdoc/>
    public async Task Step(NpgsqlConnection db, CancellationToken cancel)
    {
        if (_ahead)
        {
            await partitions.CreateAhead(db, cancel).ConfigureAwait(false);
            _ahead = false;
        }
        else if (_look)
        {
            _found = await Look(db, cancel).ConfigureAwait(false);
            _look = false;
        }
        else if (_found!.TryDequeue(out var next))
        {
            await TryDrop(db, next, cancel).ConfigureAwait(false);
        }
    }

    private async Task<Queue<Found>> Look(NpgsqlConnection db, CancellationToken cancel)
    {
        var all = await Sessions.Ask(
            db,
            Sql["list"],
            a => a.Add(PartitionedTable.All.Select(t => (string?)t.Name).ToList()),
            (row, stop) => Sessions.Collect(row, Read, stop),
            cancel).ConfigureAwait(false);
        var stray = new List<Found>();
        foreach (var table in PartitionedTable.All)
        {
            var names = await Sessions.Ask(
                db,
                Sql["stray"],
                a => a.Add(table.NamePattern),
                (row, stop) => Sessions.Collect(row, r => r.Text(0), stop),
                cancel).ConfigureAwait(false);
            stray.AddRange(names.Select(n => new Found(table, n, null, null, false)));
        }

        return new(all.Where(IsOver).Concat(stray));

        static Found Read(NpgsqlDataReader row) => new(
            PartitionedTable.All.Single(t => t.Name == row.Text(0)), row.Text(1), row.LongOrNull(2), row.LongOrNull(3), row.GetBoolean(4));
    }

    /// <summary>Whether it may be time to drop it.</summary>
    private bool IsOver(Found found)
    {
        if (found.IsDetaching)
            return true;
        if (found.LowUs is null || found.HighUs is not { } high)
            return false;
        return high <= Micros.From(time.GetUtcNow() - (found.Table.ByMonth ? KeptEmpty : RetentionRules.KeptAge));
    }

    private async Task TryDrop(NpgsqlConnection db, Found found, CancellationToken cancel)
    {
        try
        {
            bool isAttached = found.LowUs is not null || found.IsDetaching;
            if (isAttached && !found.IsDetaching && !await IsFree(db, found, cancel).ConfigureAwait(false))
                return;
            if (isAttached)
                await Detach(db, found, cancel).ConfigureAwait(false);

            // Nothing can be written to it any more; what was, up to this moment, is seen now.
            if (await IsFree(db, found, cancel).ConfigureAwait(false))
            {
                await Run(db, $"drop table {found.Name}", cancel).ConfigureAwait(false);
                logger.LogInformation("Dropped {Partition}.", found.Name);
            }
            else
            {
                await Attach(db, found, cancel).ConfigureAwait(false);
            }
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            logger.LogInformation("{Partition} is being read and is dropped later.", found.Name);
        }
        catch (PostgresException e) when (PgErrors.IsRolledBack(e))
        {
            // Somebody made something of his own that depends on it, as a view.
            logger.LogWarning("{Partition} cannot be dropped: {Reason}", found.Name, e.MessageText);
        }
    }

    /// <summary>Makes its rows invisible to new statements, then waits for the old ones, as long as the lock timeout lets it.</summary>
    private async Task Detach(NpgsqlConnection db, Found found, CancellationToken cancel)
    {
        partitions.Forget(found.Name);
        string how = found.IsDetaching ? "finalize" : "concurrently";
        await Run(db, $"alter table {found.Table.Name} detach partition {found.Name} {how}", cancel).ConfigureAwait(false);
    }

    /// <summary>Somebody wrote to it while it was being detached.</summary>
    private async Task Attach(NpgsqlConnection db, Found found, CancellationToken cancel)
    {
        var bounds = found.LowUs is { } low && found.HighUs is { } high ? (low, high) : await BoundsOf(db, found, cancel).ConfigureAwait(false);
        await Run(
            db, $"alter table {found.Table.Name} attach partition {found.Name} for values from ({bounds.Item1}) to ({bounds.Item2})", cancel)
            .ConfigureAwait(false);
        logger.LogInformation("{Partition} has come into use again and is kept.", found.Name);
    }

    private async Task<(long, long)> BoundsOf(NpgsqlConnection db, Found found, CancellationToken cancel)
    {
        string column = found.Table.TimeColumn;
        long us = await Sessions.Ask(
            db, $"select min({column}) from {found.Name}", static _ => { },
            async (row, stop) => await row.ReadAsync(stop).ConfigureAwait(false) ? row.Long(0) : 0, cancel).ConfigureAwait(false);
        var part = found.Table.PartOf(us, long.MinValue);
        return (part.LowUs!.Value, part.HighUs ?? long.MaxValue);
    }

    /// <summary>Whether nobody needs what it holds.</summary>
    private static async Task<bool> IsFree(NpgsqlConnection db, Found found, CancellationToken cancel)
    {
        if (!found.Table.ByMonth)
            return true;
        if (found.HighUs is { } high)
        {
            bool wanted = await Sessions.Ask(
                db, Sql["is_wanted"], a => a.Add(high),
                async (row, stop) => !await row.ReadAsync(stop).ConfigureAwait(false) || row.GetBoolean(0), cancel).ConfigureAwait(false);
            if (!wanted)
                return true;
        }

        return await Sessions.Ask(
            db, $"select not exists (select from {found.Name})", static _ => { },
            async (row, stop) => await row.ReadAsync(stop).ConfigureAwait(false) && row.GetBoolean(0), cancel).ConfigureAwait(false);
    }

    private static Task Run(NpgsqlConnection db, string sql, CancellationToken cancel) =>
        Sessions.Ask(db, sql, static _ => { }, (row, _) => new ValueTask<int>(row.RecordsAffected), cancel);
}
