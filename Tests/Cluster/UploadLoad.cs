using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EsoCore.Api;
using EsoCore.Assets;
using EsoCore.Devices;
using EsoCore.Grains.Projects;
using EsoCore.Telemetry;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Cluster;

/// <summary>
/// Devices that upload without a pause, each one batch after the other and each batch until it is acknowledged, through one process as by
/// its front door. Every batch holds points and one opened cycle.
/// </summary>
internal sealed class UploadLoad : IAsyncDisposable
{
    private const int PointsEach = 3;
    private const int RecordsEach = PointsEach + 1;
    private const int Assets = 4;

    private static int _loads;

    private readonly ProductCluster _cluster;
    private readonly string _name = $"L{Interlocked.Increment(ref _loads)}";
    private readonly DateTimeOffset _start;
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly ConcurrentDictionary<Guid, int> _batches = new();
    private readonly ImmutableArray<Guid> _devices;
    private readonly Task[] _uploaders;
    private volatile bool _stopped;
    private int _acknowledged;

    public UploadLoad(ProductCluster cluster, IGrainFactory grains, ImmutableArray<Guid> devices)
    {
        (_cluster, _devices) = (cluster, devices);
        var now = TimeProvider.System.GetUtcNow();
        _start = now.AddHours(-2).AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond));
        _uploaders =
        [
            .. devices.Select((id, i) => Task.Run(() => Upload(id, grains.GetGrain<IDeviceGrain>(id.ToString("D")), AssetCode(i)))),
        ];
    }

    /// <summary>Calls that failed, or were answered otherwise than by an acknowledgement.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>A batch of one point, or of a cycle's beginning at an asset, for a test that uploads by itself.</summary>
    public static BatchUpload SingleBatch(string? asset = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        var what = asset is null
            ? "\"series\":\"temp\",\"val\":1,\"unit\":\"C\"" : $"\"series\":\"cycle_open\",\"val\":null,\"asset_id\":\"{asset}\"";
        var body = Encoding.UTF8.GetBytes($$"""[{"ts":"{{now:yyyy-MM-ddTHH:mm:ss.ffffffZ}}",{{what}}}]""");
        return Batch(Guid.NewGuid(), body);
    }

    /// <summary>Waits until so many more batches are acknowledged.</summary>
    public Task Acknowledged(int more)
    {
        var goal = Volatile.Read(ref _acknowledged) + more;
        return Eventually.Holds(
            () => Task.FromResult(Volatile.Read(ref _acknowledged) >= goal),
            () => $"The uploads stand still.\n{LastFailure}");
    }

    /// <summary>Stops uploading; each device's last batch is acknowledged.</summary>
    public Task Stop()
    {
        _stopped = true;
        return Task.WhenAll(_uploaders);
    }

    /// <summary>Whether what was acknowledged is stored once, and nothing else is, and the twins agree with it.</summary>
    public async Task CheckStored()
    {
        foreach (var id in _devices)
        {
            var batches = _batches[id];
            var points = await _cluster.Points(id);
            Assert.Equal(
                Enumerable.Range(0, batches * PointsEach).Select(i => (TimeOf(i), (double)i)),
                points.Select(p => (p.Ts, p.Value)).Order());
            var twin = (await _cluster.Device(id).GetTwin(_cluster.Scope))!;
            Assert.Equal((batches, batches * RecordsEach, 0, 0),
                (twin.Counters.Batches, twin.Counters.Accepted, twin.Counters.Duplicates, twin.Counters.Rejected));
            var series = Assert.Single(twin.Series);
            Assert.Equal((points.Count, points.Count - 1), (series.Points, series.LastValue));
        }
    }

    /// <summary>Whether each acknowledged batch's cycle is counted once by its asset, in the end.</summary>
    public async Task CheckAssets()
    {
        foreach (var asset in _devices.Select((id, i) => (Code: AssetCode(i), Batches: _batches[id])).GroupBy(d => d.Code, d => d.Batches))
        {
            var grain = _cluster.Silos.Client.GetGrain<IAssetGrain>(ProjectKey.Of(_cluster.ProjectId, asset.Key));
            long? opened = null;
            await Eventually.Holds(
                async () =>
                {
                    try
                    {
                        return (opened = (await grain.Get())?.Cycles.Opened) >= asset.Sum();
                    }
                    catch (SiloUnavailableException)
                    {
                        return false; // A process that got no time for seconds asks first whether it still belongs to the others.
                    }
                },
                () => $"Asset {asset.Key} counts {opened} of {asset.Sum()} cycles.");
            Assert.Equal(asset.Sum(), opened);
        }
    }

    public async ValueTask DisposeAsync() => await Stop();

    private string LastFailure => _failures.LastOrDefault() ?? "";

    private string AssetCode(int device) => $"{_name}-A{device % Assets}";

    private DateTimeOffset TimeOf(int point) => _start.AddMilliseconds(10 * point);

    private async Task Upload(Guid id, IDeviceGrain device, string asset)
    {
        for (var number = 0; number == 0 || !_stopped; number++)
        {
            var body = Encoding.UTF8.GetBytes(Body(number, asset));
            var batchId = Guid.NewGuid();
            await Eventually.Holds(
                () => TryUpload(device, batchId, body), () => $"Device {id} could not upload.\n{LastFailure}");
            _batches[id] = number + 1;
            Interlocked.Increment(ref _acknowledged);
        }
    }

    private async Task<bool> TryUpload(IDeviceGrain device, Guid batchId, byte[] body)
    {
        try
        {
            var answer = await TelemetryDoor.UploadOrRepeat(device, Batch(batchId, body), TimeProvider.System, () => { });
            if (answer.Outcome is UploadOutcome.Accepted or UploadOutcome.Replayed)
                return true;
            _failures.Enqueue($"{answer.Outcome}: {answer.Detail}");
        }
        catch (Exception error)
        {
            _failures.Enqueue(error.ToString());
        }

        return false;
    }

    private static BatchUpload Batch(Guid id, byte[] body) => new(
        new DeviceCall(TimeProvider.System.GetUtcNow()), id, Convert.ToHexStringLower(SHA256.HashData(body)), BatchFormat.Json, null, body);

    private string Body(int number, string asset)
    {
        var first = number * PointsEach;
        var points = Enumerable.Range(first, PointsEach)
            .Select(i => $$"""{"ts":"{{Text(i)}}","series":"temp","val":{{i}},"unit":"C","asset_id":null}""");
        var cycle = $$"""{"ts":"{{Text(first)}}","series":"cycle_open","val":null,"unit":null,"asset_id":"{{asset}}"}""";
        return $"[{string.Join(',', points.Append(cycle))}]";
    }

    private string Text(int point) => TimeOf(point).ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
}
