using System.Text.Json;
using EsoCore.Firmware;
using EsoCore.Grains.Storage;
using EsoCore.Grains.Telemetry;
using EsoCore.Wire;

namespace EsoCore.Grains.Devices;

/// <summary>Steps of a firmware update as events.</summary>
internal static class OtaEvents
{
    /// <summary>The event <c>ota_&lt;status&gt;</c>, at the time of the call.</summary>
    internal static NewEvent Make(Guid deviceId, OtaReport report)
    {
        var status = report.Status.ToString().ToLowerInvariant();
        var type = $"ota_{status}";
        var severity = report.Status switch
        {
            OtaStatus.Failed => Severity.High,
            OtaStatus.Rollback => Severity.High,
            _ => Severity.Info,
        };
        var meta = JsonSerializer.Serialize(
            new SortedDictionary<string, string>(Told(report).ToDictionary(p => p.Name, p => p.Value), StringComparer.Ordinal));
        var tsUs = Micros.Of(report.Call.ReceivedAt);
        using var hash = new BodyHash();
        hash.Add(type);
        hash.Add(meta);
        var key = new BodyKey(tsUs, hash.Finish());
        return new NewEvent(
            BatchFold.IdOf(deviceId, tsUs, key.Hash), key, type, "system", Severities.NameOf(severity), report.Error, null, null, meta);
    }

    private static IEnumerable<(string Name, string Value)> Told(OtaReport report)
    {
        if (report.Error is { } error)
            yield return ("error", error);
        if (report.Slot is { } slot)
            yield return ("slot", slot);
        if (report.Version is { } version)
            yield return ("version", version);
    }
}
