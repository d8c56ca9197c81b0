namespace EsoCore.Device;

/// <summary>What sort of machine is simulated.</summary>
public enum MachineKind
{
    /// <summary>An industrial door: opens, stands, closes.</summary>
    Door,

    /// <summary>A milling machine: spins up, cuts, spins down.</summary>
    Cnc,

    /// <summary>A pick-and-place robot: short cycles.</summary>
    Robot,

    /// <summary>A pump: runs for minutes.</summary>
    Pump,
}

/// <summary>Which machine a device is fixed to, and how it measures.</summary>
public sealed record MachineOptions
{
    /// <summary>The fastest sampling, in points a second of one device.</summary>
    public const double MaxPointsPerSecond = 10_000;

    /// <summary>The sort of machine.</summary>
    public required MachineKind Kind { get; init; }

    /// <summary>device_id of the records.</summary>
    public required string DeviceId { get; init; }

    /// <summary>site_id of the records.</summary>
    public required string SiteId { get; init; }

    /// <summary>asset_id of the records.</summary>
    public required string AssetId { get; init; }

    /// <summary>Equal seeds and starts give equal records, byte for byte.</summary>
    public required int Seed { get; init; }

    /// <summary>When the first record is taken.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>A cycle that an earlier run of the machine left open; closed at <see cref="Start"/>. Null by default.</summary>
    public OpenCycle? LeftOpen { get; init; }

    /// <summary>
    /// Points a second of the whole device, its 8 or 9 series taking turns: 10 means a little more than one value a second of each. Windows and events come on top.
    /// More than 0 and at most <see cref="MaxPointsPerSecond"/>.
    /// </summary>
    public double PointsPerSecond { get; init; } = 10;
}

/// <summary>A cycle under way.</summary>
/// <param name="Id">cycle_id of its events.</param>
/// <param name="OpenedAt">When it was opened.</param>
public sealed record OpenCycle(string Id, DateTimeOffset OpenedAt);
