using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Correlation;

/// <summary>
/// How many devices of a project run each firmware version, counted from their rows page by page when somebody asks, and kept for a while:
/// the share of devices that something opened on must be one of all that could.
/// </summary>
internal sealed class FirmwareCensus(IDeviceStore devices, Guid projectId, TimeProvider time, ILogger log)
{
    /// <summary>How long a count is good for: versions change over days.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromHours(1);

    /// <summary>How soon one that failed is tried again.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    /// <summary>Rows read in one go.</summary>
    public const int PageSize = 5_000;

    /// <summary>Devices counted at most, the first by id: as many as a project can have.</summary>
    public const int MaxDevices = 1_000_000;

    /// <summary>Versions told apart; devices of further ones are not counted.</summary>
    public const int MaxVersions = 10_000;

    private Dictionary<FirmwareOfModel, int>? _counts;
    private DateTimeOffset _nextAt = DateTimeOffset.MinValue;

    /// <summary>Devices in service by model and version; the last count while they cannot be read, null while they never could.</summary>
    public async Task<IReadOnlyDictionary<FirmwareOfModel, int>?> Get()
    {
        if (time.GetUtcNow() < _nextAt)
            return _counts;
        try
        {
            _counts = await Count();
            _nextAt = time.GetUtcNow() + MaxAge;
        }
        catch (Exception error)
        {
            log.LogWarning(
                error, "The firmware of the devices of project {Project} cannot be read; tried again in {Wait}", projectId, RetryAfter);
            _nextAt = time.GetUtcNow() + RetryAfter;
        }

        return _counts;
    }

    private async Task<Dictionary<FirmwareOfModel, int>> Count()
    {
        var counts = new Dictionary<FirmwareOfModel, int>();
        var after = Guid.Empty;
        for (var read = 0; read < MaxDevices; read += PageSize)
        {
            var page = await devices.ReadFirmware(projectId, after, PageSize, CancellationToken.None);
            foreach (var device in page)
            {
                after = device.DeviceId;
                var version = new FirmwareOfModel(device.Model, device.Version ?? "");
                if (counts.Count < MaxVersions || counts.ContainsKey(version))
                    counts[version] = counts.GetValueOrDefault(version) + 1;
            }

            if (page.Length < PageSize)
                break;
        }

        return counts;
    }
}
