namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>Deletes rows of a table that are older than a fixed age, some at a time, by an index on their age.</summary>
internal sealed class Pruning(string delete, TimeSpan age, TimeProvider time) : IUpkeepTask
{
    private const int RowsAStep = 64;

    private bool _due = true;

    /// <summary>The batch ledger: a batch sent again after this is taken as new, and its records are dropped as repeats.</summary>
    public static Pruning Ledger(TimeProvider time) => new(
        "delete from ledger where id in (select id from ledger where received_at < ? order by received_at limit ?)", RetentionRules.KeptAge, time);

    /// <summary>Rejected records.</summary>
    public static Pruning Rejected(TimeProvider time) => new(
        "delete from rejected where id in (select id from rejected where received_at < ? order by received_at limit ?)", RetentionRules.KeptAge, time);

    /// <inheritdoc/>
    public bool HasWork => _due;

    /// <inheritdoc/>
    public void Due() => _due = true;

    /// <inheritdoc/>
    public void Step(Db db)
    {
        db.Use(delete).Add(time.GetUtcNow() - age).Add(RowsAStep).Run();
        _due = db.Changes == RowsAStep;
    }
}
