using EsoCore.Benchmarks.Server;

namespace EsoCore.Benchmarks.Small;

/// <summary>The same over HTTP: each caller has a connection of its own, so that what the sender takes of the cores is little.</summary>
internal sealed class HttpCalls
{
    private readonly LeanHttp[] _connections;
    private readonly Guid[] _devices;
    private readonly SeededProject _project;
    private readonly SmallBatches _batches;

    private HttpCalls(ServerProcess server, SeededProject project, int callers)
    {
        _project = project;
        _devices = [.. project.DeviceIds];
        _batches = new SmallBatches(DateTimeOffset.UnixEpoch.AddYears(55), _devices.Length);
        _connections = [.. Enumerable.Range(0, callers).Select(_ => new LeanHttp(server.Url))];
    }

    internal static async Task<HttpCalls> Start(ServerProcess server, int devices)
    {
        var calls = new HttpCalls(server, await SeededProject.Create(server.Url, devices), SmallBenchmark.InFlight);
        await SmallBatches.Once(SmallBenchmark.InFlight, devices, calls.Call);
        return calls;
    }

    /// <summary>Commits a second.</summary>
    internal Task<double> Run(TimeSpan duration) => SmallBatches.Load(_connections.Length, _devices.Length, duration, Call);

    private Task Call(int caller, int device)
    {
        var (body, hash) = _batches.Next(device);
        var id = _devices[device];
        return _connections[caller].Post(
            "/api/iot/v1/telemetry/batch",
            $"Content-Type: application/json\r\nX-Device-Id: {id:D}\r\nX-Auth-Key: {_project.SecretOf(id)}\r\n"
                + $"Idempotency-Key: {Guid.NewGuid():D}\r\nContent-SHA256: {hash}\r\n",
            body);
    }
}
