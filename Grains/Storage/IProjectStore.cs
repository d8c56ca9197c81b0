using EsoCore.Devices;
using EsoCore.Projects;

namespace EsoCore.Grains.Storage;

/// <summary>The port to projects and keys. Throws as <see cref="IDeviceStore"/> does.</summary>
public interface IProjectStore
{
    /// <summary>Makes a project and its first key in one commit.</summary>
    Task CreateProject(Project project, NewKey key, CancellationToken cancel);

    /// <summary>The project, or null.</summary>
    Task<Versioned<Project>?> FindProject(Guid projectId, CancellationToken cancel);

    /// <summary>Sets the retention if the version stands; null: it does not.</summary>
    Task<Versioned<Project>?> SetRetention(Guid projectId, int? days, long expectedVersion, CancellationToken cancel);

    /// <summary>How far back the project keeps its records, as it stands this moment; null when there is no project.</summary>
    Task<StoredRetention?> FindRetention(Guid projectId, CancellationToken cancel);

    /// <summary>Devices the project has.</summary>
    Task<long> CountDevices(Guid projectId, CancellationToken cancel);

    /// <summary>A device's registration in brief with all its keys, or null.</summary>
    Task<StoredCredential?> FindDeviceKeys(Guid deviceId, CancellationToken cancel);

    /// <summary>A key, or null when there is none or it is revoked.</summary>
    Task<StoredKey?> FindKey(Guid keyId, CancellationToken cancel);

    /// <summary>Ids of projects in the store's order, from the one after <paramref name="after"/> (all zeros: the first).</summary>
    Task<ImmutableArray<Guid>> ListProjects(Guid after, int limit, CancellationToken cancel);

    /// <summary>Devices' keys in force, in the store's order, from the one after <paramref name="after"/> (zeros: the first).</summary>
    Task<ImmutableArray<StoredKey>> ListDeviceKeys(Guid after, int limit, CancellationToken cancel);

    /// <summary>Puts a key's sealed signing key in place of the one that stood; false when another stands by now.</summary>
    Task<bool> Reseal(Guid keyId, ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after, CancellationToken cancel);
}

/// <summary>How far back a project keeps its records.</summary>
/// <param name="Days">1 to 36,500 days; null: all of them.</param>
/// <param name="FloorUs">
/// Records before it are too old whatever the days say by now: it only moves forward. Microseconds since the epoch;
/// <see cref="long.MinValue"/> when the project has kept everything so far. What is stored below it is removed no sooner than 30 seconds after it was raised.
/// </param>
public sealed record StoredRetention(int? Days, long FloorUs);

/// <summary>A key to store: the secret's hash, and for a device's key the signing key, encrypted.</summary>
public sealed record NewKey(
    Guid KeyId, Guid ProjectId, Guid? DeviceId, ReadOnlyMemory<byte> SecretHash, ReadOnlyMemory<byte> SealedSigningKey, DateTimeOffset CreatedAt);

/// <summary>A key as stored.</summary>
public sealed record StoredKey(
    Guid KeyId,
    Guid ProjectId,
    Guid? DeviceId,
    ReadOnlyMemory<byte> SecretHash,
    ReadOnlyMemory<byte> SealedSigningKey,
    DateTimeOffset? ExpiresAt);

/// <summary>What the front door needs of a device.</summary>
public sealed record StoredCredential(
    Guid DeviceId, Guid ProjectId, DeviceStatus Status, bool SignatureRequired, ImmutableArray<StoredKey> Keys);
