using System.Security.Cryptography;
using System.Text;

namespace EsoCore.Tests.Support;

/// <summary>Installation keys from a number instead of a file; <see cref="Rotate"/> and <see cref="Retire"/> play a rotation.</summary>
internal sealed class TestKeys : IInstallationKeys
{
    private readonly List<byte> _valid = [1];

    public DerivedKey Current(string purpose) => Derive(purpose, _valid[^1]);

    /// <summary>Thrown to whoever looks for a key.</summary>
    public Exception? Fault { get; set; }

    public DerivedKey? Find(string purpose, byte keyId) =>
        Fault is not null ? throw Fault : _valid.Contains(keyId) ? Derive(purpose, keyId) : null;

    public void Rotate() => _valid.Add((byte)(_valid[^1] + 1));

    public void Retire() => _valid.RemoveAt(0);

    private static DerivedKey Derive(string purpose, byte keyId) =>
        new(keyId, HKDF.DeriveKey(HashAlgorithmName.SHA256, [keyId, 1, 2, 3], 32, info: Encoding.UTF8.GetBytes(purpose)));
}
