using System.Collections.Concurrent;
using System.Collections.Immutable;
using EsoCore.Assets;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Firmware;
using EsoCore.History;
using EsoCore.Projects;
using EsoCore.Sites;

namespace EsoCore.Tests.Api;

/// <summary>One versioned document.</summary>
internal sealed class FakeDocument<T>(string key) where T : class
{
    private long _version;

    public string Id { get; } = key[37..]; // Behind "project/".

    public Versioned<T>? Current { get; private set; }

    public EditResult<T> Put(T value, long? expected, bool onlyCreate)
    {
        if (onlyCreate && Current is not null)
            return EditResult<T>.Of(EditOutcome.AlreadyExists);
        if (expected is { } version && version != (Current?.Version ?? 0))
            return EditResult<T>.Of(EditOutcome.VersionMismatch);
        var outcome = Current is null ? EditOutcome.Created : EditOutcome.Changed;
        Current = new Versioned<T>(Id, ++_version, value);
        return EditResult<T>.Of(outcome, Current);
    }

    public EditResult<T> Delete(long? expected)
    {
        if (Current is null)
            return EditResult<T>.Of(EditOutcome.NotFound);
        if (expected is { } version && version != Current.Version)
            return EditResult<T>.Of(EditOutcome.VersionMismatch);
        Current = null;
        return EditResult<T>.Of(EditOutcome.Deleted);
    }
}

internal sealed class FakeSite(string key) : ISiteGrain
{
    private readonly FakeDocument<SiteDefinition> _site = new(key);

    public Task<SiteView?> Get() => Task.FromResult(_site.Current is { } site ? new SiteView(site, 2, 1, 1, [Guid.Empty]) : null);

    public Task<EditResult<SiteDefinition>> Put(SiteDefinition definition, long? expectedVersion, bool onlyCreate) =>
        Task.FromResult(definition.TimeZone == "Mars/Olympus"
            ? EditResult<SiteDefinition>.Faulty(new FieldError("time_zone", "is not a time zone"))
            : _site.Put(definition, expectedVersion, onlyCreate));

    public Task<EditResult<SiteDefinition>> Delete(long? expectedVersion) => Task.FromResult(_site.Delete(expectedVersion));
}

internal sealed class FakeAsset(string key) : IAssetGrain
{
    private static readonly CycleCounts NoCycles = new(
        0, 0, 0, null, null, new DurationStats(0, null, null, null), null, ImmutableSortedDictionary<string, long>.Empty,
        ImmutableSortedDictionary<string, long>.Empty, []);

    private readonly FakeDocument<AssetDefinition> _asset = new(key);

    public Task<AssetView?> Get() => Task.FromResult(_asset.Current is { } asset ? new AssetView(_asset.Id, asset, NoCycles) : null);

    public Task<EditResult<AssetDefinition>> Put(AssetDefinition definition, long? expectedVersion, bool onlyCreate) =>
        Task.FromResult(_asset.Put(definition, expectedVersion, onlyCreate));

    public Task<EditResult<AssetDefinition>> Delete(long? expectedVersion) => Task.FromResult(_asset.Delete(expectedVersion));
}

internal sealed class FakeProfile(string key) : IConfigProfileGrain
{
    private readonly FakeDocument<ConfigSettings> _profile = new(key);

    public Task<Versioned<ConfigSettings>?> Get() => Task.FromResult(_profile.Current);

    public Task<Versioned<ConfigSettings>?> GetInForce() => Get();

    public Task<EditResult<ConfigSettings>> Put(ConfigSettings settings, long? expectedVersion) =>
        Task.FromResult(_profile.Put(settings, expectedVersion, onlyCreate: false));

    public Task<EditResult<ConfigSettings>> Delete(long? expectedVersion) => Task.FromResult(_profile.Delete(expectedVersion));
}

internal sealed class FakeInstallation(FakeGrains grains) : IInstallationGrain
{
    private Versioned<InstallationSettings> _settings = new("installation", 0, new InstallationSettings());

    public Task<Versioned<InstallationSettings>> GetSettings() => Task.FromResult(_settings);

    public Task<EditResult<InstallationSettings>> PutSettings(InstallationSettings settings, long? expectedVersion)
    {
        if (expectedVersion is { } expected && expected != _settings.Version)
            return Task.FromResult(EditResult<InstallationSettings>.Of(EditOutcome.VersionMismatch, _settings));
        _settings = _settings with { Version = _settings.Version + 1, Value = settings };
        return Task.FromResult(EditResult<InstallationSettings>.Of(EditOutcome.Changed, _settings));
    }

    public Task<ProjectCreated> CreateProject(string name)
    {
        var project = new Project(Guid.NewGuid(), name, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), null);
        return Task.FromResult(new ProjectCreated(project, new IssuedKey(grains.Credentials.AddProjectKey(project.Id, "seeded"), "seeded")));
    }
}

internal sealed class FakeProject(FakeGrains grains, Guid id) : IProjectGrain
{
    private long _version = 1;
    private int? _days;

    public Task<Versioned<Project>?> Get() => Task.FromResult<Versioned<Project>?>(Current());

