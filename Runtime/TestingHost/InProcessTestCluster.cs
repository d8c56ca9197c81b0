using EsoCore.Runtime.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EsoCore.Runtime.TestingHost;

/// <summary>A cluster in the test's own process. For now it has one silo.</summary>
public sealed class InProcessTestCluster : IAsyncDisposable
{
    private readonly InProcessTestClusterBuilder _builder;
    private IHost? _host;

    internal InProcessTestCluster(InProcessTestClusterBuilder builder) => _builder = builder;

    /// <summary>The way into the grains.</summary>
    /// <exception cref="InvalidOperationException">The cluster is not deployed.</exception>
    public IClusterClient Client => ServiceProvider.GetRequiredService<IClusterClient>();

    /// <summary>The same as <see cref="Client"/>.</summary>
    public IGrainFactory GrainFactory => Client;

    /// <summary>The services of the silo.</summary>
    /// <exception cref="InvalidOperationException">The cluster is not deployed.</exception>
    public IServiceProvider ServiceProvider =>
        (_host ?? throw new InvalidOperationException("The cluster is not deployed: await DeployAsync first.")).Services;

    /// <summary>The services of the silo.</summary>
    public IServiceProvider GetSiloServiceProvider() => ServiceProvider;

    /// <summary>
    /// Starts the silo. After <see cref="StopAllSilosAsync"/> it can be deployed again, as after a restart: only what the callbacks share
    /// survives.
    /// </summary>
    public async Task DeployAsync()
    {
        if (_host is not null) throw new InvalidOperationException("The cluster is already deployed.");
        HostApplicationBuilder host = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        _builder.Apply(host);
        _host = host.Build();
        await _host.StartAsync();
    }

    /// <summary>Stops the silo gracefully.</summary>
    public async Task StopAllSilosAsync()
    {
        if (_host is null) return;
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        _host = null;
    }

    /// <summary>Stops the silo gracefully.</summary>
    public async ValueTask DisposeAsync() => await StopAllSilosAsync();
}

/// <summary>Sets up an <see cref="InProcessTestCluster"/>.</summary>
public sealed class InProcessTestClusterBuilder
{
    private readonly List<Action<IHostApplicationBuilder>> _hostCallbacks = [];
    private readonly List<Action<InProcessTestSiloSpecificOptions, ISiloBuilder>> _siloCallbacks = [];

    /// <summary>Starts with one silo.</summary>
    public InProcessTestClusterBuilder() : this(1)
    {
    }

    /// <summary>Starts with so many silos.</summary>
    /// <param name="initialSilosCount">Must be 1 until clustering is built in.</param>
    public InProcessTestClusterBuilder(short initialSilosCount)
    {
        if (initialSilosCount != 1) throw new NotSupportedException("The built-in engine runs in one process for now.");
    }

    /// <summary>Adds to the host of each silo: services, configuration, logging. A <see cref="TimeProvider"/> goes here.</summary>
    public InProcessTestClusterBuilder ConfigureHost(Action<IHostApplicationBuilder> configure)
    {
        _hostCallbacks.Add(configure);
        return this;
    }

    /// <summary>Adds to each silo: grain assemblies, storage, streams, reminders.</summary>
    public InProcessTestClusterBuilder ConfigureSilo(Action<InProcessTestSiloSpecificOptions, ISiloBuilder> configure)
    {
        _siloCallbacks.Add(configure);
        return this;
    }

    /// <summary>Adds to the host of each silo.</summary>
    public InProcessTestClusterBuilder ConfigureSiloHost(Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder> configure) =>
        ConfigureHost(host => configure(new InProcessTestSiloSpecificOptions("Silo1"), host));

    /// <summary>Makes the cluster, not yet deployed.</summary>
    public InProcessTestCluster Build() => new(this);

    internal void Apply(IHostApplicationBuilder host)
    {
        foreach (Action<IHostApplicationBuilder> callback in _hostCallbacks) callback(host);
        ISiloBuilder silo = host.Services.AddEsoCoreRuntime();
        var options = new InProcessTestSiloSpecificOptions("Silo1");
        foreach (Action<InProcessTestSiloSpecificOptions, ISiloBuilder> callback in _siloCallbacks) callback(options, silo);
    }
}

/// <summary>What distinguishes one silo of a test cluster.</summary>
/// <param name="SiloName">Its name.</param>
public sealed record InProcessTestSiloSpecificOptions(string SiloName);
