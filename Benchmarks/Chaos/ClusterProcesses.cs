using EsoCore.Benchmarks.Postgres;
using EsoCore.Benchmarks.Server;

namespace EsoCore.Benchmarks.Chaos;

/// <summary>Silos and front doors as processes of their own over one PostgreSQL server; each silo has a network that can be cut.</summary>
internal sealed class ClusterProcesses : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("esocore-cluster-").FullName;

    private readonly List<HeldPort> _ports = [];

    private readonly IReadOnlyDictionary<string, string> _environment;

    private ClusterProcesses(PostgresInstance postgres, PostgresTarget database, IReadOnlyDictionary<string, string>? environment) =>
        (Postgres, Database, _environment) = (postgres, database, environment ?? new Dictionary<string, string>());

    internal PostgresInstance Postgres { get; }

    internal PostgresTarget Database { get; }

    internal List<(ServerProcess Process, CutProxy Network)> Silos { get; } = [];

    internal List<ServerProcess> Doors { get; } = [];

    internal IReadOnlyList<Uri> DoorUrls => [.. Doors.Select(door => door.Url)];

    /// <summary>Starts everything and returns when all are ready.</summary>
    /// <param name="settings">Lines of the database's configuration.</param>
    /// <param name="environment">Further environment of each process.</param>
    internal static async Task<ClusterProcesses> Start(
        int silos, int doors, string settings = PostgresInstance.Durable, IReadOnlyDictionary<string, string>? environment = null)
    {
        var postgres = await PostgresInstance.Launch(settings);
        var cluster = new ClusterProcesses(postgres, await PostgresTarget.Create(postgres), environment);
        try
        {
            for (var i = 0; i < silos; i++)
                cluster.Silos.Add(cluster.NewSilo());
            // The first makes the master key that the others use.
            await cluster.Silos[0].Process.Start();
            await Task.WhenAll(cluster.Silos.Skip(1).Select(silo => silo.Process.Start()));
            for (var i = 0; i < doors; i++)
                cluster.Doors.Add(cluster.NewProcess("api"));
            await Task.WhenAll(cluster.Doors.Select(door => door.Start()));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Doors.Concat(Silos.Select(silo => silo.Process)))
            process.Dispose();
        foreach (var (_, network) in Silos)
            network.Dispose();
        foreach (var port in _ports)
            port.Dispose();
        await Database.DisposeAsync();
        await Postgres.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private (ServerProcess Process, CutProxy Network) NewSilo()
    {
        var port = new HeldPort();
        _ports.Add(port);
        var network = new CutProxy(port.Number);
        var silo = NewProcess("silo", "--cluster", $"127.0.0.1:{port.Number}");
        silo.Environment["ESOCORE__CLUSTER__ADVERTISE"] = $"127.0.0.1:{network.Port}";
        return (silo, network);
    }

    private ServerProcess NewProcess(string role, params string[] more)
    {
        var process = new ServerProcess(_folder, ["--postgres", Database.ConnectionString, "--role", role, .. more]);
        foreach (var (name, value) in _environment)
            process.Environment[name] = value;
        return process;
    }
}
