using System.Diagnostics.Metrics;
using System.Reflection;
using EsoCore.Api;
using EsoCore.Runtime.Clustering;
using EsoCore.Silo.Storage.PostgreSql;

namespace EsoCore.Silo.Hosting;

/// <summary>Makes a process on PostgreSQL one of many, with the built-in engine.</summary>
internal static class BuiltInClusterHosting
{
    public static void AddCluster(
        this ISiloBuilder silo, IServiceCollection services, SiloOptions options, ClusterSettings cluster, IInstallationKeys keys)
    {
        var postgres = options.Postgres!;
        silo.UseClustering(
            node =>
            {
                (node.ListenAddress, node.ListenPort) = cluster.ListenAt(postgres);
                if (cluster.Advertise is { } advertised)
                    (node.AdvertisedHost, node.AdvertisedPort) = ClusterSettings.Split(advertised)!.Value;
                node.IsClient = !options.HoldsGrains;
                node.Secret = keys.Current(KeyPurposes.Cluster).Key;
                node.OtherSecret = Others(keys).SingleOrDefault()?.Key ?? default;
                (node.CertificateFile, node.CertificateKeyFile, node.AuthorityFile) = (cluster.Cert, cluster.Key, cluster.Authority);
                node.ProgramVersion = typeof(BuiltInClusterHosting).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
            },
            _ => new PostgresMembershipTable(postgres));
        services.AddSingleton(static provider =>
        {
            var status = provider.GetRequiredService<IClusterStatus>();
            return new ClusterVersion(() => status.State?.View.Version ?? 0);
        });
        services.AddSingleton<IReadinessCheck, ClusterReadiness>();
        services.AddHostedService<ClusterMeters>();
    }

    /// <summary>The key that the one in force takes the place of, or that is to take its place: for now either is good.</summary>
    private static IEnumerable<DerivedKey> Others(IInstallationKeys keys)
    {
        var current = keys.Current(KeyPurposes.Cluster).KeyId;
        return Enumerable.Range(1, byte.MaxValue).Select(id => (byte)id).Where(id => id != current)
            .Select(id => keys.Find(KeyPurposes.Cluster, id)).OfType<DerivedKey>();
    }

    /// <summary>Ready while calls can be routed: a silo while it serves, a front door while it has a connection to one that does.</summary>
    private sealed class ClusterReadiness(IClusterStatus cluster) : IReadinessCheck
    {
        public string Name => "cluster";

        public ValueTask<string?> WhyNot(CancellationToken cancel) => new(cluster.State switch
        {
            null => "is not joined yet",
            { Standing: SiloStanding.Outside, View.Active.IsEmpty: true } => "has no silo",
            { Standing: SiloStanding.Outside } => cluster.IsLinked ? null : "reaches no silo",
            { IsServing: true } => null,
            var state => $"is {state.Standing.ToString().ToLowerInvariant()}",
        });
    }

    /// <summary>What those who run the cluster watch.</summary>
    private sealed class ClusterMeters : IHostedService, IDisposable
    {
        private readonly Meter _meter = new("EsoCore.Cluster");

        public ClusterMeters(IClusterStatus cluster)
        {
            _meter.CreateObservableGauge(
                "esocore.cluster.silos", () => cluster.State?.View.Active.Length ?? 0, description: "Silos that own grains, as this process knows them.");
            _meter.CreateObservableGauge(
                "esocore.cluster.calls.pending", () => cluster.PendingCalls, description: "Calls that wait for the answers of other silos.");
            _meter.CreateObservableGauge(
                "esocore.cluster.table.up", () => cluster.State?.HasDatabase == true ? 1 : 0, description: "Whether the table of members answered last.");
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask; // Made is all that it needs to be.

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose() => _meter.Dispose();
    }
}
