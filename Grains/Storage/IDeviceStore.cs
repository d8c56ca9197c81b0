using EsoCore.Devices;
using EsoCore.Projects;

namespace EsoCore.Grains.Storage;

/// <summary>
/// The port to everything that a device's grain owns. Every write is one <see cref="DeviceCommit"/>: a compare-and-set on the twin row's
/// version together with all that follows from it, durable when the task ends. All methods throw
/// <see cref="History.StorageUnavailableException"/> when the storage is away (nothing was written) and
/// <see cref="CommitUnknownException"/> when a commit may or may not have happened.
/// </summary>
public interface IDeviceStore
{
    /// <summary>The registration, twin and series rows of a device, or null when it is not registered.</summary>
    Task<StoredDevice?> Load(Guid deviceId, CancellationToken cancel);

    /// <summary>Registers a device with its first key. False: the project has a device of that serial.</summary>
    Task<bool> Create(DeviceRegistration device, NewKey key, CancellationToken cancel);

    /// <summary>Commits; commits of many devices share one disk write. A commit that loses writes nothing.</summary>
    Task<CommitResult> Commit(DeviceCommit commit, CancellationToken cancel);

    /// <summary>The series of a device that have these keys, whether the twin still holds them or not.</summary>
    Task<ImmutableArray<StoredSeries>> FindSeries(long deviceNo, IReadOnlyCollection<SeriesKey> keys, CancellationToken cancel);

    /// <summary>
    /// The stored points of a device between two times (both included, microseconds), of all series, in any order: what a batch's late
    /// records are compared with. Chunks that only touch the span may be handed over whole.
    /// </summary>
    IAsyncEnumerable<SeriesPoints> ReadOverlap(long deviceNo, long fromUs, long toUs, CancellationToken cancel);

    /// <summary>Which of these events (or windows) the device has stored.</summary>
    Task<ImmutableHashSet<BodyKey>> FindBodies(long deviceNo, BodyKind kind, IReadOnlyCollection<BodyKey> keys, CancellationToken cancel);

    /// <summary>
    /// What was told of the devices at a site, by device id, after one of them; fewer than <paramref name="limit"/> are the last.
    /// </summary>
    Task<ImmutableArray<DevicePresence>> ReadSitePresence(Guid projectId, string siteId, Guid after, int limit, CancellationToken cancel);

    /// <summary>The devices of a liveness shard that are told online, as <see cref="ReadSitePresence"/> pages them.</summary>
    Task<ImmutableArray<DevicePresence>> ReadOnline(int shard, Guid after, int limit, CancellationToken cancel);

    /// <summary>What was told of these devices; those of whom nothing ever was are left out.</summary>
    Task<ImmutableArray<DevicePresence>> FindPresence(IReadOnlyCollection<Guid> deviceIds, CancellationToken cancel);

    /// <summary>
    /// Events of a device that have one of these names (none named: any) between two times (both included, microseconds), ordered by time
    /// and then hash, the oldest or the newest first: what rules hold a batch's events against.
    /// </summary>
    /// <param name="limit">Events at most, 1 to <see cref="PageRequest.MaxLimit"/>.</param>
    Task<ImmutableArray<NewEvent>> ReadEvents(
        long deviceNo, ImmutableArray<string> types, long fromUs, long toUs, int limit, bool newestFirst, CancellationToken cancel);

    /// <summary>
    /// The firmware that each device in service (active or in maintenance) of a project told last, by device id, after one of them; fewer
    /// than <paramref name="limit"/> are the last.
    /// </summary>
    Task<ImmutableArray<DeviceFirmware>> ReadFirmware(Guid projectId, Guid after, int limit, CancellationToken cancel);

    /// <summary>Devices of a project by id.</summary>
    Task<Page<Versioned<DeviceRegistration>>> List(Guid projectId, DeviceFilter filter, PageRequest page, CancellationToken cancel);
}

/// <summary>A commit was sent and its outcome is not known: the caller must forget its memory of the device and load again.</summary>
public sealed class CommitUnknownException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A device as stored.</summary>
/// <param name="DeviceNo">The internal number that points belong to; minted anew at each claim.</param>
/// <param name="RegistrationVersion">For the ETag of the registration.</param>
/// <param name="ConfigOffset">Added to the profile's version to make the config version.</param>
/// <param name="TwinVersion">0 while nothing was ever committed.</param>
/// <param name="Twin">The twin's JSON (UTF-8) as it was committed; empty while the version is 0.</param>
/// <param name="Series">The series that <paramref name="Twin"/> names, in any order.</param>
/// <param name="RetentionFloorUs">Records before it are too old; <see cref="long.MinValue"/> when the project keeps everything.</param>
/// <param name="Presence">What others were told of the device's presence; null while nothing ever was.</param>
public sealed record StoredDevice(
    long DeviceNo,
    DeviceRegistration Registration,
    long RegistrationVersion,
    long ConfigOffset,
    long TwinVersion,
    ReadOnlyMemory<byte> Twin,
    ImmutableArray<StoredSeries> Series,
    long RetentionFloorUs,
    DevicePresence? Presence = null);

/// <summary>What was told of a device's presence: readable without its twin, and written only when it changes.</summary>
/// <param name="SiteId">The site that was told, or null.</param>
/// <param name="Since">Since when it is online, or offline.</param>
/// <param name="TwinVersion">The commit that told it; transitions of an older one are repeats.</param>
public sealed record DevicePresence(Guid DeviceId, Guid ProjectId, string? SiteId, bool Online, DateTimeOffset Since, long TwinVersion);

/// <summary>What a device runs.</summary>
/// <param name="Version">As it told last; null while it never did.</param>
public readonly record struct DeviceFirmware(Guid DeviceId, string Model, string? Version);

/// <summary>The identity of a series within its device. <paramref name="Meta"/> is canonical JSON text, empty for none.</summary>
public sealed record SeriesKey(string Metric, string Unit, string Asset, string Meta);

/// <summary>A series and its number, 1 to 4,096 within the device.</summary>
/// <param name="Last">Where it stood when the twin let go of it; null while it never did.</param>
public sealed record StoredSeries(int No, SeriesKey Key, SeriesStand? Last = null);

/// <summary>Where a series stands: its high-water mark (also the time of its last value), that value, and its points so far.</summary>
public readonly record struct SeriesStand(long MarkUs, double LastValue, long Points);

/// <summary>Points of one series: parallel arrays, in any order.</summary>
public readonly record struct SeriesPoints(int SeriesNo, ReadOnlyMemory<long> TsUs, ReadOnlyMemory<double> Values);

/// <summary>Which table a body key belongs to.</summary>
public enum BodyKind
{
    /// <summary>Events.</summary>
    Event,

    /// <summary>Windows.</summary>
    Window,
}

/// <summary>The identity of an event or window within its device: its time and 128 bits of the SHA-256 of its canonical body.</summary>
public readonly record struct BodyKey(long TsUs, UInt128 Hash);
