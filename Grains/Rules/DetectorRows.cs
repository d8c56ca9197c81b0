using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Rules;

/// <summary>
/// Reads and writes what detectors have learnt. It is worth a row now and then, and never a batch: failures are passed over.
/// </summary>
internal sealed class DetectorRows(IGrainStateStore store, ILogger<DetectorRows> log)
{
    private const string GrainType = "device";
    private const string StateName = "detectors";

    internal async ValueTask<DetectorSet> Read(Guid deviceId, long nowUs)
    {
        try
        {
            var row = await store.Read(GrainType, deviceId.ToString("D"), StateName, CancellationToken.None);
            return row is null ? DetectorSet.Empty with { SavedUs = nowUs } : DetectorSet.Read(row.Json, row.Etag, nowUs);
        }
        catch (Exception error)
        {
            log.LogWarning(error, "What the detectors of device {DeviceId} had learnt cannot be read; they begin anew", deviceId);
            return DetectorSet.Empty with { SavedUs = nowUs };
        }
    }

    /// <summary>Writes the set if it was not for a while; the set with when it was.</summary>
    internal async ValueTask<DetectorSet> SaveIfDue(Guid deviceId, DetectorSet set, long nowUs)
    {
        if (nowUs - set.SavedUs < (long)RuleLimits.DetectorsSaved.TotalMicroseconds)
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
}
