using EsoCore.Grains.Storage;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Deletes rows of a table that are older than they are kept, some at a time, by an index on their age.</summary>
internal sealed class Pruning(string delete, TimeSpan age, int lockNumber, TimeProvider time) : IUpkeepTask
{
    private const int RowsAStep = 512;

    private const string Rejected =
        "delete from rejected r using (select device_no, id from rejected where received_at < $1 order by received_at limit $2) o " +
        "where r.device_no = o.device_no and r.id = o.id";

    // No order: the oldest are found by ranges of pages.
    private const string Log = "delete from event_log where ctid = any(array(select ctid from event_log where at < $1 limit $2))";

    private bool _due = true;

    /// <summary>
    /// Rejected records, the audit trail, deliveries, what is over of incidents and tickets, and states that have come to rest.
    /// </summary>
    public static IEnumerable<Pruning> All(TimeProvider time) =>
    [
        new(Rejected, RetentionRules.KeptAge, 3, time),
        new(Log, WorkRetention.Log, 5, time),
        new(Items("kind = 'delivery'"), WorkRetention.Deliveries, 6, time),
        new(Items("kind = 'incident' and status = 'resolved'"), WorkRetention.Items, 7, time),
        new(Items("kind = 'ticket' and status in ('done', 'cancelled')"), WorkRetention.Items, 8, time),
        new("delete from work_state" + Idle("rest = ''"), WorkRetention.States, 9, time),
        new(
            "update work_state set version = version + 1, body = rest, idle_at = null, rest = null, rest_version = null"
            + Idle("rest <> ''"),
            WorkRetention.States, 10, time),
    ];

    /// <inheritdoc/>
    public bool HasWork => _due;

    /// <inheritdoc/>
    public int? Lock => lockNumber;

    /// <inheritdoc/>
    public void Due() => _due = true;

    /// <inheritdoc/>
    public void LeaveToOthers() => _due = false;

    /// <inheritdoc/>
    public async Task Step(NpgsqlConnection db, CancellationToken cancel)
    {
        int deleted = await Sessions.Ask(
            db, delete, a => a.Add(time.GetUtcNow() - age).Add(RowsAStep),
            (row, _) => new ValueTask<int>(row.RecordsAffected), cancel).ConfigureAwait(false);
        _due = deleted == RowsAStep;
    }

    private static string Items(string which) => "delete from work_item" + Of("work_item", $"{which} and at < $1", "at");

    /// <summary>Of the states at rest. A program that does not know of rests makes a version that its row's is none of.</summary>
    private static string Idle(string which) => Of("work_state", $"{which} and rest_version = version and idle_at < $1", "idle_at");

    /// <summary>Asked once more of the row that is changed: it may have become another since it was found.</summary>
    private static string Of(string table, string which, string age) =>
        $" where ctid = any(array(select ctid from {table} where {which} order by {age} limit $2)) and {which}";
}
