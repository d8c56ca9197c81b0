using EsoCore.Runtime.Clustering;
using Microsoft.Extensions.Hosting;

namespace EsoCore.Runtime.TestingHost;

/// <summary>
/// A cluster in the test's own process: one silo that is alone, or several that call each other as processes would, over TCP on the
/// loopback or a network in memory.
/// </summary>
public sealed class InProcessTestCluster : IAsyncDisposable
{
    private readonly InProcessTestClusterBuilder _builder;
    private readonly List<InProcessSiloHandle> _silos = [];
    private readonly List<InProcessSiloHandle> _clients = [];
    private int _lastSilo;

    internal InProcessTestCluster(InProcessTestClusterBuilder builder) => _builder = builder;

    /// <summary>The silos that run, oldest first.</summary>
    public IReadOnlyList<InProcessSiloHandle> Silos => [.. _silos.Where(silo => silo.IsActive)];

    /// <summary>The way into the grains: that of the client that was started last, else of the oldest silo.</summary>
    /// <exception cref="InvalidOperationException">The cluster is not deployed.</exception>
    public IClusterClient Client => (_clients.LastOrDefault(client => client.IsActive) ?? First).Client;

    /// <summary>The same as <see cref="Client"/>.</summary>
    public IGrainFactory GrainFactory => Client;

    /// <summary>The services of the oldest silo.</summary>
    /// <exception cref="InvalidOperationException">The cluster is not deployed.</exception>
    public IServiceProvider ServiceProvider => First.ServiceProvider;

    internal IMembershipTable Table => _builder.Table;

    internal MemoryNetwork? Network => _builder.Network;

    private InProcessSiloHandle First => _silos.FirstOrDefault(silo => silo.IsActive) ?? _silos.FirstOrDefault(silo => !silo.IsDisposed)
        ?? throw new InvalidOperationException("The cluster is not deployed: await DeployAsync first.");

    /// <summary>The services of a silo, or of the oldest one.</summary>
    public IServiceProvider GetSiloServiceProvider(InProcessSiloHandle? silo = null) => (silo ?? First).ServiceProvider;

    /// <summary>
    /// Starts the silos. After <see cref="StopAllSilosAsync"/> it can be deployed again, as after a restart: only what the callbacks share
    /// survives.
    /// </summary>
    public async Task DeployAsync()
    {
        if (Silos.Count > 0) throw new InvalidOperationException("The cluster is already deployed.");
        _lastSilo = 0;
        _silos.Clear();
        for (int i = 0; i < _builder.InitialSilos; i++) await StartAdditionalSiloAsync();
        await WaitForLivenessToStabilizeAsync();
    }

    /// <summary>Starts one more silo; ends when it owns its share of the grains.</summary>
    public async Task<InProcessSiloHandle> StartAdditionalSiloAsync()
    {
        if (!_builder.IsClustered && _lastSilo > 0)
            throw new InvalidOperationException("The silo is alone: set the cluster up for more than one.");
        int index = ++_lastSilo;
        InProcessSiloHandle silo = await StartAsync($"Silo{index}", index, isClient: false);
        _silos.Add(silo);
        return silo;
    }

    /// <summary>Starts a client: a process without grains. From then on it is <see cref="Client"/>.</summary>
    public async Task<InProcessSiloHandle> StartClientAsync()
    {
        InProcessSiloHandle client = await StartAsync($"Client{_clients.Count + 1}", 0, isClient: true);
        _clients.Add(client);
        return client;
    }

    /// <summary>Stops a silo as planned: it hands its grains over.</summary>
    public Task StopSiloAsync(InProcessSiloHandle silo) => silo.StopAsync();

    /// <summary>Ends a silo abruptly, as when its process is killed.</summary>
    public Task KillSiloAsync(InProcessSiloHandle silo) => silo.KillAsync();

    /// <summary>Stops a silo as planned and starts another in its place, of the same name.</summary>
    public async Task<InProcessSiloHandle> RestartSiloAsync(InProcessSiloHandle silo)
    {
        await silo.StopAsync();
        InProcessSiloHandle started = await StartAsync(silo.Name, silo.Index, isClient: false);
        _silos[_silos.IndexOf(silo)] = started;
        return started;
    }

    /// <summary>
    /// Waits until all silos and clients agree that exactly the running silos are active. With a clock that the test moves, it is to be
    /// moved meanwhile for silence to be noticed.
    /// </summary>
    public async Task WaitForLivenessToStabilizeAsync()
    {
        if (!_builder.IsClustered) return;
        SiloAddress[] active = [.. Silos.Select(silo => silo.SiloAddress!).Order()];
        foreach (InProcessSiloHandle process in Silos.Concat(_clients.Where(client => client.IsActive)))
        {
            IMembership membership = process.Runtime.Cluster!.Membership;
            ClusterState state = membership.State;
            while (!state.View.Active.SequenceEqual(active)) state = await membership.WaitForChange(state, CancellationToken.None);
        }
    }

    /// <summary>Stops all silos as planned, and the clients.</summary>
    public async Task StopAllSilosAsync()
    {
        foreach (InProcessSiloHandle process in _clients.Concat(_silos)) await process.StopAsync();
    }

    /// <summary>Stops all silos as planned, and the clients.</summary>
    public async ValueTask DisposeAsync() => await StopAllSilosAsync();

    private async Task<InProcessSiloHandle> StartAsync(string name, int index, bool isClient)
    {
        HostApplicationBuilder host = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        _builder.Apply(host, name, isClient);
        var handle = new InProcessSiloHandle(name, index, host.Build());
        await handle.StartAsync();
        return handle;
    }
}
