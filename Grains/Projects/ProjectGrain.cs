using EsoCore.Assets;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Storage;
using EsoCore.Projects;
using EsoCore.Sites;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Projects;

/// <summary>A project: its settings, and the registry of what it holds. Lists are read from the store, which owns their order.</summary>
[GrainType("project")]
internal sealed class ProjectGrain(
    IProjectStore projects, IDeviceStore devices, IResourceStore resources, IInstallationKeys keys, TimeProvider time,
    ILogger<ProjectGrain> log) : Grain, IProjectGrain
{
    /// <summary>The longest retention that can be asked for, in days (100 years).</summary>
    public const int MaxRetentionDays = 36_500;

    /// <summary>Store pages read to fill one filtered page; a page cut short by it carries a token to go on with.</summary>
    private const int MaxScannedPages = 64;

    private readonly KeyIssuer _issuer = new(keys, time);
    private Versioned<Project>? _project;
    private long? _devices;

    private Guid ProjectId => Guid.ParseExact(this.GetPrimaryKeyString(), "D");

    /// <inheritdoc/>
    public async Task<Versioned<Project>?> Get()
    {
        _project ??= await projects.FindProject(ProjectId, CancellationToken.None);
        if (_project is null)
            DeactivateOnIdle();
        return _project;
    }

    /// <inheritdoc/>
    public async Task<EditResult<Project>> SetRetention(int? days, long? expectedVersion)
    {
        if (days is < 1 or > MaxRetentionDays)
            return EditResult<Project>.Faulty(new FieldError("retention_days", $"must be 1 to {MaxRetentionDays}, or null to keep everything"));

        // Read afresh: the version that this activation remembers may be older than the one the caller saw elsewhere.
        var current = _project = await projects.FindProject(ProjectId, CancellationToken.None);
        if (current is null)
            return EditResult<Project>.Of(EditOutcome.NotFound);
        if (expectedVersion is { } expected && expected != current.Version)
            return EditResult<Project>.Of(EditOutcome.VersionMismatch, current);
        if (current.Value.RetentionDays == days)
            return EditResult<Project>.Of(EditOutcome.Changed, current);

        _project = null;
        _project = await projects.SetRetention(ProjectId, days, current.Version, CancellationToken.None);
        return _project is null
            ? EditResult<Project>.Of(EditOutcome.VersionMismatch, await Get())
            : EditResult<Project>.Of(EditOutcome.Changed, _project);
    }

    /// <inheritdoc/>
    public async Task<EditResult<DeviceCreated>> CreateDevice(NewDevice device)
    {
        var errors = DeviceValidator.Validate(device);
        if (!errors.IsEmpty)
            return EditResult<DeviceCreated>.Faulty(errors);
        if (await Get() is null)
            return EditResult<DeviceCreated>.Of(EditOutcome.NotFound);
        if (await IsFull())
            return EditResult<DeviceCreated>.Of(EditOutcome.LimitReached);

        var now = time.GetUtcNow();
        var registration = new DeviceRegistration(
            Guid.CreateVersion7(now), ProjectId, device.Serial, device.Model, string.IsNullOrEmpty(device.SiteId) ? null : device.SiteId,
            device.Tags ?? ImmutableSortedDictionary<string, string>.Empty, device.Status, DeviceValidator.Channels[0],
            device.SignatureRequired, ConfigSettings.Empty, now);
        var (issued, stored) = _issuer.ForDevice(ProjectId, registration.DeviceId);
        if (!await devices.Create(registration, stored, CancellationToken.None))
            return EditResult<DeviceCreated>.Of(EditOutcome.AlreadyExists);
        _devices++;
        return EditResult<DeviceCreated>.Of(
            EditOutcome.Created, new Versioned<DeviceCreated>(registration.DeviceId.ToString("D"), 1, new DeviceCreated(registration, issued)));
    }

    /// <inheritdoc/>
    public Task<Page<Versioned<DeviceRegistration>>> ListDevices(DeviceFilter filter, PageRequest page) =>
        devices.List(ProjectId, filter, Bounded(page), CancellationToken.None);

    /// <inheritdoc/>
    public Task<Page<Versioned<SiteDefinition>>> ListSites(PageRequest page) => List<SiteDefinition>(ResourceKinds.Site, page);

    /// <inheritdoc/>
    public Task<Page<Versioned<ConfigSettings>>> ListConfigProfiles(PageRequest page) => List<ConfigSettings>(ResourceKinds.ConfigProfile, page);

    /// <inheritdoc/>
    public async Task<Page<Versioned<AssetDefinition>>> ListAssets(string? siteId, PageRequest page)
    {
        if (siteId is null)
            return await List<AssetDefinition>(ResourceKinds.Asset, page);

        // The store cannot look into documents, so the site is sifted out here. Never more is read than still fits, because a token
        // only stands at the end of a store's page.
        var request = Bounded(page);
        var found = ImmutableArray.CreateBuilder<Versioned<AssetDefinition>>();
        var damaged = ImmutableArray.CreateBuilder<string>();
        var next = request.After;
        for (var scanned = 0; scanned < MaxScannedPages; scanned++)
        {
            var part = await List<AssetDefinition>(ResourceKinds.Asset, new PageRequest(request.Limit - found.Count, next));
            found.AddRange(part.Items.Where(a => a.Value.SiteId == siteId));
            damaged.AddRange(part.Damaged); // At which site it is nobody can tell.
            next = part.Next;
            if (next is null || found.Count >= request.Limit)
                break;
        }

        return new Page<Versioned<AssetDefinition>>(found.ToImmutable(), next) { Damaged = damaged.ToImmutable() };
    }

    private async Task<Page<Versioned<T>>> List<T>(string kind, PageRequest page)
    {
        return ResourceDocument<T>.ReadAll(await resources.List(ProjectId, kind, Bounded(page), CancellationToken.None), log);
    }

    private static PageRequest Bounded(PageRequest page) => page with { Limit = Math.Clamp(page.Limit, 1, PageRequest.MaxLimit) };

    /// <summary>
    /// Counts once and then along, because counting a million rows for each new one would take the whole day; recounts at the limit.
    /// </summary>
    private async Task<bool> IsFull()
    {
        if (_devices is null or >= IProjectGrain.MaxDevices)
            _devices = await projects.CountDevices(ProjectId, CancellationToken.None);
        return _devices >= IProjectGrain.MaxDevices;
    }
}
