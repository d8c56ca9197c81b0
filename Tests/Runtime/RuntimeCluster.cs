using System.Runtime.CompilerServices;
using EsoCore.Runtime;
using EsoCore.Runtime.Engine;
using EsoCore.Runtime.Hosting;
using EsoCore.Runtime.TestingHost;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Tests.Runtime;

/// <summary>A test cluster with the grains of this assembly, everything in memory, and a clock that the test moves.</summary>
internal sealed class RuntimeCluster : IAsyncDisposable
{
    public const string Streams = "streams";

    private readonly InProcessTestCluster _cluster;
    private int _timersAtRest;

    private RuntimeCluster(
        InProcessTestCluster cluster, FakeTimeProvider time, MemoryGrainStorage storage, MemoryReminderTable reminders, Probe probe)
    {
        _cluster = cluster;
        Time = time;
        Storage = storage;
        Reminders = reminders;
        Probe = probe;
    }

    public FakeTimeProvider Time { get; }

    /// <summary>Shared by all deployments of this cluster, as a database would be.</summary>
    public MemoryGrainStorage Storage { get; }

    public MemoryReminderTable Reminders { get; }

    public Probe Probe { get; }

    public IClusterClient Client => _cluster.Client;

    public IServiceProvider Services => _cluster.ServiceProvider;

    /// <summary>How many activations there are now.</summary>
    public int Activations => Runtime.Catalog.Count;

    private GrainRuntime Runtime => Services.GetRequiredService<GrainRuntime>();

    /// <summary>The activation of a grain, or null.</summary>
    public Activation? Find(GrainId grain) => Runtime.Catalog.Find(grain);

    /// <summary>Whether more timers are set than those that always are: something pauses until the clock moves.</summary>
    public bool IsPausing => Time.PendingTimers > _timersAtRest;

    /// <summary>
    /// Waits until a grain has nothing to do: whoever was answered or told may hear of it while the turn goes on, and a clock that is moved
    /// meanwhile finds the grain busy and its timer not yet set.
    /// </summary>
    public Task IdleAsync(IAddressable grain) => UntilAsync(() => Find(grain.GetGrainId()) is not { IsIdle: false });

    /// <summary>Waits for something that happens on the pool without anyone to tell of it.</summary>
    public static async Task UntilAsync(
        Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string description = "")
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > Probe.Patience)
                throw new TimeoutException($"Within {Probe.Patience} this did not come true: {description}");
            await Task.Yield();
        }
    }

    public static async Task<RuntimeCluster> StartAsync(Action<RuntimeOptions>? options = null, Action<IServiceCollection>? services = null)
    {
        var time = new FakeTimeProvider();
        var storage = new MemoryGrainStorage();
        var reminders = new MemoryReminderTable();
        var probe = new Probe();
        var builder = new InProcessTestClusterBuilder();
        builder.ConfigureHost(host =>
        {
            host.Services.AddSingleton<TimeProvider>(time);
            host.Services.AddSingleton(probe);
            services?.Invoke(host.Services);
        });
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddGrainAssembly(typeof(RuntimeCluster).Assembly);
            silo.AddGrainStorage(SiloBuilderExtensions.DefaultStorageName, _ => storage);
            silo.UseReminderTable(_ => reminders);
            silo.AddMemoryStreams(Streams);
            if (options is not null) silo.Configure(options);
        });
        var cluster = new RuntimeCluster(builder.Build(), time, storage, reminders, probe);
        await cluster._cluster.DeployAsync();
        cluster._timersAtRest = time.PendingTimers;
        return cluster;
    }

    public async Task RestartAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DeployAsync();
    }

    public Task StopAsync() => _cluster.StopAllSilosAsync();

    public async ValueTask DisposeAsync()
    {
        // A test that failed may have left a grain at its gate, for which the silo waits by the test's clock, and the run would hang.
        Task stopped = _cluster.DisposeAsync().AsTask();
        while (await Task.WhenAny(stopped, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System)) != stopped)
            Time.Advance(TimeSpan.FromSeconds(10));
        await stopped;
    }
}
