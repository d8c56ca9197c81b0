using Microsoft.Extensions.DependencyInjection;
using Orleans.Reminders;

namespace EsoCore.Tests.Support;

/// <summary>What test clusters of Orleans need beside what those of both engines need, under the built-in engine's names.</summary>
internal static class OrleansTestClusters
{
    extension(InProcessTestCluster cluster)
    {
        public IGrainFactory GrainFactory => cluster.Client;

        public IServiceProvider ServiceProvider => cluster.Silos[0].ServiceProvider;
    }

    /// <summary>A process that only calls: the client, of which Orleans' test clusters have one.</summary>
    public static Task<OrleansDoor> StartClientAsync(this InProcessTestCluster cluster) => Task.FromResult(new OrleansDoor(cluster.Client));

    /// <summary>Lets a test move the clock of grains, their timers and their reminders; the engine itself goes by the real one.</summary>
    public static void AddTestClock(this IServiceCollection services, TimeProvider clock)
    {
        services.AddSingleton(clock);
        services.UseTimeProviderForBackgroundAreas(TimeProvider.System);
        services.AddKeyedSingleton(ReminderTimeProviderNames.Reminders, clock);
    }
}

/// <summary>A process without grains.</summary>
internal sealed record OrleansDoor(IClusterClient Client);
