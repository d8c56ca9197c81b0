using System.Runtime.CompilerServices;
using EsoCore.Grains;
using EsoCore.Grains.Storage;
using EsoCore.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EsoCore.Tests.Support;

/// <summary>
/// A test cluster with all grains, storage in memory, and a clock that the test moves. Storage and clock outlive <see
/// cref="RestartAsync"/>.
/// </summary>
internal sealed class GrainCluster : IAsyncDisposable
{
    /// <summary>Turns that other work gets at least for each second that the clock is moved.</summary>
    private const int TurnsPerSecond = 300;

    /// <summary>Steps that something is waited for; it only keeps a broken test from hanging.</summary>
    private const int MaxSteps = 10_000;

    /// <summary>Seconds of a step at most that other work gets turns for.</summary>
    private const double MostSeconds = 20;

    /// <summary>How long a step waits until all grains are quiet.</summary>
    private static readonly TimeSpan MostForAStep = TimeSpan.FromSeconds(15);

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
    /// Moves the clock in steps, with turns for what is going on in between, until a condition holds, but no further than told. There it
    /// waits for what lags behind the clock, and fires what was set late and is due already.
    /// </summary>
    public async Task Move(
        TimeSpan atMost, Func<bool> until, TimeSpan? step = null, [CallerArgumentExpression(nameof(until))] string description = "")
    {
        var end = Time.GetUtcNow() + atMost;
        while (!until() && Time.GetUtcNow() < end)
            await Step(step ?? TimeSpan.FromSeconds(1), until);
        await Turns.Until(until, Time, TimeSpan.Zero, description: description);
    }

    /// <summary>Moves the clock in steps, with turns for what is going on in between; whether a condition did not come to hold.</summary>
    public async Task<bool> Stays(TimeSpan during, Func<bool> without, TimeSpan step)
    {
        var end = Time.GetUtcNow() + during;
        while (!without() && Time.GetUtcNow() < end)
            await Step(step, without);
        await Turns.Pass(10_000); // What lags behind the clock would show by now.
        return !without();
    }

    /// <summary>
    /// Moves the clock in steps, with turns for what is going on in between, until a condition holds, however far: what lags behind the
    /// clock may have set its next try for later.
    /// </summary>
    public async Task Run(
        Func<bool> until, TimeSpan? step = null, [CallerArgumentExpression(nameof(until))] string description = "")
    {
        for (var steps = 0; !until(); steps++)
        {
            Assert.True(steps < MaxSteps, $"Within {MaxSteps} steps this did not come true: {description}");
            await Step(step ?? TimeSpan.FromSeconds(1), until);
        }
    }

    /// <summary>What is under way runs out of its time by this clock too, and so has to end before the next step.</summary>
    private async Task Step(TimeSpan by, Func<bool> until)
    {
        Time.Advance(by);
        var start = TimeProvider.System.GetTimestamp();
        var least = TurnsPerSecond * Math.Clamp(by.TotalSeconds, 1, MostSeconds);
        for (var turns = 0; !until() && (turns < least || !IsQuiet(start)); turns++)
            await Turns.Pass(1);
    }

    /// <summary>A grain that is not quiet for so long may wait for the clock.</summary>
    private bool IsQuiet(long start) => _cluster.IsQuiet() || TimeProvider.System.GetElapsedTime(start) > MostForAStep;
}
