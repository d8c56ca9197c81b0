using EsoCore.Grains.Notifications;
using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Notifications;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Projects;

/// <summary>What came of sealing anew.</summary>
/// <param name="Channels">Channels whose secrets are sealed by the key in force now.</param>
/// <param name="Keys">The same of devices' body-signature keys.</param>
/// <param name="Left">
/// What still needs another master key: it is damaged or its key is gone, or a server that seals by another key holds the channel. What
/// another server sealed anew meanwhile is none of it.
/// </param>
internal sealed record Resealed(int Channels, int Keys, int Left);

/// <summary>
/// Seals anew what an older master key sealed, so that this one can be taken away: the secrets of channels, by the grains that own them,
/// and devices' body-signature keys. What is done already is left alone, so it can be run at any time and by several processes.
/// </summary>
internal sealed class Resealer(
    IProjectStore projects, IResourceStore resources, IGrainFactory grains, IInstallationKeys keys, ILogger<Resealer> log)
{
    /// <summary>Projects, or keys, read at one time.</summary>
    private const int PageSize = 500;

    private readonly SigningKeySeal _seal = new(keys);

    /// <summary>Whether there is an older master key, and so anything that could be sealed anew.</summary>
    public bool HasOldKey =>
        Enumerable.Range(1, byte.MaxValue).Count(id => keys.Find(KeyPurposes.ChannelSeal, (byte)id) is not null) > 1;

    /// <summary>The id of the master key that seals now.</summary>
    public byte KeyInForce => keys.Current(KeyPurposes.ChannelSeal).KeyId;

    /// <summary>Goes through everything that is sealed.</summary>
    public async Task<Resealed> Run(CancellationToken cancel)
    {
        var (channels, left) = await Channels(cancel);
        var (signing, failed) = await Keys(cancel);
        return new Resealed(channels, signing, left + failed);
    }

    private async Task<(int Done, int Left)> Channels(CancellationToken cancel)
    {
        var (done, left, after) = (0, 0, Guid.Empty);
        while (true)
        {
            var page = await projects.ListProjects(after, PageSize, cancel);
            foreach (var project in page)
            {
                // A list never gives more than it may hold, so one page is all.
                var list = await resources.List(
                    project, ResourceKinds.Channel, new PageRequest(ResourceLimits.Of(ResourceKinds.Channel)), cancel);
                foreach (var stored in list.Items.Where(IsOld))
                {
                    if (await Reseal(project, stored.Id, cancel))
                        done++;
                    else
                        left++;
                }
            }

            if (page.Length < PageSize)
                return (done, left);
            after = page[^1];
        }
    }

    /// <summary>A channel's grain seals anew when it is activated; any call does that.</summary>
    private async Task<bool> Reseal(Guid project, string id, CancellationToken cancel)
    {
        try
        {
            await grains.GetGrain<IChannelGrain>(ProjectKey.Of(project, id)).Get();
        }
        catch (Exception error) when (error is not StorageUnavailableException)
        {
            log.LogWarning(error, "Channel {Channel} of project {ProjectId} cannot be sealed anew", id, project);
        }

        return await resources.Find(project, ResourceKinds.Channel, id, cancel) is not { } now || !IsOld(now);
    }

    private bool IsOld(StoredResource stored)
    {
        try
        {
            return !stored.Deleted && ChannelVault.KeyOf(ResourceDocument<StoredChannel>.Read(stored).Value.Sealed) is { } key
                && key != keys.Current(KeyPurposes.ChannelSeal).KeyId;
        }
        catch (Exception error)
        {
            log.LogWarning(error, "Channel '{Channel}' cannot be read, so nothing of it is sealed anew", stored.Id);
            return false;
        }
    }

    private async Task<(int Done, int Left)> Keys(CancellationToken cancel)
    {
        var current = keys.Current(KeyPurposes.SigningKeySeal).KeyId;
        var (done, left, after) = (0, 0, Guid.Empty);
        while (true)
        {
            var page = await projects.ListDeviceKeys(after, PageSize, cancel);
            foreach (var key in page.Where(key => !key.SealedSigningKey.IsEmpty && key.SealedSigningKey.Span[0] != current))
            {
                if (_seal.Open(key.SealedSigningKey.Span, key.KeyId, key.DeviceId!.Value) is not { } signing)
                    left++;
                else if (await projects.Reseal(
                    key.KeyId, key.SealedSigningKey, _seal.Seal(signing, key.KeyId, key.DeviceId.Value), cancel))
                    done++; // Where it is no longer as it was read, another server was faster, and counts it.
            }

            if (page.Length < PageSize)
                return (done, left);
            after = page[^1].KeyId;
        }
    }
}
