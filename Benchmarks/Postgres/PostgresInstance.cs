using System.Diagnostics;
using System.Globalization;
using EsoCore.Benchmarks.Server;
using Npgsql;

namespace EsoCore.Benchmarks.Postgres;

/// <summary>
/// A PostgreSQL server of this process's own in a temporary folder, on a free port of 127.0.0.1. It refuses to run as root, so root starts
/// it as the user postgres. It ends with this process, however that ends.
/// </summary>
public sealed class PostgresInstance : IAsyncDisposable
{
    private const string Versions = "/usr/lib/postgresql";
    private const int OldestVersion = 15;

    /// <summary>As durable as in production, with memory for a small machine.</summary>
    public const string Durable =
        """
        fsync = on
        synchronous_commit = on
        shared_buffers = 512MB
        max_wal_size = 8GB
        checkpoint_timeout = 15min
        """;

    /// <summary>
    /// Seconds that a start or a stop may take: on a busy machine a server that failed is not well again within the minute of
    /// <c>pg_ctl</c>.
    /// </summary>
    private const string Patience = "300";

    private readonly string _folder;
    private readonly HeldPort _port = new();

    private PostgresInstance(string folder, string programs) => (_folder, Programs) = (folder, programs);

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port => _port.Number;

    /// <summary>The process that has all others of the server as children.</summary>
    public int ProcessId => int.Parse(File.ReadLines(Path.Combine(DataFolder, "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>The folder of the server's programs.</summary>
    public string Programs { get; }

    private string DataFolder => Path.Combine(_folder, "data");

    private static string AsOwner => Environment.UserName == "root" ? "runuser -u postgres --" : "";

    /// <summary>Makes and starts a server.</summary>
    /// <param name="settings">Lines of <c>postgresql.conf</c>.</param>
    /// <exception cref="InvalidOperationException">No server of version 15 or later is installed, or it does not start.</exception>
    public static async Task<PostgresInstance> Launch(string settings)
    {
        var folder = Directory.CreateTempSubdirectory("esocore-pg-").FullName;
        var server = new PostgresInstance(folder, FindPrograms());
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
            {settings}
            """);
        server.Start();
        return server;
    }

    /// <summary>How to reach a database of it.</summary>
    public string ConnectionString(string database) => $"Host=127.0.0.1;Port={Port};Username=postgres;Database={database}";

    /// <summary>Starts it, and waits until it serves.</summary>
    public void Start() =>
        RunAsOwner("pg_ctl", "-D", DataFolder, "-w", "-t", Patience, "-s", "-l", Path.Combine(_folder, "log"), "start");

    /// <summary>Stops it; <paramref name="immediately"/> is as if the machine had failed.</summary>
    public void Stop(bool immediately) =>
        RunAsOwner("pg_ctl", "-D", DataFolder, "-w", "-t", Patience, "-s", "-m", immediately ? "immediate" : "fast", "stop");

    /// <summary>Runs a statement.</summary>
    public async Task Execute(string database, string sql)
    {
        await using var db = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false;CommandTimeout=600;Timeout=60");
        await db.OpenAsync();
        await using var command = new NpgsqlCommand(sql, db);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The one value that a statement answers.</summary>
    public async Task<T> Ask<T>(string database, string sql)
    {
        await using var db = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false;CommandTimeout=600;Timeout=60");
        await db.OpenAsync();
        await using var command = new NpgsqlCommand(sql, db);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Runs one of the server's programs as its owner and answers what it printed.</summary>
    public string RunAsOwner(string program, params string[] arguments)
    {
        var path = Path.Combine(Programs, program);
        return Environment.UserName == "root" ? Run("runuser", ["-u", "postgres", "--", path, .. arguments]) : Run(path, arguments);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(DataFolder, "postmaster.pid")))
            Stop(immediately: true);
        _port.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>A shell that waits for this process to end, and then stops the server and clears up.</summary>
    private void Guard()
    {
        var stop = $"{AsOwner} {Path.Combine(Programs, "pg_ctl")} -D {DataFolder} -m immediate stop";
        var script = $"tail --pid={Environment.ProcessId} -f /dev/null; [ -d {_folder} ] && {{ {stop}; rm -rf {_folder}; }}";
        Run("sh", "-c", $"setsid sh -c '{script}' </dev/null >/dev/null 2>&1 &");
    }

    private static string Run(string program, params string[] arguments)
    {
        // The output goes to a file: a server that stays behind would hold a pipe open.
        var output = Path.GetTempFileName();
        try
        {
            var line = string.Join(' ', arguments.Prepend(program).Select(a => $"'{a.Replace("'", "'\\''")}'"));
            using var process = Process.Start(new ProcessStartInfo("sh", ["-c", $"cd / && {line} </dev/null >'{output}' 2>&1"]))!;
            process.WaitForExit();
            var text = File.ReadAllText(output);
            return process.ExitCode == 0 ? text : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {text}");
        }
        finally
        {
            File.Delete(output);
        }
    }

    private static string FindPrograms()
    {
        var newest = Directory.Exists(Versions)
            ? Directory.GetDirectories(Versions).Where(d => File.Exists(Path.Combine(d, "bin", "postgres")))
                .Select(d => int.TryParse(Path.GetFileName(d), out var number) ? number : 0).Where(v => v >= OldestVersion).DefaultIfEmpty().Max()
            : 0;
        return newest > 0
            ? Path.Combine(Versions, $"{newest}", "bin")
            : throw new InvalidOperationException($"There is no PostgreSQL {OldestVersion} or later in {Versions}: install Debian's postgresql.");
    }
}
