using System.Collections.Immutable;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Storage;
using EsoCore.Projects;

namespace EsoCore.Benchmarks.Upkeep;

/// <summary>Fills a store as devices do: a batch of each every two minutes, a point a second of each series, day after day.</summary>
internal sealed class FilledStore(int series, DateTimeOffset start)
{
    /// <summary>Batches a day: fewer than any threshold of merging, so that a patient store keeps them as they came.</summary>
    internal const int BatchesADay = 86_400 / SecondsABatch;

    private const int SecondsABatch = 120;

    private readonly List<(Guid Id, long No)> _made = [];
    private readonly List<long> _versions = [];

    internal Guid ProjectId { get; } = Guid.NewGuid();

    internal long Points { get; private set; }

    internal async Task MakeDevices(IDeviceStore devices, IProjectStore projects, int count)
    {
        await projects.CreateProject(new Project(ProjectId, "Upkeep", start, RetentionDays: null), Key(null), CancellationToken.None);
        for (var i = 0; i < count; i++)
        {
            var id = Guid.NewGuid();
            var registration = new DeviceRegistration(
                id, ProjectId, $"SN-{i}", "M", null, ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active, "stable", false,
                ConfigSettings.Empty, start);
            await devices.Create(registration, Key(id), CancellationToken.None);
            _made.Add((id, (await devices.Load(id, CancellationToken.None))!.DeviceNo));
            _versions.Add(0);
        }
    }

    /// <summary>Writes one batch of all devices: a commit each, which share disk writes as they do in the server.</summary>
    internal async Task WriteBatches(IDeviceStore devices, long number)
    {
        var fromUs = (start.ToUnixTimeMilliseconds() * 1_000) + (number * SecondsABatch * 1_000_000L);
        await Task.WhenAll(_made.Select((device, i) => Write(devices, device, i, fromUs)));
        Points += (long)_made.Count * series * SecondsABatch;
    }

    private async Task Write(IDeviceStore devices, (Guid Id, long No) device, int index, long fromUs)
    {
        var result = await devices.Commit(
            new DeviceCommit
            {
                DeviceId = device.Id,
                DeviceNo = device.No,
                ExpectedVersion = _versions[index],
                Twin = "{}"u8.ToArray(),
                Points = [Block(fromUs, index)],
            },
            CancellationToken.None);
        if (result.Outcome != CommitOutcome.Committed)
            throw new InvalidOperationException($"A commit ended as {result.Outcome}.");
        _versions[index]++;
    }

    private PointBlock Block(long fromUs, int seed)
    {
        var random = new Random(HashCode.Combine(fromUs, seed));
        var (ts, values) = (new long[series * SecondsABatch], new double[series * SecondsABatch]);
        for (var i = 0; i < ts.Length; i++)
        {
            ts[i] = fromUs + (i % SecondsABatch * 1_000_000L) + (i / SecondsABatch * 1_000);
            values[i] = Math.Round(20 + (10 * Math.Sin(ts[i] / 6e10)) + random.NextDouble(), 3); // As a sensor tells it.
        }

        return new PointBlock(
            Enumerable.Range(1, series).ToArray(), Enumerable.Repeat(SecondsABatch, series).ToArray(), ts, values, CorrectionUs: 0);
    }

    private NewKey Key(Guid? deviceId) => new(Guid.NewGuid(), ProjectId, deviceId, new byte[32], default, start);
}
