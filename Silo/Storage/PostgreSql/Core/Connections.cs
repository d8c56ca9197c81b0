using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>The pools of one storage, each with what its statements need of a session.</summary>
internal static class Connections
{
    /// <summary>Seconds without traffic after which a commit connection asks whether the server is still there.</summary>
    private const int KeepAliveSeconds = 2;

    // The plan of a commit is made once and kept: row by row through indexes, which is right on an empty table and on a full one. The
    // planner left to itself would choose by what it believes of tables that were empty when it was asked.
    private const string CommitSettings =
        "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off " +
        "-c enable_bitmapscan=off -c jit=off -c synchronous_commit=on";

    private const string ReadSettings = "-c jit=off -c idle_in_transaction_session_timeout=30s";

    private const string UpkeepSettings = "-c jit=off -c enable_seqscan=off";

    /// <summary>For groups of device commits.</summary>
    public static NpgsqlDataSource ForCommits(PostgresStorageOptions options) =>
        Make(options, "commit", CommitSettings, options.CommitConnections, b =>
        {
            b.KeepAlive = KeepAliveSeconds;
            b.Options = Limited(CommitSettings, options);
        });

    /// <summary>For reads and single writes.</summary>
    public static NpgsqlDataSource ForReads(PostgresStorageOptions options) =>
        Make(options, "read", ReadSettings, options.MaxPoolSize, b =>
        {
            b.MaxAutoPrepare = 128;
            b.AutoPrepareMinUsages = 2;
            b.Options = Limited(ReadSettings, options);
        });

    /// <summary>For merging, retention and months.</summary>
    public static NpgsqlDataSource ForUpkeep(PostgresStorageOptions options) =>
        Make(options, "upkeep", UpkeepSettings, 2, b =>
        {
            b.MaxAutoPrepare = 64;
            b.AutoPrepareMinUsages = 2;
            b.CommandTimeout = 60;

            // Waits for locks a moment only: what is due can be done later.
            b.Options = $"{UpkeepSettings} -c lock_timeout={(int)options.UpkeepLockTimeout.TotalMilliseconds}";
        });

    /// <summary>The server gives up before the caller does, so that most late writes are known not to have happened.</summary>
    private static string Limited(string settings, PostgresStorageOptions options) =>
        $"{settings} -c statement_timeout={(int)(options.CallTimeout.TotalMilliseconds * 0.9)}";

    private static NpgsqlDataSource Make(
        PostgresStorageOptions options, string use, string settings, int size, Action<NpgsqlConnectionStringBuilder> adjust)
    {
        var text = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        text.ApplicationName = $"{text.ApplicationName ?? "esocore"} {use}";
        text.MaxPoolSize = size;
        text.MinPoolSize = 0;
        text.Timeout = (int)options.ConnectTimeout.TotalSeconds;
        text.CommandTimeout = Math.Max(1, (int)Math.Ceiling(options.CallTimeout.TotalSeconds));
        text.CancellationTimeout = 500;
        text.NoResetOnClose = true;
        text.IncludeErrorDetail = false;
        string? own = text.Options;
        text.Options = settings;
        adjust(text);
        text.Options = $"{own} {text.Options}".Trim();
        return new NpgsqlDataSourceBuilder(text.ConnectionString).Build();
    }
}
