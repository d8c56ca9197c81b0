using EsoCore.Events;
using EsoCore.Grains;
using EsoCore.Grains.Storage;
using EsoCore.Runtime.Clustering;

namespace EsoCore.Silo.Hosting;

/// <summary>
/// Everything that is special to the built-in engine; <c>OrleansEngine</c> is its counterpart. It registers the engine, the grain assembly,
/// persistent state and reminders over the storage's ports, and the transition streams.
/// </summary>
internal static class BuiltInEngine
{
    /// <summary>What the database calls this engine.</summary>
    public const string Name = EngineNames.BuiltIn;

    /// <summary>Adds the engine: by itself, or with a database that others share as one of many.</summary>
    public static void AddEngine(this IServiceCollection services, SiloOptions options, ClusterSettings cluster, IInstallationKeys keys)
    {
        // A front door has the classes too, since they tell which grain an interface is of; it makes none of them.
        var silo = services.AddEsoCoreRuntime().AddEsoCoreGrainHost();
        if (!string.IsNullOrEmpty(options.Postgres))
            silo.AddCluster(services, options, cluster, keys);
        if (!options.HoldsGrains)
            return;
        services.AddHostedService<OutboxStarter>(); // Registered after the engine, so started after it.
        services.AddHostedService<LivenessStarter>();
        services.AddHostedService<ResealStarter>();
    }

    /// <summary>Adds what our grains need of a silo: their classes, states, reminders and streams.</summary>
    public static ISiloBuilder AddEsoCoreGrainHost(this ISiloBuilder silo) => silo
        .AddGrainAssembly(typeof(GrainServices).Assembly)
        .AddGrainStorage(StateStorageAdapter.Name, provider => new StateStorageAdapter(provider.GetRequiredService<IGrainStateStore>()))
        .UseReminderTable(provider => new ReminderTableAdapter(provider.GetRequiredService<IReminderStore>()))
        .AddTransitionStreams();

    /// <summary>Adds the streams that carry transitions.</summary>
    public static ISiloBuilder AddTransitionStreams(this ISiloBuilder silo) => silo.AddMemoryStreams(TransitionStreams.Provider);

    /// <summary>
    /// What tells, also when the services are gone, whether the process ended because the others took its silo for dead; its supervisor is
    /// to start it again.
    /// </summary>
    public static Func<bool> AskWhetherEvicted(IServiceProvider services)
    {
        var cluster = services.GetService<IClusterStatus>();
        return () => cluster?.State?.Standing == SiloStanding.Evicted;
    }
}
