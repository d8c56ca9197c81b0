using EsoCore.Grains.Storage;

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

    /// <summary>The audit trail, deliveries, what is over of incidents and tickets, and states that have come to rest.</summary>
    public static IEnumerable<Pruning> Work(TimeProvider time) =>
    [
        new("delete from event_log where rowid in (select rowid from event_log where at < ? order by at limit ?)", WorkRetention.Log, time),
        new(
            "delete from work_item where rowid in (select rowid from work_item where kind = 'delivery' and at < ? order by at limit ?)",
            WorkRetention.Deliveries, time),
        new(
            "delete from work_item where rowid in (select rowid from work_item " +
            "where kind = 'incident' and status = 'resolved' and at < ? order by at limit ?)",
            WorkRetention.Items, time),
        new(
            "delete from work_item where rowid in (select rowid from work_item " +
            "where kind = 'ticket' and status in ('done', 'cancelled') and at < ? order by at limit ?)",
            WorkRetention.Items, time),
        new($"delete from work_state where {Idle("rest = ''")}", WorkRetention.States, time),
        new(
            "update work_state set version = version + 1, body = rest, idle_at = null, rest = null, rest_version = null " +
            $"where {Idle("rest <> ''")}",
            WorkRetention.States, time),
    ];

    /// <inheritdoc/>
    public string Name => "pruning";

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

    /// <summary>Of the states at rest. A program that does not know of rests makes a version that its row's is none of.</summary>
    private static string Idle(string which) =>
        "(project_id, owner) in (select project_id, owner from work_state " +
        $"where idle_at < ? and {which} and rest_version = version order by idle_at limit ?)";
}
