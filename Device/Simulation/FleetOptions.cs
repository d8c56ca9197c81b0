using EsoCore.Wire;

namespace EsoCore.Device;

/// <summary>One simulated device: who it is and what it is fixed to.</summary>
/// <param name="Credentials">Its id and secret, already known to the server.</param>
/// <param name="Kind">The sort of machine.</param>
/// <param name="SiteId">site_id of its records.</param>
/// <param name="AssetId">asset_id of its records.</param>
/// <param name="LeftOpen">A cycle that an earlier run left open, or null.</param>
public sealed record FleetDevice(
    DeviceCredentials Credentials, MachineKind Kind, string SiteId, string AssetId, OpenCycle? LeftOpen = null);

/// <summary>What a fleet does.</summary>
public sealed record FleetOptions
{
    /// <summary>The most devices in one process.</summary>
    public const int MaxDevices = 10_000;

    /// <summary>The server.</summary>
    public required Uri Server { get; init; }

    /// <summary>The devices, 1 to <see cref="MaxDevices"/>.</summary>
    public required IReadOnlyList<FleetDevice> Devices { get; init; }

    /// <summary>Points a second of each device; see <see cref="MachineOptions.PointsPerSecond"/>. 10 by default.</summary>
    public double PointsPerSecond { get; init; } = 10;

    /// <summary>How often each device uploads, 5 s by default, 100 ms at least. The first time is spread over one interval.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How batches are compressed; gzip by default.</summary>
    public ContentCoding Coding { get; init; } = ContentCoding.Gzip;

    /// <summary>How long to run; null is until cancelled. At its end each device uploads what is left, for as long as <see cref="StopGrace"/>.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Equal seeds give equal machines; 1 by default.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How requests are proven; the secret by default.</summary>
    public RequestProof Proof { get; init; } = RequestProof.Secret;

    /// <summary>Delays after failures; the documented ones by default.</summary>
    public RetryOptions Retry { get; init; } = new();

    /// <summary>How often each device sends a heartbeat; 60 s by default.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long requests under way may still take when the fleet is told to stop, and how long the last upload may take; 5 s by default.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The most bytes each device buffers in memory; 16 MiB by default.</summary>
    public long BufferBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// Is told of a device's open cycle (null: none) when the server has taken all that it recorded and the cycle is another than before:
    /// what a later run must know as <see cref="FleetDevice.LeftOpen"/>. May be called by several devices at once.
    /// </summary>
    public Action<FleetDevice, OpenCycle?>? CycleSettled { get; init; }

    /// <summary>firmware_version of the heartbeats.</summary>
    public string FirmwareVersion { get; init; } = "1.4.2";

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfZero(Devices.Count, nameof(Devices));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Devices.Count, MaxDevices, nameof(Devices));
        ArgumentOutOfRangeException.ThrowIfLessThan(Interval, TimeSpan.FromMilliseconds(100), nameof(Interval));
        if (!ContentCodec.IsAvailable(Coding))
            throw new ArgumentException($"This machine lacks the library for {ContentCodec.NameOf(Coding)}.", nameof(Coding));
    }
}
