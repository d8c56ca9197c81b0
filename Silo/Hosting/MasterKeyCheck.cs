using System.Security.Cryptography;
using System.Text.Json;
using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Hosting;

/// <summary>
/// Holds the processes on one database to one master key: the database knows the fingerprints of the keys that it was used with. Without
/// this, a silo started with a fresh key would be a stranger to the others and issue tokens that only it believes.
/// </summary>
internal sealed class MasterKeyCheck(IResourceStore store, IInstallationKeys keys) : IHostedService
{
    private const string DocumentId = "master-key";
    private const int FingerprintBytes = 16;
    private const int MaxAttempts = 8;

    /// <exception cref="InvalidOperationException">The database belongs to another key.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var own = Fingerprints().ToList();
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var stored = await store.Find(Guid.Empty, ResourceKinds.Installation, DocumentId, cancellationToken);
            var known = stored is null ? [] : JsonSerializer.Deserialize<List<string>>(stored.Body)!;
            if (stored is not null && !known.Intersect(own).Any())
            {
                throw new InvalidOperationException(
                    "The master key is not that of this database's installation: copy master.key from one of its other machines.");
            }

            // While a key is replaced, the file holds the old one and the new one.
            var all = known.Union(own).ToList();
            if (all.Count == known.Count)
                return;
            var body = JsonSerializer.Serialize(all);
            if (await store.Write(Guid.Empty, ResourceKinds.Installation, DocumentId, body, stored?.Version ?? 0, cancellationToken))
                return;
        }

        throw new InvalidOperationException("The fingerprint of the master key could not be stored: other processes kept changing it.");
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<string> Fingerprints()
    {
        for (var id = 1; id <= byte.MaxValue; id++)
        {
            if (keys.Find(KeyPurposes.Identity, (byte)id) is { } key)
                yield return Convert.ToHexStringLower(SHA256.HashData(key.Key.Span).AsSpan(0, FingerprintBytes));
        }
    }
}
