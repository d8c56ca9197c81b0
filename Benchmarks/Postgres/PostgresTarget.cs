using EsoCore.Benchmarks.Ingest;
using EsoCore.Benchmarks.Server;
using EsoCore.Silo.Storage.PostgreSql;
using Microsoft.Extensions.Logging.Abstractions;

namespace EsoCore.Benchmarks.Postgres;

/// <summary>A database of its own on a server that all measurements of a run share.</summary>
internal sealed class PostgresTarget : IngestTarget
{
    private static int s_databases;

    private readonly PostgresInstance _server;
    private readonly string _database;

    private PostgresTarget(PostgresInstance server, string database) => (_server, _database) = (server, database);

    internal string Database => _database;

    internal string ConnectionString => _server.ConnectionString(_database);

    /// <summary>A migrated, empty database.</summary>
    internal static async Task<PostgresTarget> Create(PostgresInstance server)
    {
        var target = new PostgresTarget(server, $"bench_{Interlocked.Increment(ref s_databases)}");
        await server.Execute("postgres", $"create database {target._database}");
        await Migrator.Migrate(target.ConnectionString, TimeProvider.System, CancellationToken.None);
        // What the measurement before left to be written must not fall into this one.
        await server.Execute("postgres", "checkpoint");
        return target;
    }

    internal override Task<(double PointsPerSecond, double BytesPerPoint)> Rows(
        IReadOnlyList<GeneratedBatch> warm, IReadOnlyList<GeneratedBatch> batches) => CopyBaseline.Run(_server, _database, warm, batches);

    internal override ServerProcess Server() => new(Folder, "--postgres", ConnectionString);

    internal override async Task<(double AsTheyCame, double? Merged)> Bytes()
    {
        var asTheyCame = await SizeOf("telemetry_block") + await SizeOf("telemetry_chunk");
        var options = new PostgresStorageOptions { ConnectionString = ConnectionString };
        await using (var storage = new PostgresStorage(options, TimeProvider.System, NullLogger<PostgresStorage>.Instance))
            await storage.Settle();
        return (asTheyCame, await SizeOf("telemetry_chunk"));
    }

    public override async ValueTask DisposeAsync()
    {
        await _server.Execute("postgres", $"drop database {_database} with (force)");
        await base.DisposeAsync();
    }

    private async Task<double> SizeOf(string table) => await _server.Ask<long>(
        _database, $"select coalesce(sum(pg_total_relation_size(relid)), 0)::bigint from pg_partition_tree('{table}')");
}
