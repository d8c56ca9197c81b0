using EsoCore.Grains;
using EsoCore.Grains.Storage;
using EsoCore.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Tests.Support;

/// <summary>
/// A test cluster with all grains, storage in memory, and a clock that the test moves. Storage and clock outlive <see
/// cref="RestartAsync"/>.
/// </summary>
internal sealed class GrainCluster : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;

    private readonly Action<IServiceCollection>? _configure;

    private GrainCluster(FakeTimeProvider time, Action<IServiceCollection>? configure)
    {
        (Time, _configure) = (time, configure);
        Stores = new InMemoryStores(time);
        _cluster = new InProcessTestClusterBuilder(1)
            .ConfigureHost(host => AddServices(host.Services))
            .ConfigureSilo((_, silo) => silo.AddEsoCoreGrainHost())
            .Build();
    }

    public FakeTimeProvider Time { get; }

    public InMemoryStores Stores { get; }

    public TestKeys Keys { get; } = new();

    /// <summary>The reminders of a grain.</summary>
    public async Task<IReadOnlyList<ReminderRow>> Reminders(IAddressable grain) => await Stores.Read($"{grain.GetGrainId()}", default);

    /// <summary>The silo's own client, which has its stream provider.</summary>
    public IClusterClient Client => Services.GetRequiredService<IClusterClient>();

    public IServiceProvider Services => _cluster.ServiceProvider;

    /// <summary>Starts a cluster; what <paramref name="configure"/> registers takes the place of what the grains would have.</summary>
    public static async Task<GrainCluster> StartAsync(DateTimeOffset? start = null, Action<IServiceCollection>? configure = null)
    {
        var cluster = new GrainCluster(start is { } at ? new FakeTimeProvider(at) : new FakeTimeProvider(), configure);
        await cluster._cluster.DeployAsync();
        return cluster;
    }

    /// <summary>Stops gracefully and starts anew, after some time; only what is stored survives.</summary>
    public async Task RestartAsync(TimeSpan away = default)
    {
        await _cluster.StopAllSilosAsync();
        Time.Advance(away);
        await _cluster.DeployAsync();
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private void AddServices(IServiceCollection services)
    {
        services.AddTestClock(Time);
        services.AddEsoCoreGrains();
        services.AddSingleton<IInstallationKeys>(Keys);
        services.AddSingleton<IProjectStore>(Stores);
        services.AddSingleton<IResourceStore>(Stores);
        services.AddSingleton<IOutboxStore>(Stores);
        services.AddSingleton<IGrainStateStore>(Stores);
        services.AddSingleton<IReminderStore>(Stores);
        services.AddSingleton<IDeviceStore>(Stores);
        services.AddSingleton<IWorkStore>(Stores);
        _configure?.Invoke(services);
    }

    /// <summary>
    /// Moves the clock in steps, with time for what is going on in between, until a condition holds; whether it did within that time.
    /// </summary>
    public async Task<bool> Move(TimeSpan atMost, Func<bool> until, TimeSpan? step = null)
    {
        var end = Time.GetUtcNow() + atMost;
        var by = step ?? TimeSpan.FromSeconds(1);
        while (true)
        {
            // At the end much more: on a busy machine what is under way may lag far behind the clock.
            var isLast = Time.GetUtcNow() >= end;
            for (var turns = 0; turns < (isLast ? 400_000 : 2_000 * Math.Max(1, by.TotalSeconds)); turns++)
            {
                if (until())
                    return true;
                await Task.Yield();
            }

            if (isLast)
                return until();
            Time.Advance(by);
        }
    }
}
