using System.Security.Cryptography;
using EsoCore.Grains.Storage;
using EsoCore.Projects;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Projects;

/// <summary>
/// Reads credentials for the front doors. It keeps nothing: they cache, and a revocation must not meet a second cache here.
/// </summary>
[StatelessWorker, GrainType("credentials")]
internal sealed class CredentialGrain(IProjectStore store, IInstallationKeys keys, ILogger<CredentialGrain> log) : Grain, ICredentialGrain
{
    private readonly SigningKeySeal _seal = new(keys);

    /// <inheritdoc/>
    public async Task<DeviceCredential?> FindDevice(Guid deviceId)
    {
        var found = await store.FindDeviceKeys(deviceId, CancellationToken.None);
        return found is null
            ? null
            : new DeviceCredential(found.DeviceId, found.ProjectId, found.Status, found.SignatureRequired, [.. found.Keys.Select(Open)]);
    }

    /// <inheritdoc/>
    public async Task<KeyCredential?> FindKey(Guid keyId) =>
        await store.FindKey(keyId, CancellationToken.None) is { } found ? Open(found) : null;

    private KeyCredential Open(StoredKey key) =>
        new(key.KeyId, key.ProjectId, key.DeviceId, key.SecretHash, key.DeviceId is { } owner ? OpenSigningKey(key, owner) : default, key.ExpiresAt);

    private byte[] OpenSigningKey(StoredKey key, Guid owner)
    {
        if (_seal.Open(key.SealedSigningKey.Span, key.KeyId, owner) is { } signingKey)
            return signingKey;

        // The secret itself still works. Random bytes stand in, because an HMAC under an empty key could be forged by anyone.
        log.LogError("The signing key of key {KeyId} of device {DeviceId} does not open: no signature made with it will be taken", key.KeyId, owner);
        return RandomNumberGenerator.GetBytes(32);
    }
}
