using System.Collections.Immutable;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Projects;
using EsoCore.Notifications;
using EsoCore.Projects;
using EsoCore.Wire;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>A master key can be replaced, and the old one taken away.</summary>
public sealed class ResealTests : IAsyncLifetime
{
    private NotifierCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await NotifierCluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Run_OldMasterKeyTakenAway_SecretsAndSigningKeysStillOpen()
    {
        var stores = _cluster.Cluster.Stores;
        var issuer = new KeyIssuer(_cluster.Cluster.Keys, _cluster.Time);
        var project = new Project(Notices.Project, "P", Notices.Noon, null);
        await stores.CreateProject(project, issuer.ForProject(project.Id).Stored, default);
        var device = new DeviceRegistration(
            Guid.NewGuid(), Notices.Project, "SN-1", "M", null, ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active,
            "stable", true, ConfigSettings.Empty, Notices.Noon);
        var (issued, key) = issuer.ForDevice(Notices.Project, device.DeviceId);
        await stores.Create(device, key, default);
        await _cluster.AddWebhook("hook");
        await _cluster.AddWebhook("lost");
        var lost = await stores.Find(Notices.Project, "channel", "lost", default);
        var ofKeyLongGone = lost!.Body.Replace("\"sealed\":\"A", "\"sealed\":\"C");
        await stores.Write(Notices.Project, "channel", "lost", ofKeyLongGone, lost.Version, default);

        _cluster.Cluster.Keys.Rotate();
        await _cluster.Cluster.RestartAsync();
        var resealer = _cluster.Cluster.Services.GetRequiredService<Resealer>();
        Assert.True(resealer.HasOldKey);
        Assert.Equal(new Resealed(1, 1, 1), await resealer.Run(default));
        Assert.Equal(new Resealed(0, 0, 1), await resealer.Run(default));

        _cluster.Cluster.Keys.Retire();
        Assert.False(resealer.HasOldKey);
        await _cluster.Cluster.RestartAsync();
        Assert.Equal("delivered", (await _cluster.Grains.GetGrain<IChannelGrain>(NotifierCluster.Key("hook")).Test(null))!.Outcome);
        var access = _cluster.Webhook.Sent[0].Message.Access.Secrets;
        Assert.Equal(("https://example.com/hook/token", "0123456789abcdef"), (access.Url, access.Secret));
        var credential = await _cluster.Grains.GetGrain<ICredentialGrain>("0").FindDevice(device.DeviceId);
        Assert.Equal(BodySignature.DeriveKey(issued.Secret), credential!.Keys.Single(k => k.KeyId == issued.Id).SigningKey.ToArray());
    }

    [Fact]
    public async Task Run_AnotherServerIsFaster_LeavesNothing()
    {
        var stores = _cluster.Cluster.Stores;
        var issuer = new KeyIssuer(_cluster.Cluster.Keys, _cluster.Time);
        var device = new DeviceRegistration(
            Guid.NewGuid(), Notices.Project, "SN-1", "M", null, ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active,
            "stable", true, ConfigSettings.Empty, Notices.Noon);
        var (_, key) = issuer.ForDevice(Notices.Project, device.DeviceId);
        await stores.Create(device, key, default);
        _cluster.Cluster.Keys.Rotate();
        await _cluster.Cluster.RestartAsync();
        var resealer = _cluster.Cluster.Services.GetRequiredService<Resealer>();
        var isOther = false;
        stores.Fault = method =>
        {
            if (method == nameof(stores.Reseal) && !isOther)
            {
                isOther = true;
                _ = stores.Reseal(key.KeyId, key.SealedSigningKey, new byte[] { 2, 1 }, default);
            }

            return null;
        };
        Assert.Equal(new Resealed(0, 0, 0), await resealer.Run(default));
        Assert.True(isOther);
    }
}
