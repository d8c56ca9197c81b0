using EsoCore.Tests.Support;
using Npgsql;

namespace EsoCore.Tests.Workflows;

/// <summary>
/// Holds back what a grain writes over its stored state, within the database: a commit that was sent stays there, whatever becomes of who
/// sent it, and is carried out when the row is let go. The commit that makes the row passes.
/// </summary>
internal sealed class HeldRow : IAsyncDisposable
{
    /// <summary>The lock that commits wait for, of all that may be held in a database.</summary>
    private const string LockKey = "7, 7";

    private readonly NpgsqlConnection _holder;

    private HeldRow(string connectionString) => _holder = new(connectionString + ";Pooling=false;CommandTimeout=60");

    /// <summary>Takes hold of a grain's state, which need not be there yet.</summary>
    public static async Task<HeldRow> Take(string connectionString, string owner)
    {
        var row = new HeldRow(connectionString);
        await row._holder.OpenAsync();
        await row.Ask($"select pg_advisory_lock({LockKey})");
        await row.Ask(
            $"""
            create function wait_in_line() returns trigger language plpgsql as
                $$ begin perform pg_advisory_xact_lock_shared({LockKey}); return new; end $$;
            create trigger wait_in_line before update on work_state for each row when (new.owner = '{owner}')
                execute function wait_in_line();
            """);
        return row;
    }

    /// <summary>Waits until so many commits are held back.</summary>
    public Task Holds(int commits) => Eventually.Holds(
        async () => await Ask(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' "
            + "and query like '%work_state%'") is long held && held == commits,
        () => $"There never were {commits} commits held back.");

    /// <summary>Lets them be carried out, in the order in which they came.</summary>
    public Task LetGo() => Ask($"select pg_advisory_unlock({LockKey})");

    public ValueTask DisposeAsync() => _holder.DisposeAsync();

    private async Task<object?> Ask(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _holder);
        return await command.ExecuteScalarAsync();
    }
}
