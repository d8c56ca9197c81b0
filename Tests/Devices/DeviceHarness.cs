using System.Security.Cryptography;
using System.Text;
using EsoCore.Devices;
using EsoCore.Events;
using EsoCore.Grains;
using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Projects;
using EsoCore.Silo.Hosting;
using EsoCore.Silo.Storage.Sqlite;
using EsoCore.Telemetry;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace EsoCore.Tests.Devices;

/// <summary>The grains over the embedded storage in a directory of its own, with a clock that the test moves. No HTTP.</summary>
internal sealed class DeviceHarness : IAsyncDisposable
{
    private readonly string _directory;
    private readonly bool _hasIncidents;
    private InProcessTestCluster _cluster = null!;

    private DeviceHarness(string directory, bool hasIncidents) => (_directory, _hasIncidents) = (directory, hasIncidents);

    internal FakeTimeProvider Time { get; } = new();

    internal SqliteStorage Storage { get; private set; } = null!;

    internal IGrainFactory Grains => _cluster.Client;

    internal Guid ProjectId { get; private set; }

    internal Scope Scope => new(ProjectId);

    internal IHistory History => Storage.History;

    /// <summary>
    /// Starts it. Without incidents, what is told to them stays in the outbox for a test to look at; Orleans' streams then try to reach
    /// them for a minute, and other receivers may wait meanwhile.
    /// </summary>
    internal static async Task<DeviceHarness> Start(bool withIncidents = false)
    {
        var harness = new DeviceHarness(Directory.CreateTempSubdirectory("esocore-test-").FullName, withIncidents);
        await harness.Open();
        var created = await harness.Grains.GetGrain<IInstallationGrain>(IInstallationGrain.Key).CreateProject("Test");
        harness.ProjectId = created.Project.Id;
        return harness;
    }

    /// <summary>A new device; its id.</summary>
    internal async Task<Guid> AddDevice(string? site = null, string serial = "S-1")
    {
        var made = await Grains.GetGrain<IProjectGrain>(ProjectId.ToString("D")).CreateDevice(
            new NewDevice(serial, "DOOR-LOGGER", site, System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active, false));
        return made.Current!.Value.Device.DeviceId;
    }

    internal IDeviceGrain Device(Guid id) => Grains.GetGrain<IDeviceGrain>(id.ToString("D"));

    /// <summary>Uploads records under a fresh batch id.</summary>
    internal Task<UploadAnswer> Upload(Guid device, params string[] records) => Device(device).Upload(Batch(Guid.NewGuid(), records));

    internal BatchUpload Batch(Guid batchId, params string[] records)
    {
        var body = Encoding.UTF8.GetBytes($"[{string.Join(',', records)}]");
        return new BatchUpload(
            new DeviceCall(Time.GetUtcNow()), batchId, Convert.ToHexStringLower(SHA256.HashData(body)), BatchFormat.Json, null, body);
    }

    internal async Task<TwinView> Twin(Guid device) => (await Device(device).GetTwin(Scope))!;

    /// <summary>All stored points of a device.</summary>
    internal async Task<List<PointRow>> Points(Guid device)
    {
        var points = new List<PointRow>();
        string? after = null;
        do
        {
            var page = await History.ReadPoints(
                new PointQuery(Scope, device, null, null, null, null, null), new PageRequest(PageRequest.MaxLimit, after), default);
            points.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        return points;
    }

    internal async Task<List<EventRow>> Events(Guid device) =>
        [.. (await History.ReadEvents(
            new EventQuery(Scope, device, null, null, null, null, null, null, null), new PageRequest(PageRequest.MaxLimit), default)).Items];

    /// <summary>Everything in memory is lost; the files stay.</summary>
    internal async Task Restart()
    {
        await Close();
        await Open();
    }

    public async ValueTask DisposeAsync()
    {
        await Close();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task Open()
    {
        Storage = new SqliteStorage(new SqliteStorageOptions { DataDirectory = _directory }, Time, NullLogger<SqliteStorage>.Instance);
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureHost(host =>
        {
            var services = host.Services;
            services.AddTestClock(Time);
            services.AddSingleton<IInstallationKeys>(new TestKeys());
            services.AddSingleton(Storage.Devices);
            services.AddSingleton(Storage.Projects);
            services.AddSingleton(Storage.Resources);
            services.AddSingleton(Storage.Outbox);
            services.AddSingleton(Storage.History);
            services.AddSingleton(Storage.GrainStates);
            services.AddSingleton(Storage.Reminders);
            if (_hasIncidents)
                services.AddSingleton(Storage.Work);
            services.AddEsoCoreGrains();
        });
        builder.ConfigureSilo((_, silo) => silo.AddEsoCoreGrainHost());
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }

    private async Task Close()
    {
        await _cluster.DisposeAsync();
        await Storage.DisposeAsync();
    }
}
