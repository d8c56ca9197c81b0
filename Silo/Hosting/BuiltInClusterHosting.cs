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
        services.AddSingleton<ClusterMeters>();
    }

    /// <summary>Ready while calls can be routed: a silo while it serves, a front door while it knows one that does.</summary>
    private sealed class ClusterReadiness(IClusterStatus cluster, ClusterMeters meters) : IReadinessCheck
    {
        public string Name => "cluster";

        public ValueTask<string?> WhyNot(CancellationToken cancel)
        {
            GC.KeepAlive(meters); // Asked for here, so that it is there in every process.
            return new(cluster.State switch
            {
                null => "is not joined yet",
                { Standing: SiloStanding.Outside } state => state.View.Active.IsEmpty ? "has no silo" : null,
                { IsServing: true } => null,
                var state => $"is {state.Standing.ToString().ToLowerInvariant()}",
            });
        }
    }

    /// <summary>What those who run the cluster watch.</summary>
    private sealed class ClusterMeters : IDisposable
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

        public void Dispose() => _meter.Dispose();
    }
}
