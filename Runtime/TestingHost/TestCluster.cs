using EsoCore.Runtime.Hosting;

namespace EsoCore.Runtime.TestingHost;

/// <summary>Sets up the silos of a <see cref="TestCluster"/>.</summary>
public interface ISiloConfigurator
{
    /// <summary>Adds to a silo.</summary>
    void Configure(ISiloBuilder siloBuilder);
}

/// <summary>
/// Sets up a <see cref="TestCluster"/> by configurator classes; see <see cref="InProcessTestClusterBuilder"/> for the form with callbacks.
/// </summary>
/// <param name="initialSilosCount">1 to <see cref="InProcessTestClusterBuilder.MaxInitialSilos"/>.</param>
public sealed class TestClusterBuilder(short initialSilosCount = 1)
{
    private readonly InProcessTestClusterBuilder _inner = new(initialSilosCount);

    /// <summary>Adds to each silo.</summary>
    public TestClusterBuilder AddSiloBuilderConfigurator<T>() where T : ISiloConfigurator, new()
    {
        _inner.ConfigureSilo(static (_, silo) => new T().Configure(silo));
        return this;
    }

    /// <summary>Makes the cluster, not yet deployed.</summary>
    public TestCluster Build() => new(_inner.Build());
}

/// <summary>A cluster in the test's own process.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    private readonly InProcessTestCluster _inner;

    internal TestCluster(InProcessTestCluster inner) => _inner = inner;

    /// <inheritdoc cref="InProcessTestCluster.Client"/>
    public IClusterClient Client => _inner.Client;

    /// <inheritdoc cref="InProcessTestCluster.GrainFactory"/>
    public IGrainFactory GrainFactory => _inner.GrainFactory;

    /// <inheritdoc cref="InProcessTestCluster.ServiceProvider"/>
    public IServiceProvider ServiceProvider => _inner.ServiceProvider;

    /// <inheritdoc cref="InProcessTestCluster.Silos"/>
    public IReadOnlyList<InProcessSiloHandle> Silos => _inner.Silos;

    /// <inheritdoc cref="InProcessTestCluster.DeployAsync"/>
    public Task DeployAsync() => _inner.DeployAsync();

    /// <inheritdoc cref="InProcessTestCluster.StartAdditionalSiloAsync"/>
    public Task<InProcessSiloHandle> StartAdditionalSiloAsync() => _inner.StartAdditionalSiloAsync();

    /// <inheritdoc cref="InProcessTestCluster.StopSiloAsync"/>
    public Task StopSiloAsync(InProcessSiloHandle silo) => _inner.StopSiloAsync(silo);

    /// <inheritdoc cref="InProcessTestCluster.KillSiloAsync"/>
    public Task KillSiloAsync(InProcessSiloHandle silo) => _inner.KillSiloAsync(silo);

    /// <inheritdoc cref="InProcessTestCluster.RestartSiloAsync"/>
    public Task<InProcessSiloHandle> RestartSiloAsync(InProcessSiloHandle silo) => _inner.RestartSiloAsync(silo);

    /// <inheritdoc cref="InProcessTestCluster.WaitForLivenessToStabilizeAsync"/>
    public Task WaitForLivenessToStabilizeAsync() => _inner.WaitForLivenessToStabilizeAsync();

    /// <inheritdoc cref="InProcessTestCluster.StopAllSilosAsync"/>
    public Task StopAllSilosAsync() => _inner.StopAllSilosAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}
