using System.Security.Cryptography;
using System.Text;
using EsoCore.Devices;
using EsoCore.Grains.Anomalies;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Projects;
using EsoCore.Telemetry;
using EsoCore.Tests.Devices;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Rules;

/// <summary>What detectors have learnt, as it stands in its row beside the twin.</summary>
public sealed class DetectorRowsTests : IAsyncLifetime
{
    private const double Now = 7_200; // Where the clock begins.

    private GrainCluster _cluster = null!;
    private Guid _device;

    public async Task InitializeAsync()
    {
        _cluster = await GrainCluster.StartAsync();
        var created = await _cluster.Client.GetGrain<IInstallationGrain>(IInstallationGrain.Key).CreateProject("Test");
        var made = await _cluster.Client.GetGrain<IProjectGrain>(created.Project.Id.ToString("D")).CreateDevice(new NewDevice(
            "S-1", "DOOR-LOGGER", null, System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active,
            false));
        _device = made.Current!.Value.Device.DeviceId;
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Upload_WhoseCommitIsRefused_TeachesNothing()
    {
        _cluster.Stores.Fault = method => method == "Commit" ? new StorageUnavailableException("away") : null;
        Assert.Equal(UploadOutcome.Unavailable, await Upload(Now));
        _cluster.Stores.Fault = null;
        Assert.Null(await Row());
        Assert.Equal(UploadOutcome.Accepted, await Upload(Now));
        Assert.Equal(1, await Counted());
    }

    [Fact]
    public async Task Upload_WhenTheRowCouldNotBeRead_NeverGoesOverIt()
    {
        Assert.Equal(UploadOutcome.Accepted, await Upload(Now, "sd_error"));
        await _cluster.RestartAsync();
        for (var minutes = 10; minutes <= 90; minutes += 10)
        {
            _cluster.Time.Advance(TimeSpan.FromMinutes(10));
            _cluster.Stores.Fault = method => minutes == 10 && method == "ReadState" ? new StorageUnavailableException("away") : null;
            Assert.Equal(UploadOutcome.Accepted, await Upload(Now + (60 * minutes)));
        }

        // What was learnt before is still there, beside what was learnt since it could be read again.
        var row = await Row();
        Assert.Equal(["e:sd_error", "e:watchdog_reset"], DetectorSet.Read(row!.Json, row.Etag).Detectors.Keys.Order());
    }

    [Fact]
    public async Task Upload_OnceAnHourByAnActivationEach_IsLearnt()
    {
        for (var hour = 0; hour < 3; hour++)
        {
            Assert.Equal(UploadOutcome.Accepted, await Upload(Now + (3_600 * hour)));
            await _cluster.RestartAsync(TimeSpan.FromHours(1));
        }

        Assert.Equal(3, await Counted());
    }

    private async Task<UploadOutcome> Upload(double second, string type = "watchdog_reset")
    {
        var body = Encoding.UTF8.GetBytes($"[{Records.Event(type, second)}]");
        var batch = new BatchUpload(
            new DeviceCall(_cluster.Time.GetUtcNow()), Guid.NewGuid(), Convert.ToHexStringLower(SHA256.HashData(body)), BatchFormat.Json,
            null, body);
        return (await _cluster.Client.GetGrain<IDeviceGrain>(_device.ToString("D")).Upload(batch)).Outcome;
    }

    private Task<GrainStateRow?> Row() =>
        ((IGrainStateStore)_cluster.Stores).Read("device", _device.ToString("D"), "detectors", CancellationToken.None);

    /// <summary>Events that the stored detector counts in the last day.</summary>
    private async Task<int> Counted()
    {
        var row = await Row();
        return EventRate.Load(DetectorSet.Read(row!.Json, row.Etag).Find("e:watchdog_reset")).Judge().Count;
    }
}
