using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Deletes rejected records that are older than they are kept, some at a time, by an index on their age.</summary>
internal sealed class Pruning(TimeProvider time) : IUpkeepTask
{
    private const int RowsAStep = 512;

    private const string Delete =
        "delete from rejected r using (select device_no, id from rejected where received_at < $1 order by received_at limit $2) o " +
        "where r.device_no = o.device_no and r.id = o.id";

    private bool _due = true;

    /// <inheritdoc/>
    public bool HasWork => _due;

    /// <inheritdoc/>
    public int? Lock => 3;

    /// <inheritdoc/>
    public void Due() => _due = true;

    /// <inheritdoc/>
    public void LeaveToOthers() => _due = false;

    /// <inheritdoc/>
    public async Task Step(NpgsqlConnection db, CancellationToken cancel)
    {
        int deleted = await Sessions.Ask(
            db, Delete, a => a.Add(time.GetUtcNow() - RetentionRules.KeptAge).Add(RowsAStep),
            (row, _) => new ValueTask<int>(row.RecordsAffected), cancel).ConfigureAwait(false);
        _due = deleted == RowsAStep;
    }
}
