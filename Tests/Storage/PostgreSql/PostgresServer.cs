using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Tests.Support;
using Npgsql;

namespace EsoCore.Tests.Storage.PostgreSql;

/// <summary>
/// A PostgreSQL server of the tests' own in a temporary folder, started when first asked for. One is shared by the whole run and ends with
/// it; tests that stop or kill a server start another. It refuses to run as root, so root starts it as the user postgres.
/// </summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string Versions = "/usr/lib/postgresql";
    private const int OldestVersion = 15;
    private const string Template = "esocore_template";

    /// <summary>The clock of the template's migration; tests begin here.</summary>
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Lazy<Task<PostgresServer>> SharedServer = new(() => Launch());
    private static int _databases;

    private readonly string _folder;
    private readonly string _programs;

    private PostgresServer(string folder, string programs, int port) => (_folder, _programs, Port) = (folder, programs, port);

    /// <summary>The server that most tests share.</summary>
    public static Task<PostgresServer> Shared => SharedServer.Value;

    public int Port { get; }

    private string DataFolder => Path.Combine(_folder, "data");

    /// <summary>Makes and starts a server with a migrated template.</summary>
    public static async Task<PostgresServer> Launch()
    {
        string folder = Directory.CreateTempSubdirectory("esocore-pg-").FullName;
        var server = new PostgresServer(folder, FindPrograms(), FreePort());
        if (Environment.UserName == "root")
            Run("chown", "postgres", folder);
        server.Guard();
        server.RunAsOwner("initdb", "-D", server.DataFolder, "-A", "trust", "-U", "postgres", "--no-sync", "--locale=C", "-E", "UTF8");
        await File.AppendAllTextAsync(
            Path.Combine(server.DataFolder, "postgresql.conf"),
            $"""

            listen_addresses = '127.0.0.1'
            port = {server.Port}
            unix_socket_directories = '{folder}'
            max_connections = 300
            shared_buffers = 64MB
            fsync = off
            max_wal_size = 512MB
            autovacuum = off
            """);
        server.StartAgain();
        await server.Execute("postgres", $"create database {Template}");
        await Migrator.Migrate(server.ConnectionString(Template), new FakeTimeProvider(Start), CancellationToken.None);
        return server;
    }

    public string ConnectionString(string database) => $"Host=127.0.0.1;Port={Port};Username=postgres;Database={database}";

    /// <summary>A fresh database, migrated or empty; its name.</summary>
    public async Task<string> CreateDatabase(bool migrated = true)
    {
        string name = $"test_{Interlocked.Increment(ref _databases)}";
        await Execute("postgres", $"create database {name} template {(migrated ? Template : "template0")}");
        return name;
    }

    /// <summary>Takes a database away, whoever is still connected.</summary>
    public Task DropDatabase(string name) => Execute("postgres", $"drop database if exists {name} with (force)");

    public async Task Execute(string database, string sql)
    {
        await using var db = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false;CommandTimeout=120");
        await db.OpenAsync();
        await using var command = new NpgsqlCommand(sql, db);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> Ask<T>(string database, string sql)
    {
        await using var db = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false");
        await db.OpenAsync();
        await using var command = new NpgsqlCommand(sql, db);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Starts it, and waits until it serves.</summary>
    public void StartAgain() => RunAsOwner("pg_ctl", "-D", DataFolder, "-w", "-s", "-l", Path.Combine(_folder, "log"), "start");

    /// <summary>Stops it; immediately is as if the machine had failed.</summary>
    public void Stop(bool immediately) => RunAsOwner("pg_ctl", "-D", DataFolder, "-w", "-s", "-m", immediately ? "immediate" : "fast", "stop");

    public ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(DataFolder, "postmaster.pid")))
            Stop(immediately: true);
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>A shell that waits for this process to end, however it does, and then stops the server and clears up.</summary>
    private void Guard()
    {
        string stop = $"{AsOwner} {Path.Combine(_programs, "pg_ctl")} -D {DataFolder} -m immediate stop";
        string script = $"tail --pid={Environment.ProcessId} -f /dev/null; [ -d {_folder} ] && {{ {stop}; rm -rf {_folder}; }}";
        Run("sh", "-c", $"setsid sh -c '{script}' </dev/null >/dev/null 2>&1 &");
    }

    private static string AsOwner => Environment.UserName == "root" ? "runuser -u postgres --" : "";

    private void RunAsOwner(string program, params string[] arguments)
    {
        string path = Path.Combine(_programs, program);
        if (Environment.UserName == "root")
            Run("runuser", ["-u", "postgres", "--", path, .. arguments]);
        else
            Run(path, arguments);
    }

    private static void Run(string program, params string[] arguments)
    {
        // The output goes to a file: a server that stays behind would hold a pipe open.
        string output = Path.GetTempFileName();
        try
        {
            string line = string.Join(' ', arguments.Prepend(program).Select(a => $"'{a.Replace("'", "'\\''")}'"));
            var start = new ProcessStartInfo("sh", ["-c", $"cd / && {line} </dev/null >'{output}' 2>&1"]);
            using var process = Process.Start(start)!;
            process.WaitForExit();
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {File.ReadAllText(output)}");
        }
        finally
        {
            File.Delete(output);
        }
    }

    private static string FindPrograms()
    {
        var versions = Directory.Exists(Versions)
            ? Directory.GetDirectories(Versions).Where(d => File.Exists(Path.Combine(d, "bin", "postgres"))).Select(Path.GetFileName)
                .Select(v => int.TryParse(v, out int number) ? number : 0).Where(v => v >= OldestVersion).ToList()
            : [];
        return versions.Count > 0
            ? Path.Combine(Versions, $"{versions.Max()}", "bin")
            : throw new InvalidOperationException($"There is no PostgreSQL {OldestVersion} or later in {Versions}: install Debian's postgresql.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
