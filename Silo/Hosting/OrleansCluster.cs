using System.Net;
using EsoCore.Api;
using EsoCore.Runtime.Clustering;
using Orleans.Configuration;

namespace EsoCore.Silo.Hosting;

/// <summary>Makes a process on PostgreSQL one of many, with Orleans: members stand in its tables, which <c>migrate</c> makes.</summary>
internal static class OrleansCluster
{
    /// <summary>What the cluster and the service are called.</summary>
    public const string Id = "esocore";

    /// <summary>The database driver, by the name that Orleans knows it under.</summary>
    private const string Invariant = "Npgsql";

    /// <summary>How often a silo asks those that it watches for a sign of life, and how long it waits for one.</summary>
    private static readonly TimeSpan Probe = TimeSpan.FromSeconds(1);

    /// <summary>Probes missed in a row before a silo votes; together with <see cref="Probe"/> this keeps an outage below 5 s.</summary>
    private const int MissedProbes = 2;

    /// <summary>How often silos and front doors read the table; changes are also told from silo to silo.</summary>
    private static readonly TimeSpan TableRefresh = TimeSpan.FromSeconds(2);

    /// <summary>How often a silo writes that it lives. One that has not for three times as long keeps nobody from joining.</summary>
    private static readonly TimeSpan AliveEvery = TimeSpan.FromSeconds(2);

    /// <summary>How long connecting to a silo may take, and the pause before the next attempt.</summary>
    private static readonly TimeSpan Connect = TimeSpan.FromSeconds(2), ConnectAgain = TimeSpan.FromSeconds(1);

    /// <summary>How long a front door waits for a grain's answer; twice as long for that of an upload, made once more.</summary>
    internal static readonly TimeSpan DoorPatience = TimeSpan.FromSeconds(2.4);

    /// <summary>How long a call waits for its answer: less than what a device waits for ours.</summary>
    private static readonly TimeSpan Response = TimeSpan.FromSeconds(30);

    public static void AddCluster(this ISiloBuilder silo, SiloOptions options, ClusterSettings cluster)
    {
        silo.Configure<ClusterOptions>(Name);
        silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (Invariant, options.Postgres!));
        silo.Configure<EndpointOptions>(endpoints => Listen(endpoints, cluster, options.Postgres!));
        silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = Response);
        silo.Configure<ConnectionOptions>(Connections);
        silo.Configure<ClusterMembershipOptions>(Watch);
        if (TlsOf(cluster) is { } tls)
            silo.UseTls(tls);
        silo.Services.AddSingleton(static provider =>
        {
            var members = provider.GetRequiredService<IClusterMembershipService>();
            return new ClusterVersion(() => members.CurrentSnapshot.Version.Value);
        });
        silo.Services.AddSingleton<IReadinessCheck, SiloReadiness>();
        silo.Services.AddSingleton<IOutgoingGrainCallFilter>(new OrleansRejections(Timeout.InfiniteTimeSpan));
    }

    public static void AddCluster(this IClientBuilder client, SiloOptions options, ClusterSettings cluster)
    {
        client.Configure<ClusterOptions>(Name);
        client.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (Invariant, options.Postgres!));
        client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = TableRefresh);
        client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = Response);
        client.Configure<ConnectionOptions>(Connections);
        client.UseConnectionRetryFilter(AwaitSilo);
        if (TlsOf(cluster) is { } tls)
            client.UseTls(tls);
        client.Services.AddOwnExceptions();
        client.Services.AddSingleton<IOutgoingGrainCallFilter>(new OrleansRejections(DoorPatience));
        client.Services.AddSingleton<DoorReadiness>();
        client.Services.AddSingleton<IReadinessCheck>(static provider => provider.GetRequiredService<DoorReadiness>());
        client.Services.AddSingleton<IClusterConnectionStatusObserver>(static provider => provider.GetRequiredService<DoorReadiness>());
    }

    /// <summary>Settings by which a silo that is gone is known to be gone within seconds.</summary>
    internal static void Watch(ClusterMembershipOptions members)
    {
        members.ProbeTimeout = Probe;
        members.NumMissedProbesLimit = MissedProbes;
        members.TableRefreshTimeout = TableRefresh;
        members.IAmAliveTablePublishTimeout = AliveEvery;
        members.EvictWhenMaxJoinAttemptTimeExceeded = true;
        members.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
        members.DefunctSiloExpiration = TimeSpan.FromHours(1);
    }

    private static void Name(ClusterOptions options) => (options.ClusterId, options.ServiceId) = (Id, Id);

    private static void Connections(ConnectionOptions options) =>
        (options.OpenConnectionTimeout, options.ConnectionRetryDelay) = (Connect, ConnectAgain);

    /// <summary>A front door that is started before any silo waits for one.</summary>
    private static async Task<bool> AwaitSilo(Exception error, CancellationToken cancel)
    {
        await Task.Delay(ConnectAgain, TimeProvider.System, cancel);
        return true;
    }

    private static void Listen(EndpointOptions endpoints, ClusterSettings cluster, string postgres)
    {
        var (host, port) = cluster.ListenAt(postgres);
        var advertised = cluster.Advertise is { } text ? ClusterSettings.Split(text)!.Value : (Host: host, Port: 0);
        var listening = new IPEndPoint(AddressOf(host), port == 0 ? OrleansPorts.Take() : port);
        endpoints.SiloListeningEndpoint = listening;
        endpoints.AdvertisedIPAddress = AddressOf(advertised.Host);
        endpoints.SiloPort = advertised.Port == 0 ? listening.Port : advertised.Port;
        endpoints.GatewayPort = cluster.GatewayPort == 0 ? OrleansPorts.Take() : cluster.GatewayPort;
        endpoints.GatewayListeningEndpoint = new IPEndPoint(listening.Address, endpoints.GatewayPort);
    }

    private static ClusterTls? TlsOf(ClusterSettings cluster) =>
        cluster.Cert is { } certificate ? new ClusterTls(certificate, cluster.Key!, cluster.Authority!) : null;

    private static IPAddress AddressOf(string host) => IPAddress.TryParse(host, out var address) ? address : Dns.GetHostAddresses(host)[0];

    /// <summary>Ready while the others count this silo in.</summary>
    private sealed class SiloReadiness(ISiloStatusOracle silos) : IReadinessCheck
    {
        public string Name => "cluster";

        public ValueTask<string?> WhyNot(CancellationToken cancel) =>
            new(silos.CurrentStatus == SiloStatus.Active ? null : $"is {silos.CurrentStatus.ToString().ToLowerInvariant()}");
    }

    /// <summary>Ready while the front door is connected to a silo.</summary>
    private sealed class DoorReadiness : IReadinessCheck, IClusterConnectionStatusObserver
    {
        private volatile bool _lost;

        public string Name => "cluster";

        public ValueTask<string?> WhyNot(CancellationToken cancel) => new(_lost ? "has no silo" : null);

        public void NotifyClusterConnectionLost() => _lost = true;

        public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered) =>
            _lost = currentNumberOfGateways == 0;
    }
}
