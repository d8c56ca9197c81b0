using System.Security.Cryptography;
using System.Text.Json;
using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Hosting;

/// <summary>
/// Holds the processes on one database to one master key: the database knows the fingerprints of the keys of the process that started
/// last, and the next one must have one of them in common with it, as the handshake between silos asks of two that talk. Without this, a
/// silo started with a fresh key, or one that was replaced long ago, would be a stranger to the others and issue tokens that only it
/// believes.
/// </summary>
internal sealed class MasterKeyCheck(IResourceStore store, IInstallationKeys keys) : IHostedService
{
    private const string DocumentId = "master-key";
    private const int FingerprintBytes = 16;
    private const int MaxAttempts = 8;

    /// <exception cref="StartRefusedException">The database belongs to another key.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var own = Fingerprints().ToList();
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var stored = await store.Find(Guid.Empty, ResourceKinds.Installation, DocumentId, cancellationToken);
            var known = stored is null ? [] : JsonSerializer.Deserialize<List<string>>(stored.Body)!;
            if (stored is not null && !known.Intersect(own).Any())
            {
                throw new StartRefusedException(
                    "The master key is not that of this database's installation: copy master.key from one of its other machines.");
            }

            // While a key is replaced, the file holds the old one and the new one; afterwards the old one is forgotten here too.
            if (known.ToHashSet().SetEquals(own))
                return;
            var body = JsonSerializer.Serialize(own);
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

/// <summary>The process cannot start as it is set up. The message alone says why: no stack is logged.</summary>
internal sealed class StartRefusedException(string message) : InvalidOperationException(message);
