using EsoCore.Tests.Support;
using Npgsql;

namespace EsoCore.Tests.Workflows;

/// <summary>
/// Holds back what grains write to their stored state, within the database: a commit that was sent stays there, whatever becomes of who
/// sent it, and is carried out when the row is let go.
/// </summary>
internal sealed class HeldRow : IAsyncDisposable
{
    private readonly NpgsqlConnection _holder;
    private readonly NpgsqlConnection _watcher; // Within one transaction the server would tell the same each time.
    private NpgsqlTransaction? _holding;

    private HeldRow(string connectionString) => (_holder, _watcher) = (new(connectionString), new(connectionString));

    /// <summary>Takes hold of a grain's state as soon as there is one.</summary>
    public static async Task<HeldRow> Take(string connectionString, string owner)
    {
        var row = new HeldRow(connectionString);
        await row._holder.OpenAsync();
        await row._watcher.OpenAsync();
        row._holding = await row._holder.BeginTransactionAsync();
        await Eventually.Holds(
            async () => await Ask(row._holder, $"select version from work_state where owner = '{owner}' for update") is not null,
            () => $"{owner} has written nothing.");
        return row;
    }

    /// <summary>Waits until so many commits are held back.</summary>
    public Task Holds(int commits) => Eventually.Holds(
        async () => await Ask(
            _watcher, "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%work_state%'") is long held
            && held == commits,
        () => $"There never were {commits} commits held back.");

    /// <summary>Lets them be carried out, in the order in which they came.</summary>
    public async Task LetGo()
    {
        await _holding!.DisposeAsync();
        _holding = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_holding is not null)
            await LetGo();
        await _holder.DisposeAsync();
        await _watcher.DisposeAsync();
    }

    private static async Task<object?> Ask(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
