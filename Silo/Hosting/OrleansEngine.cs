using EsoCore.Events;
using EsoCore.Grains;
using EsoCore.Grains.Storage;
using Orleans.Configuration;
using Orleans.Streams;
using Serilog.Extensions.Logging;

namespace EsoCore.Silo.Hosting;

/// <summary>
/// Everything that is special to Microsoft Orleans; <c>BuiltInEngine</c> is its counterpart. It registers the engine, persistent state and
/// reminders over the storage's ports, and the transition streams. Orleans finds the grain classes by what its generator noted of them.
/// </summary>
internal static class OrleansEngine
{
    /// <summary>What the database calls this engine.</summary>
    public const string Name = EngineNames.Orleans;

    /// <summary>Exceptions of types in this namespace cross between processes as what they are.</summary>
    private const string OwnNamespace = "EsoCore";

    /// <summary>How often what was published is looked for. Orleans' default, 100 ms, is what a user would notice.</summary>
    private static readonly TimeSpan StreamPoll = TimeSpan.FromMilliseconds(25);

    /// <summary>Adds the engine: by itself, or with a database that others share as one of many.</summary>
    public static void AddEngine(this IServiceCollection services, SiloOptions options, ClusterSettings cluster, IInstallationKeys keys)
    {
        // Orleans tells every step of its start otherwise, and Polly, which it uses, each placement of a grain. Serilog's provider has a
        // rule of its own for all, which only another of its own comes before.
        services.AddLogging(logging => logging
            .AddFilter<SerilogLoggerProvider>("Orleans", LogLevel.Warning).AddFilter<SerilogLoggerProvider>("Polly", LogLevel.Warning));
        if (!options.HoldsGrains)
        {
            services.AddOrleansClient(client => client.AddCluster(options, cluster));
            return;
        }

        services.AddOrleans(silo =>
        {
            silo.AddEsoCoreGrainHost();
            if (string.IsNullOrEmpty(options.Postgres))
                silo.UseAlone();
            else
                silo.AddCluster(options, cluster);
        });
        services.AddHostedService<OutboxStarter>(); // Registered after the engine, so started after it.
        services.AddHostedService<LivenessStarter>();
        services.AddHostedService<ResealStarter>();
    }

    /// <summary>Adds what our grains need of a silo: states, reminders and streams.</summary>
    public static ISiloBuilder AddEsoCoreGrainHost(this ISiloBuilder silo)
    {
        silo.Services.AddKeyedSingleton<IGrainStorage>(
            StateStorageAdapter.Name, (provider, _) => new StateStorageAdapter(provider.GetRequiredService<IGrainStateStore>()));
        silo.AddReminders();
        silo.Services.AddSingleton<IReminderTable>(provider => new ReminderTableAdapter(provider.GetRequiredService<IReminderStore>()));
        silo.Services.AddOwnExceptions();
        // Our grains are many and alike; placed by load they would flock together.
        silo.Services.AddSingleton<PlacementStrategy, RandomPlacement>();
        return silo.AddTransitionStreams();
    }

    /// <summary>Adds the streams that carry transitions. They keep nothing that a lost silo held: the outbox sends that again.</summary>
    public static ISiloBuilder AddTransitionStreams(this ISiloBuilder silo) => silo.AddMemoryStreams(TransitionStreams.Provider, streams =>
    {
        streams.ConfigureStreamPubSub(StreamPubSubType.ImplicitOnly);
        streams.ConfigurePullingAgent(agent => agent.Configure(o => o.GetQueueMsgsTimerPeriod = StreamPoll));
    });

    /// <summary>Lets our exceptions cross between processes; else the other side would see only that something failed.</summary>
    public static void AddOwnExceptions(this IServiceCollection services) =>
        services.Configure<Orleans.Serialization.ExceptionSerializationOptions>(o => o.SupportedNamespacePrefixes.Add(OwnNamespace));

    /// <summary>Never: Orleans itself ends a process whose silo the others took for dead, with an exit code that says so.</summary>
    public static Func<bool> AskWhetherEvicted(IServiceProvider services) => static () => false;

    /// <summary>One process with its members in memory; nobody else can reach it.</summary>
    private static void UseAlone(this ISiloBuilder silo)
    {
        silo.UseLocalhostClustering(OrleansPorts.Take(), OrleansPorts.Take(), null, OrleansCluster.Id, OrleansCluster.Id);
        silo.Configure<EndpointOptions>(endpoints => endpoints.GatewayPort = 0);
    }
}
