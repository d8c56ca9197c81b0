using System.Globalization;
using System.Text.RegularExpressions;
using EsoCore.Benchmarks.Postgres;

namespace EsoCore.Benchmarks.Small;

/// <summary>The plain way: pgbench updates one row of 1 KB by its key, in a transaction of its own, by a prepared statement.</summary>
internal sealed partial class RowUpdates
{
    private const string Database = "rows";

    private readonly PostgresInstance _server;
    private readonly string _script;

    private RowUpdates(PostgresInstance server, string script) => (_server, _script) = (server, script);

    internal static async Task<RowUpdates> Create(PostgresInstance server, int rows)
    {
        await server.Execute("postgres", $"create database {Database}");
        await server.Execute(
            Database,
            $"""
            create table device(id integer primary key, version bigint not null, body bytea not null) with (fillfactor = 50);
            alter table device alter column body set storage external;
            insert into device select i, 0, decode(repeat('7a', 1024), 'hex') from generate_series(1, {rows}) as i;
            """);
        await server.Execute(Database, "vacuum analyze device");
        // In the server's own folder: the user that runs it can read there.
        var script = Path.Combine(Directory.CreateTempSubdirectory("esocore-bench-").FullName, "update.sql");
        await File.WriteAllTextAsync(
            script,
            $"""
            \set id random(1, {rows})
            update device set version = version + 1, body = decode(repeat('7b', 1024), 'hex') where id = :id;
            """);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path.GetDirectoryName(script)!, (UnixFileMode)0b111_101_101);
            File.SetUnixFileMode(script, (UnixFileMode)0b110_100_100);
        }

        return new RowUpdates(server, script);
    }

    /// <summary>Updates a second.</summary>
    internal async Task<double> Run(int seconds)
    {
        await _server.Execute("postgres", "checkpoint");
        var output = _server.RunAsOwner(
            "pgbench", "-h", "127.0.0.1", "-p", $"{_server.Port}", "-U", "postgres", "-n", "-M", "prepared", "-c", $"{SmallBenchmark.InFlight}",
            "-j", $"{Environment.ProcessorCount}", "-T", $"{seconds}", "-f", _script, Database);
        return double.Parse(Rate().Match(output).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"tps = ([0-9.]+)")]
    private static partial Regex Rate();
}
