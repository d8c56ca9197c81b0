using EsoCore.Benchmarks.Postgres;
using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Tests.Support;
using Npgsql;

namespace EsoCore.Tests.Storage.PostgreSql;

/// <summary>
/// A PostgreSQL server of the tests' own with a migrated template, started when first asked for. One is shared by the whole run and ends
/// with it; tests that stop or kill a server start another.
/// </summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string Template = "esocore_template";

    /// <summary>How often the server is asked to drop a database.</summary>
    private const int MaxDrops = 12;

    /// <summary>Tests stop processes, never the machine, so nothing needs to reach the disk.</summary>
    private const string Settings =
        """
        shared_buffers = 64MB
        fsync = off
        max_wal_size = 512MB
        autovacuum = off
        """;

    /// <summary>The clock of the template's migration; tests begin here.</summary>
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Lazy<Task<PostgresServer>> SharedServer = new(() => Launch());
    private static int _databases;

    private readonly PostgresInstance _instance;

    private PostgresServer(PostgresInstance instance) => _instance = instance;

    /// <summary>The server that most tests share.</summary>
    public static Task<PostgresServer> Shared => SharedServer.Value;

    public int Port => _instance.Port;

    /// <summary>Makes and starts a server with a migrated template.</summary>
    public static async Task<PostgresServer> Launch()
    {
        var server = new PostgresServer(await PostgresInstance.Launch(Settings));
        await server.Execute("postgres", $"create database {Template}");
        await Migrator.Migrate(server.ConnectionString(Template), new FakeTimeProvider(Start), CancellationToken.None);

        // A connection that was closed ends a little later, and no database is copied while one is open.
        await Eventually.Holds(
            async () => await server.Ask<long>("postgres", $"select count(*) from pg_stat_activity where datname = '{Template}'") == 0,
            () => "Somebody is still connected to the template.");

        return server;
    }

    public string ConnectionString(string database) => _instance.ConnectionString(database);

    /// <summary>A fresh database, migrated or empty; its name.</summary>
    public async Task<string> CreateDatabase(bool migrated = true)
    {
        string name = $"test_{Interlocked.Increment(ref _databases)}";
        await Execute("postgres", $"create database {name} template {(migrated ? Template : "template0")}");
        return name;
    }

    /// <summary>Takes a database away, whoever is still connected.</summary>
    public async Task DropDatabase(string name)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await Execute("postgres", $"drop database if exists {name} with (force)");
                return;
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.ObjectInUse && attempt < MaxDrops)
            {
                // The server ends the connections and gives them five seconds for it.
            }
        }
    }

    public Task Execute(string database, string sql) => _instance.Execute(database, sql);

    public Task<T> Ask<T>(string database, string sql) => _instance.Ask<T>(database, sql);

    /// <summary>Starts it, and waits until it serves.</summary>
    public void StartAgain() => _instance.Start();

    /// <summary>Stops it; immediately is as if the machine had failed.</summary>
    public void Stop(bool immediately) => _instance.Stop(immediately);

    public ValueTask DisposeAsync() => _instance.DisposeAsync();
}
