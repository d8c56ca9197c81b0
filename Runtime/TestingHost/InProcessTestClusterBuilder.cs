using EsoCore.Runtime.Clustering;
using EsoCore.Runtime.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EsoCore.Runtime.TestingHost;

/// <summary>Sets up an <see cref="InProcessTestCluster"/>.</summary>
public sealed class InProcessTestClusterBuilder
{
    /// <summary>The most silos a test cluster begins with.</summary>
    public const short MaxInitialSilos = 16;

    /// <summary>The host's own 30 s would cut off a stop that the options of the runtime allow to take longer.</summary>
    private static readonly TimeSpan s_stopPatience = TimeSpan.FromMinutes(5);

    private readonly List<Action<IHostApplicationBuilder>> _hostCallbacks = [];
    private readonly List<Action<InProcessTestSiloSpecificOptions, ISiloBuilder>> _siloCallbacks = [];
    private readonly List<Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder>> _siloHostCallbacks = [];
    private readonly List<Action<ClusterOptions>> _clusterCallbacks = [];
    private IMembershipTable? _table;
    private bool _alone;

    /// <summary>Starts with one silo.</summary>
    public InProcessTestClusterBuilder() : this(1)
    {
    }

    /// <summary>Starts with so many silos.</summary>
    /// <param name="initialSilosCount">1 to <see cref="MaxInitialSilos"/>. A single one is no member of a cluster, unless <see
    /// cref="ConfigureClustering"/> is called.</param>
    public InProcessTestClusterBuilder(short initialSilosCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(initialSilosCount, (short)1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(initialSilosCount, MaxInitialSilos);
        InitialSilos = initialSilosCount;
        _alone = initialSilosCount == 1;
    }

    internal short InitialSilos { get; }

    internal bool IsClustered => !_alone;

    /// <summary>The table of the members when none was given.</summary>
    internal IMembershipTable Table => _table ??= new MemoryMembershipTable(Time);

    internal TimeProvider Time { get; private set; } = TimeProvider.System;

    /// <summary>The network that faults can be made in; null for TCP over the loopback.</summary>
    internal MemoryNetwork? Network { get; private set; }

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
    public InProcessTestClusterBuilder ConfigureSiloHost(Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder> configure)
    {
        _siloHostCallbacks.Add(configure);
        return this;
    }

    /// <summary>Makes the silos members of a cluster, and changes how.</summary>
    /// <param name="configure">Changes the options; identity and secret are set already.</param>
    /// <param name="table">The table of the members; without one they share one in memory.</param>
    public InProcessTestClusterBuilder ConfigureClustering(Action<ClusterOptions>? configure = null, IMembershipTable? table = null)
    {
        _alone = false;
        if (configure is not null) _clusterCallbacks.Add(configure);
        if (table is not null) _table = table;
        return this;
    }

    /// <summary>Makes the cluster, not yet deployed.</summary>
    public InProcessTestCluster Build() => new(this);

    /// <summary>Connects the silos by a network in memory instead of TCP. The clock is also that of the table.</summary>
    internal InProcessTestClusterBuilder UseMemoryNetwork(TimeProvider time)
    {
        Time = time;
        Network = new MemoryNetwork(time);
        return this;
    }

    internal void Apply(IHostApplicationBuilder host, string name, bool isClient)
    {
        var options = new InProcessTestSiloSpecificOptions(name);
        host.Services.Configure<HostOptions>(options => options.ShutdownTimeout = s_stopPatience);
        foreach (Action<IHostApplicationBuilder> callback in _hostCallbacks) callback(host);
        foreach (Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder> callback in _siloHostCallbacks) callback(options, host);
        ISiloBuilder silo = host.Services.AddEsoCoreRuntime();
        foreach (Action<InProcessTestSiloSpecificOptions, ISiloBuilder> callback in _siloCallbacks) callback(options, silo);
        if (!IsClustered) return;
        void Configure(ClusterOptions cluster)
        {
            cluster.ClusterId = "test";
            cluster.Secret = "the secret of the test cluster"u8.ToArray();
            cluster.IsClient = isClient;
            foreach (Action<ClusterOptions> callback in _clusterCallbacks) callback(cluster);
        }

        if (Network is { } network) silo.UseClustering(Configure, _ => Table, (_, cluster) => new MemoryTransport(network, cluster));
        else silo.UseClustering(Configure, _ => Table);
    }
}

/// <summary>What distinguishes one silo of a test cluster.</summary>
/// <param name="SiloName">Its name.</param>
public sealed record InProcessTestSiloSpecificOptions(string SiloName);
