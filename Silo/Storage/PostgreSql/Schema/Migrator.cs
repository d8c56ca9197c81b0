using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>What stands in a database: its schema and the oldest program that it serves; 0 where there is none.</summary>
internal sealed record SchemaState(int Version, int OldestProgram);

/// <summary>
/// Brings a database to the schema that this program knows, and tells whether a program can work with the one it finds. Migrating is a
/// command: a server never does it by itself.
/// </summary>
internal static class Migrator
{
    /// <summary>Seconds that one step may take.</summary>
    private const int StepSeconds = 3_600;

    /// <summary>The advisory lock of migrations: the second half beside <see cref="Upkeep.LockClass"/>.</summary>
    private const int LockNumber = 0;

    private const string HasTable = "select to_regclass('schema_version') is not null";
    private const string ReadVersion = "select version, oldest_program from schema_version";

    /// <summary>
    /// Applies what is missing, each version in a transaction, and gives the versions applied. Several at once wait for each other.
    /// </summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="time">The clock: the months of a new database begin 36 months before.</param>
    /// <param name="cancel">Ends it between two steps.</param>
    /// <exception cref="InvalidOperationException">The database serves only newer programs.</exception>
    public static async Task<IReadOnlyList<int>> Migrate(string connectionString, TimeProvider time, CancellationToken cancel)
    {
        var text = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, CommandTimeout = StepSeconds };
        var source = NpgsqlDataSource.Create(text.ConnectionString);
        await using (source.ConfigureAwait(false))
        {
            var db = await source.OpenConnectionAsync(cancel).ConfigureAwait(false);
            await using (db.ConfigureAwait(false))
            {
                // Held by the session, over all the transactions.
                await Run(db, $"select pg_advisory_lock({Upkeep.LockClass}, {LockNumber})", cancel).ConfigureAwait(false);
                return await Apply(db, source, time, cancel).ConfigureAwait(false);
            }
        }
    }

    /// <summary>What is wrong with a database for this program, or null.</summary>
    public static string? Fault(SchemaState state) => state switch
    {
        { Version: 0 } => "The database has no EsoCore schema. Make it with: migrate --postgres \"...\"",
        _ when state.OldestProgram > SchemaFiles.Known =>
            $"The database has schema {state.Version}, which serves programs that know schema {state.OldestProgram} or later; " +
            $"this program knows {SchemaFiles.Known}. Start a newer program.",
        _ when state.Version < SchemaFiles.Known =>
            $"The database has schema {state.Version}; this program needs {SchemaFiles.Known}. Bring it up to date with: migrate --postgres \"...\"",
        _ => null,
    };

    /// <summary>Reads what stands in a database.</summary>
    public static async Task<SchemaState> Read(string connectionString, CancellationToken cancel)
    {
        var db = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await using (db.ConfigureAwait(false))
        {
            await db.OpenAsync(cancel).ConfigureAwait(false);
            return await Read(db, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Reads what stands in a database.</summary>
    public static async Task<SchemaState> Read(NpgsqlConnection db, CancellationToken cancel)
    {
        bool exists = await Sessions.Ask(
            db, HasTable, static _ => { }, async (row, stop) => await row.ReadAsync(stop).ConfigureAwait(false) && row.GetBoolean(0), cancel)
            .ConfigureAwait(false);
        if (!exists)
            return new(0, 0);
        return await Sessions.Ask(
            db, ReadVersion, static _ => { },
            async (row, stop) => await row.ReadAsync(stop).ConfigureAwait(false)
                ? new SchemaState(row.Int(0), row.Int(1))
                : throw new InvalidOperationException("The database has an empty schema_version table."),
            cancel).ConfigureAwait(false);
    }

    private static async Task<IReadOnlyList<int>> Apply(NpgsqlConnection db, NpgsqlDataSource source, TimeProvider time, CancellationToken cancel)
    {
        var state = await Read(db, cancel).ConfigureAwait(false);
        if (state.OldestProgram > SchemaFiles.Known)
            throw new InvalidOperationException(Fault(state));
        var applied = new List<int>();
        foreach (var (version, sql) in SchemaFiles.After(state.Version))
        {
            var transaction = await db.BeginTransactionAsync(cancel).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                // Each file sets schema_version itself, so that a file and its number cannot part.
                await Run(db, sql, cancel).ConfigureAwait(false);
                var now = await Read(db, cancel).ConfigureAwait(false);
                if (now.Version != version)
                    throw new InvalidOperationException($"Step {version} of the schema says that it is {now.Version}.");
                await transaction.CommitAsync(cancel).ConfigureAwait(false);
            }

            applied.Add(version);
        }

        await MakePartitions(db, source, time, cancel).ConfigureAwait(false);
        return applied;
    }

    /// <summary>The early partitions and those of the near future, where they are not there yet.</summary>
    private static async Task MakePartitions(NpgsqlConnection db, NpgsqlDataSource source, TimeProvider time, CancellationToken cancel)
    {
        var start = PartitionedTable.MonthOf(time.GetUtcNow()).AddMonths(-Partitions.MonthsBack);
        await Sessions.Ask(
            db, "insert into partition_start values (1, $1) on conflict do nothing", a => a.Add(start),
            (row, _) => new ValueTask<int>(row.RecordsAffected), cancel).ConfigureAwait(false);
        var partitions = new Partitions(source, time);
        await partitions.CreateEarly(db, cancel).ConfigureAwait(false);
        await partitions.CreateAhead(db, cancel).ConfigureAwait(false);
    }

    private static async Task Run(NpgsqlConnection db, string sql, CancellationToken cancel)
    {
        var command = new NpgsqlCommand(sql, db);
        await using (command.ConfigureAwait(false))
            await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
    }
}
