namespace EsoCore.Devices;

/// <summary>The live twin as its readers see it: always a committed state.</summary>
/// <param name="Online">Heard from within its upload interval plus grace.</param>
/// <param name="Cursors">Record offset last committed, by file; the 64 most recently moved files.</param>
/// <param name="Series">The 256 most recent series.</param>
/// <param name="TwinVersion">+1 with each commit.</param>
[GenerateSerializer, Immutable, Alias("twin-view")]
public sealed record TwinView(
    Guid DeviceId,
    Guid ProjectId,
    string Serial,
    string Model,
    string? SiteId,
    ImmutableSortedDictionary<string, string> Tags,
    DeviceStatus Status,
    bool Online,
    DateTimeOffset? FirstSeen,
    DateTimeOffset? LastSeen,
    DateTimeOffset? LastBatchAt,
    string? FirmwareVersion,
    string Channel,
    TwinConfigView Config,
    ImmutableSortedDictionary<string, long> Cursors,
    SdHealth? Sd,
    Backlog? Backlog,
    ImmutableArray<SeriesView> Series,
    TwinCounters Counters,
    long TwinVersion);

/// <summary>Which configuration a device should run, and which it says it runs.</summary>
[GenerateSerializer, Immutable, Alias("twin-config-view")]
public sealed record TwinConfigView(long DesiredVersion, long? ReportedVersion, string? Error);

/// <summary>One series of a device with its newest value (of two at one timestamp, the later accepted).</summary>
[GenerateSerializer, Immutable, Alias("series-view")]
public sealed record SeriesView(
    string Metric, string? Unit, string? AssetId, JsonText Meta, DateTimeOffset LastTs, double LastValue, long Points);

/// <summary>Sums over every batch ever taken from a device. Records are counted, not points: a record that makes a point and an event counts once.</summary>
[GenerateSerializer, Immutable, Alias("twin-counters")]
public sealed record TwinCounters(long Batches, long Accepted, long Duplicates, long Rejected);