    public Task<EditResult<Project>> SetRetention(int? days, long? expectedVersion)
    {
        if (expectedVersion is { } expected && expected != _version)
            return Task.FromResult(EditResult<Project>.Of(EditOutcome.VersionMismatch));
        (_days, _version) = (days, _version + 1);
        return Task.FromResult(EditResult<Project>.Of(EditOutcome.Changed, Current()));
    }

    public Task<EditResult<DeviceCreated>> CreateDevice(NewDevice device)
    {
        if (grains.Devices.Values.Any(d => d.Registration.ProjectId == id && d.Registration.Serial == device.Serial))
            return Task.FromResult(EditResult<DeviceCreated>.Of(EditOutcome.AlreadyExists));
        var made = grains.AddDevice(id, "fresh:secret", device.Status, device.SignatureRequired);
        _ = made.ChangeRegistration(new Scope(id), new RegistrationChange(Serial: device.Serial, SiteId: device.SiteId), null);
        var created = new DeviceCreated(made.Registration, new IssuedKey(made.KeyId, "fresh:secret"));
        return Task.FromResult(EditResult<DeviceCreated>.Of(EditOutcome.Created, new(made.Id.ToString("D"), made.Version, created)));
    }

    public Task<Page<Versioned<DeviceRegistration>>> ListDevices(DeviceFilter filter, PageRequest page)
    {
        var all = grains.Devices.Values.Where(d => d.Registration.ProjectId == id).OrderBy(d => d.Id).ToList();
        var from = page.After is null ? 0 : int.Parse(page.After);
        var items = all.Skip(from).Take(page.Limit).Select(d => new Versioned<DeviceRegistration>(d.Id.ToString("D"), d.Version, d.Registration));
        return Task.FromResult(new Page<Versioned<DeviceRegistration>>([.. items], from + page.Limit < all.Count ? $"{from + page.Limit}" : null));
    }

    public Task<Page<Versioned<SiteDefinition>>> ListSites(PageRequest page) => Task.FromResult(new Page<Versioned<SiteDefinition>>([], null));

    public Task<Page<Versioned<AssetDefinition>>> ListAssets(string? siteId, PageRequest page) =>
        Task.FromResult(new Page<Versioned<AssetDefinition>>([], null));

    public Task<Page<Versioned<ConfigSettings>>> ListConfigProfiles(PageRequest page) =>
        Task.FromResult(new Page<Versioned<ConfigSettings>>([], null));

    private Versioned<Project> Current() =>
        new(id.ToString("D"), _version, new Project(id, "Test", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), _days));
}

/// <summary>History that holds what a test puts into it.</summary>
internal sealed class FakeHistory(FakeGrains grains) : IHistory
{
    public List<FirmwareVersion> Versions { get; } = [];

    public ConcurrentQueue<object> Queries { get; } = new();

    public bool Away { get; set; }

    public bool TooManyBuckets { get; set; }

    public Task<Page<PointRow>> ReadPoints(PointQuery query, PageRequest page, CancellationToken cancel) => Answer(
        query,
        page,
        new PointRow(new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero), query.DeviceId ?? Guid.Empty, "temp", 23.5, "°C", null, JsonText.EmptyObject));

    public Task<ImmutableArray<BucketRow>> ReadBuckets(BucketQuery query, CancellationToken cancel)
    {
        Queries.Enqueue(query);
        if (TooManyBuckets)
            return Task.FromException<ImmutableArray<BucketRow>>(new ArgumentException("The query gives too many."));
        return Task.FromResult<ImmutableArray<BucketRow>>([new BucketRow(new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero), 1, 3, 8, 4)]);
    }

    public Task<Page<WindowRow>> ReadWindows(WindowQuery query, PageRequest page, CancellationToken cancel) => Answer(
        query,
        page,
        new WindowRow(
            new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero), "vibration", 4, default, 8_000, null, default,
            new RawWindow(2_000, "i16le", 0.001, new byte[] { 1, 2, 3 })));

    public Task<Page<EventRow>> ReadEvents(EventQuery query, PageRequest page, CancellationToken cancel) => Answer<EventRow>(query, page);

    public Task<Page<BatchRow>> ReadBatches(Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel) => Answer<BatchRow>(scope, page);

    public Task<Page<RejectedRow>> ReadRejected(Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel) => Answer<RejectedRow>(scope, page);

    public Task<Page<FirmwareVersion>> ReadFirmwareVersions(Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel)
    {
        var from = page.After is null ? 0 : int.Parse(page.After);
        var next = from + page.Limit < Versions.Count ? $"{from + page.Limit}" : null;
        return Task.FromResult(new Page<FirmwareVersion>([.. Versions.Skip(from).Take(page.Limit)], next));
    }

    public Task<bool> DeviceExists(Scope scope, Guid deviceId, CancellationToken cancel) =>
        Away
            ? throw new StorageUnavailableException("The storage is away.")
            : Task.FromResult(grains.Devices.TryGetValue(deviceId.ToString("D"), out var device) && device.Registration.ProjectId == scope.ProjectId);

    private Task<Page<T>> Answer<T>(object query, PageRequest page, params ImmutableArray<T> rows)
    {
        Queries.Enqueue(query);
        if (page.After is not null and not "more")
            throw new FormatException("Not a token of this list.");
        return Task.FromResult(new Page<T>(rows, page.After is null && !rows.IsEmpty ? "more" : null));
    }
}
