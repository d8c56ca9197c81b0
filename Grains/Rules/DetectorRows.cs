using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Rules;

/// <summary>
/// Reads and writes what detectors have learnt. It is worth a row now and then, and never a batch: failures are passed over. It is written
/// after the twin's commit, so that the row never holds what a refused batch taught.
/// </summary>
internal sealed class DetectorRows(IGrainStateStore store, ILogger<DetectorRows> log)
{
    private const string GrainType = "device";
    private const string StateName = "detectors";

    /// <summary>What is stored; null when that cannot be read, and then nothing is to be learnt: it would be written over it.</summary>
    internal async ValueTask<DetectorSet?> Read(Guid deviceId)
    {
        try
        {
            var row = await store.Read(GrainType, deviceId.ToString("D"), StateName, CancellationToken.None);
            return row is null ? DetectorSet.Empty : DetectorSet.Read(row.Json, row.Etag);
        }
        catch (Exception error)
        {
            log.LogWarning(error, "What the detectors of device {DeviceId} have learnt cannot be read; they are passed over", deviceId);
            return null;
        }
    }

    /// <summary>Writes the set if it has learnt and was not written for a while; the set with when it was.</summary>
    internal async ValueTask<DetectorSet> SaveIfDue(Guid deviceId, DetectorSet set, long nowUs)
    {
        if (nowUs - set.SavedUs < (long)RuleLimits.DetectorsSaved.TotalMicroseconds
            || set.Detectors.Values.All(detector => detector.FedUs <= set.SavedUs))
            return set;
        try
        {
            var etag = await store.Write(GrainType, deviceId.ToString("D"), StateName, set.Write(), set.Etag, CancellationToken.None);
            // Another activation wrote meanwhile: the next write goes over what stands then.
            etag ??= (await store.Read(GrainType, deviceId.ToString("D"), StateName, CancellationToken.None))?.Etag;
            return set with { SavedUs = nowUs, Etag = etag };
        }
        catch (Exception error)
        {
            log.LogWarning(error, "What the detectors of device {DeviceId} have learnt cannot be written now", deviceId);
            return set with { SavedUs = nowUs };
        }
    }

    /// <summary>Says that a device has more to watch than detectors.</summary>
    internal void TellShort(Guid deviceId) => log.LogWarning(
        "Device {DeviceId} has more series or kinds of events to watch for anomalies than {Max}; those that came later are not watched",
        deviceId, RuleLimits.MaxDetectors);
}
