using EsoCore.Assets;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Sites;

namespace EsoCore.Projects;

/// <summary>Makes projects, and holds what the operator sets for all of them. Key: <see cref="Key"/>.</summary>
public interface IInstallationGrain : IGrainWithStringKey
{
    /// <summary>The one key of this grain.</summary>
    const string Key = "installation";

    /// <summary>Makes a project with its first key.</summary>
    Task<ProjectCreated> CreateProject(string name);

    /// <summary>
    /// The installation's settings; version 0 while nothing was ever set. While what is stored cannot be read: the defaults, under its
    /// version, for all devices go by them.
    /// </summary>
    [AlwaysInterleave]
    Task<Versioned<InstallationSettings>> GetSettings();

    /// <summary>Replaces the installation's settings.</summary>
    Task<EditResult<InstallationSettings>> PutSettings(InstallationSettings settings, long? expectedVersion);
}

/// <summary>A project: what is registered in it. Key: the project id, a UUID in its 36-character lower-case form.</summary>
public interface IProjectGrain : IGrainWithStringKey
{
    /// <summary>Devices a project can hold.</summary>
    const int MaxDevices = 1_000_000;

    /// <summary>Sites of a project; one more is refused (<see cref="EditOutcome.LimitReached"/>).</summary>
    const int MaxSites = 10_000;

    /// <summary>
    /// Assets registered in a project; one more is refused (<see cref="EditOutcome.LimitReached"/>). Codes that only records name are not
    /// counted here.
    /// </summary>
    const int MaxAssets = 100_000;

    /// <summary>Config profiles of a project; one more is refused (<see cref="EditOutcome.LimitReached"/>).</summary>
    const int MaxConfigProfiles = 1_000;

    /// <summary>The project, or null when there is none.</summary>
    [AlwaysInterleave]
    Task<Versioned<Project>?> Get();

    /// <summary>Sets how long points, windows and events are kept. What retention has once removed does not come back.</summary>
    Task<EditResult<Project>> SetRetention(int? days, long? expectedVersion);

    /// <summary>Registers a device with a fresh id and key. <see cref="EditOutcome.AlreadyExists"/>: the serial is taken.</summary>
    Task<EditResult<DeviceCreated>> CreateDevice(NewDevice device);

    /// <summary>Devices by id.</summary>
    [AlwaysInterleave]
    Task<Page<Versioned<DeviceRegistration>>> ListDevices(DeviceFilter filter, PageRequest page);

    /// <summary>Sites by id.</summary>
    [AlwaysInterleave]
    Task<Page<Versioned<SiteDefinition>>> ListSites(PageRequest page);

    /// <summary>Registered assets by id; with <paramref name="siteId"/>, those at that site.</summary>
    [AlwaysInterleave]
    Task<Page<Versioned<AssetDefinition>>> ListAssets(string? siteId, PageRequest page);

    /// <summary>Config profiles by model.</summary>
    [AlwaysInterleave]
    Task<Page<Versioned<ConfigSettings>>> ListConfigProfiles(PageRequest page);
}

/// <summary>Looks credentials up for the front doors, which cache them. A stateless worker: key <see cref="Key"/>.</summary>
public interface ICredentialGrain : IGrainWithStringKey
{
    /// <summary>The one key of this grain.</summary>
    const string Key = "credentials";

    /// <summary>A device's keys and policy, or null when the id is not registered.</summary>
    Task<DeviceCredential?> FindDevice(Guid deviceId);

    /// <summary>A key by its id, or null when there is none or it is revoked.</summary>
    Task<KeyCredential?> FindKey(Guid keyId);
}
