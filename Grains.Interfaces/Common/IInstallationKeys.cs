namespace EsoCore;

/// <summary>
/// Keys derived (HKDF-SHA256) from the installation's one master-key file. While the master key rotates, two are valid: new things are
/// made with <see cref="Current"/>, old ones are opened with the key they name.
/// </summary>
public interface IInstallationKeys
{
    /// <summary>The key to make new things with.</summary>
    /// <param name="purpose">A name from <see cref="KeyPurposes"/>; each purpose has its own key.</param>
    DerivedKey Current(string purpose);

    /// <summary>The key of that id, or null when it is not (or no longer) valid.</summary>
    DerivedKey? Find(string purpose, byte keyId);
}

/// <summary>A derived key.</summary>
/// <param name="KeyId">Which master key it derives from.</param>
/// <param name="Key">32 bytes.</param>
public sealed record DerivedKey(byte KeyId, ReadOnlyMemory<byte> Key);

/// <summary>What keys are derived for.</summary>
public static class KeyPurposes
{
    /// <summary>The MAC inside handshake nonces.</summary>
    public const string Nonce = "nonce";

    /// <summary>Signatures of access tokens.</summary>
    public const string AccessToken = "access-token";

    /// <summary>Encryption of stored body-signature keys.</summary>
    public const string SigningKeySeal = "signing-key-seal";

    /// <summary>Encryption of the secrets of channels.</summary>
    public const string ChannelSeal = "channel-seal";

    /// <summary>The secret that members of a cluster know each other by.</summary>
    public const string Cluster = "cluster";

    /// <summary>Nothing but to tell one master key from another.</summary>
    public const string Identity = "identity";

    /// <summary>The operator's password for what concerns the whole installation.</summary>
    public const string Operator = "operator";
}
