using System.Collections.Immutable;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains;
using EsoCore.Grains.Projects;
using EsoCore.Projects;
using EsoCore.Silo.Hosting;
using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Benchmarks.Small;

/// <summary>The device grains of one silo in this process, over the real storage.</summary>
internal sealed class GrainCalls : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("esocore-bench-").FullName;
    private readonly InProcessTestCluster _cluster;
    private readonly IDeviceGrain[] _devices;
    private readonly SmallBatches _batches;
    private readonly Guid[] _ids;

    private GrainCalls(string connection, int devices, int? commitConnections)
    {
        var storage = new PostgresStorageOptions { ConnectionString = connection };
        storage.CommitConnections = commitConnections ?? storage.CommitConnections;
        var keys = MasterKeyFile.Open(_folder);
        _devices = new IDeviceGrain[devices];
        _ids = new Guid[devices];
        _batches = new SmallBatches(DateTimeOffset.UnixEpoch.AddYears(55), devices);
        _cluster = new InProcessTestClusterBuilder(1)
            .ConfigureHost(host =>
            {
                host.Services.AddSingleton<IInstallationKeys>(keys);
                host.Services.AddPostgresStorage(storage);
                host.Services.AddEsoCoreGrains();
            })
            .ConfigureSilo((_, silo) => silo
                .AddGrainAssembly(typeof(GrainServices).Assembly)
                .AddMemoryGrainStorage(StateStorageAdapter.Name)
                .UseInMemoryReminderService()
                .AddTransitionStreams())
            .Build();
    }

    /// <summary>The project of the devices.</summary>
    internal Scope Scope { get; private set; } = new(Guid.Empty);

    /// <summary>Registers devices; warm: each has sent one batch. Commits go over so many connections, by default as many as in production.</summary>
    internal static async Task<GrainCalls> Start(string connection, int devices, bool warm = true, int? commitConnections = null)
    {
        var calls = new GrainCalls(connection, devices, commitConnections);
        await calls._cluster.DeployAsync();
        var grains = calls._cluster.GrainFactory;
        var created = await grains.GetGrain<IInstallationGrain>(IInstallationGrain.Key).CreateProject("bench");
        calls.Scope = new Scope(created.Project.Id);
        var project = grains.GetGrain<IProjectGrain>(created.Project.Id.ToString("D"));
        await SmallBatches.Once(SmallBenchmark.InFlight, devices, async (_, i) =>
        {
            var made = await project.CreateDevice(
                new NewDevice($"S-{i}", "LOGGER", null, ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active, false));
            calls._ids[i] = made.Current!.Value.Device.DeviceId;
            calls._devices[i] = grains.GetGrain<IDeviceGrain>(calls._ids[i].ToString("D"));
        });
        if (warm)
            await SmallBatches.Once(SmallBenchmark.InFlight, devices, calls.Call);
        return calls;
    }

    /// <summary>Commits a second.</summary>
    internal Task<double> Run(TimeSpan duration) => SmallBatches.Load(SmallBenchmark.InFlight, _devices.Length, duration, Call);

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    internal Guid DeviceId(int device) => _ids[device];

    private Task Call(int caller, int device)
    {
        var (body, hash) = _batches.Next(device);
        return Upload(device, body, hash);
    }

    /// <summary>Uploads a batch under a fresh id.</summary>
    internal async Task Upload(int device, byte[] body, string hash)
    {
        var answer = await _devices[device].Upload(
            new BatchUpload(new DeviceCall(TimeProvider.System.GetUtcNow()), Guid.NewGuid(), hash, BatchFormat.Json, null, body));
        if (answer.Outcome != UploadOutcome.Accepted)
            throw new InvalidOperationException($"{answer.Outcome}: {answer.Detail}");
    }
}
