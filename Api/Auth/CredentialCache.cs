using EsoCore.Projects;
using Microsoft.Extensions.Options;

namespace EsoCore.Api;

/// <summary>Devices' credentials and keys as the front door checks them, read through <see cref="ICredentialGrain"/> and kept for a short while.</summary>
internal interface ICredentialCache
{
    /// <summary>A device's keys and policy, or null when the id is not registered.</summary>
    /// <exception cref="CredentialLookupsBusyException">Too many lookups are under way.</exception>
    ValueTask<DeviceCredential?> FindDevice(Guid deviceId);

    /// <summary>A key by its id, or null when there is none or it is revoked.</summary>
    /// <exception cref="CredentialLookupsBusyException">Too many lookups are under way.</exception>
    ValueTask<KeyCredential?> FindKey(Guid keyId);

    /// <summary>Forgets a device or a key after an edit in this process; a lookup under way is not kept either.</summary>
    void Invalidate(Guid id);
}

/// <summary>More credentials are being looked up than the named limit; the caller should come back later.</summary>
internal sealed class CredentialLookupsBusyException() : Exception("Too many credentials are being looked up.");

internal sealed class CredentialCache(IGrainFactory grains, TimeProvider time, IOptions<ApiOptions> options) : ICredentialCache
{
    /// <summary>Unknown ids remembered, apart from the known ones: a flood of random ids must not push out real devices.</summary>
    public const int UnknownEntries = 10_000;

    private readonly BoundedLookup<DeviceCredential> _devices =
        new(time, options.Value.CredentialCacheEntries, UnknownEntries, id => Worker(grains).FindDevice(id));

    private readonly BoundedLookup<KeyCredential> _keys =
        new(time, options.Value.CredentialCacheEntries, UnknownEntries, id => Worker(grains).FindKey(id));

    public ValueTask<DeviceCredential?> FindDevice(Guid deviceId) => _devices.Find(deviceId);

    public ValueTask<KeyCredential?> FindKey(Guid keyId) => _keys.Find(keyId);

    public void Invalidate(Guid id)
    {
        _devices.Forget(id);
        _keys.Forget(id);
    }

    /// <summary>Entries held, known and unknown.</summary>
    public int Count => _devices.Count + _keys.Count;

    private static ICredentialGrain Worker(IGrainFactory grains) => grains.GetGrain<ICredentialGrain>(ICredentialGrain.Key);
}
