using System.Collections.Immutable;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Feed;
using EsoCore.Grains;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Storage;
using EsoCore.Projects;
using EsoCore.Runtime.Clustering;
using EsoCore.Runtime.TestingHost;
using EsoCore.Silo.Hosting;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EsoCore.Tests.Liveness;

/// <summary>Two silos over one storage, by the real clock; one is killed.</summary>
public sealed class BuiltInLivenessKillTests : IAsyncLifetime
{
    private const int MaxDrawn = 1_000;

    private readonly InMemoryStores _stores = new(TimeProvider.System);
    private InProcessTestCluster _cluster = null!;
    private Guid _project;

    public async Task InitializeAsync()
    {
        _cluster = new InProcessTestClusterBuilder(2)
            .ConfigureClustering(cluster =>
            {
                cluster.Membership.HeartbeatInterval = TimeSpan.FromMilliseconds(100);
                // So long may a thread of a healthy one be without a processor.
                cluster.Membership.EvictAfter = TimeSpan.FromSeconds(12);
                cluster.Membership.EvictUnreachableAfter = TimeSpan.FromMilliseconds(400);
            })
            .ConfigureHost(host => AddServices(host.Services))
            .ConfigureSilo((_, silo) =>
            {
                silo.AddEsoCoreGrainHost();
                silo.Services.AddSingleton(static provider =>
                {
                    var status = provider.GetRequiredService<IClusterStatus>();
                    return new ClusterVersion(() => status.State?.View.Version ?? 0);
                });
                silo.Services.AddHostedService<OutboxStarter>();
                silo.Services.AddHostedService<LivenessStarter>();
            })
            .Build();
        await _cluster.DeployAsync();
        _project = (await _cluster.Client.GetGrain<IInstallationGrain>(IInstallationGrain.Key).CreateProject("Acme")).Project.Id;
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Device_WhoseSiloIsKilled_IsFoundSilentByTheOther_AndOnlineAtOnceWhenItSpeaks()
    {
        var victim = _cluster.Silos[1];
        var id = await AddDeviceWatchedBy(victim);
        await IsOnlineOnceItSpeaks(id);
        await _cluster.KillSiloAsync(victim);

        await Eventually.Holds(
            () => Task.FromResult(!Presence(id)!.Online), () => "The device is still told online.");

        await IsOnlineOnceItSpeaks(id);
        await Eventually.Holds(
            () => Task.FromResult(!Presence(id)!.Online), () => "The device is not watched any more.");
    }

    [Fact]
    public async Task Feed_ReadFromBothSilos_IsTheSame()
    {
        var key = _project.ToString("D");
        var feeds = _cluster.Silos.Select(silo => silo.Client.GetGrain<IFeedGrain>(key)).ToList();
        var start = await feeds[0].Read(null, 10, TimeSpan.Zero, default);
        using var cancel = new CancellationTokenSource();
        var ended = feeds.Select(feed => feed.Read(start.Position, 10, FeedLimits.MaxWait, cancel.Token)).ToList();
        Assert.True(await feeds[1].IsRead());
        await cancel.CancelAsync();
        foreach (var reading in ended)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        var readings = feeds.Select(feed => feed.Read(start.Position, 10, FeedLimits.MaxWait, default)).ToList();
        await feeds[0].Publish([new FeedEntry("a", FeedKinds.Event, "HALL", Guid.NewGuid(), new JsonText("{}"))]);
        foreach (var reading in readings)
            Assert.Equal("a", Assert.Single((await reading).Items).Entry.Id);
    }

    /// <summary>A device that speaks is online at once. Where two seconds pass before that is looked at, it speaks again.</summary>
    private Task IsOnlineOnceItSpeaks(Guid id) => Eventually.Holds(
        async () =>
        {
            await Heartbeat(id);
            return Presence(id)!.Online;
        },
        () => "The device spoke and is not told online.");

    private async Task Heartbeat(Guid id)
    {
        var report = new HeartbeatReport(new DeviceCall(TimeProvider.System.GetUtcNow()), null, null, null, null, null, null, null);
        Assert.Equal(DeviceOutcome.Done, (await Device(id).Heartbeat(report)).Outcome);
    }

    private DevicePresence? Presence(Guid id) => _stores.Device(id)!.Presence;

    private IDeviceGrain Device(Guid id) => _cluster.Client.GetGrain<IDeviceGrain>(id.ToString("D"));

    /// <summary>A device with an interval of a second that lives, and is watched, on a silo.</summary>
    private async Task<Guid> AddDeviceWatchedBy(InProcessSiloHandle silo)
    {
        for (var i = 0; i < MaxDrawn; i++)
        {
            var id = Guid.NewGuid();
            var shard = _cluster.Client.GetGrain<ILivenessGrain>(LivenessShards.KeyOf(LivenessShards.Of(id)));
            if (!silo.SiloAddress!.Equals(OwnerOf(Device(id))) || !silo.SiloAddress!.Equals(OwnerOf(shard)))
                continue;
            var registration = new DeviceRegistration(
                id, _project, "S-1", "M", "HALL", ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active, "stable", false,
                ConfigSettings.Empty with { UploadIntervalS = 1 }, TimeProvider.System.GetUtcNow());
            Assert.True(await _stores.Create(registration, new NewKey(Guid.NewGuid(), _project, id, default, default, default), default));
            return id;
        }

        throw new InvalidOperationException($"None of {MaxDrawn} ids is of {silo.Name}.");
    }

    private SiloAddress? OwnerOf(EsoCore.Runtime.IAddressable grain) => _cluster.Silos[0].ClusterState!.View.OwnerOf(grain.GetGrainId());

    private void AddServices(IServiceCollection services)
    {
        services.AddSingleton<IInstallationKeys>(new TestKeys());
        services.AddSingleton<IProjectStore>(_stores);
        services.AddSingleton<IResourceStore>(_stores);
        services.AddSingleton<IOutboxStore>(_stores);
        services.AddSingleton<IGrainStateStore>(_stores);
        services.AddSingleton<IReminderStore>(_stores);
        services.AddSingleton<IDeviceStore>(_stores);
        services.AddEsoCoreGrains();
        services.Configure<DeviceOptions>(options => options.LivenessGrace = TimeSpan.FromSeconds(1));
    }
}
