namespace EsoCore.Assets;

/// <summary>An asset (a machine) and its cycles. Key: <c>project/asset code</c>. Unregistered codes count from their first record.</summary>
public interface IAssetGrain : IGrainWithStringKey
{
    /// <summary>The asset, or null when it is neither registered nor ever heard of.</summary>
    [AlwaysInterleave]
    Task<AssetView?> Get();

    /// <summary>Registers the asset (<paramref name="onlyCreate"/>: or answers that it is registered) or replaces its definition.</summary>
    Task<EditResult<AssetDefinition>> Put(AssetDefinition definition, long? expectedVersion, bool onlyCreate);

    /// <summary>Takes the definition away; the counts stay.</summary>
    Task<EditResult<AssetDefinition>> Delete(long? expectedVersion);
}

/// <summary>What people say of an asset.</summary>
/// <param name="SiteId">The site it stands at, or null.</param>
/// <param name="Type">door, cnc, robot, pump, motor, conveyor or other.</param>
/// <param name="Tags">At most 32.</param>
/// <param name="Active">Whether it is in service; default true.</param>
[GenerateSerializer, Immutable, Alias("asset-definition")]
public sealed record AssetDefinition(
    string? SiteId,
    string Type,
    string? Make,
    string? Model,
    string? Serial,
    string? Location,
    DateOnly? InstalledOn,
    ImmutableSortedDictionary<string, string> Tags,
    bool Active);

/// <summary>An asset with its live cycle counts.</summary>
/// <param name="Asset">Its definition, or null while it is not registered.</param>
[GenerateSerializer, Immutable, Alias("asset-view")]
public sealed record AssetView(string AssetId, Versioned<AssetDefinition>? Asset, CycleCounts Cycles);

/// <summary>Cycles of an asset. A cycle opens by <c>cycle_open</c> and closes by <c>cycle_close</c>.</summary>
/// <param name="OpenNow">Cycles opened and not yet closed (the 64 most recent are tracked).</param>
/// <param name="DurationMs">Statistics over the durations of closed cycles, in milliseconds.</param>
/// <param name="ByDay">Cycles closed a UTC day, the last 62 days that had any.</param>
/// <param name="ByWeek">Cycles closed an ISO week (<c>2026-W47</c>), the last 105 weeks that had any.</param>
/// <param name="DurationHistogram">Closed cycles by duration.</param>
[GenerateSerializer, Immutable, Alias("cycle-counts")]
public sealed record CycleCounts(
    long Opened,
    long Closed,
    int OpenNow,
    DateTimeOffset? LastOpenedAt,
    DateTimeOffset? LastClosedAt,
    DurationStats DurationMs,
    double? PeakTorqueNm,
    ImmutableSortedDictionary<string, long> ByDay,
    ImmutableSortedDictionary<string, long> ByWeek,
    ImmutableArray<HistogramBin> DurationHistogram);

/// <summary>Count, smallest, largest and mean.</summary>
[GenerateSerializer, Immutable, Alias("duration-stats")]
public sealed record DurationStats(long Count, double? Min, double? Max, double? Mean);

/// <summary>How many lie at or below <paramref name="UpTo"/> and above the bin before; null is the last, open bin.</summary>
[GenerateSerializer, Immutable, Alias("histogram-bin")]
public sealed record HistogramBin(double? UpTo, long Count);
