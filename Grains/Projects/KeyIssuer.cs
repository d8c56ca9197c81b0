using EsoCore.Grains.Storage;
using EsoCore.Projects;
using EsoCore.Wire;

namespace EsoCore.Grains.Projects;

/// <summary>Makes keys: the secret for the one who asked, and what is stored of it.</summary>
internal sealed class KeyIssuer(IInstallationKeys keys, TimeProvider time)
{
    private readonly SigningKeySeal _seal = new(keys);

    /// <summary>A key of a project. It signs nothing, so no signing key is stored.</summary>
    public (IssuedKey Issued, NewKey Stored) ForProject(Guid projectId)
    {
        var issued = new IssuedKey(Guid.NewGuid(), KeySecrets.Draw());
        return (issued, new NewKey(issued.Id, projectId, null, KeySecrets.Hash(issued.Secret), default, time.GetUtcNow()));
    }

    /// <summary>A key of a device, with its body-signature key sealed.</summary>
    public (IssuedKey Issued, NewKey Stored) ForDevice(Guid projectId, Guid deviceId)
    {
        var issued = new IssuedKey(Guid.NewGuid(), KeySecrets.Draw());
        var signingKey = _seal.Seal(BodySignature.DeriveKey(issued.Secret), issued.Id, deviceId);
        return (issued, new NewKey(issued.Id, projectId, deviceId, KeySecrets.Hash(issued.Secret), signingKey, time.GetUtcNow()));
    }
}
