using EsoCore.Runtime.Engine;
using EsoCore.Tests.Silo;
using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Tests.Support;

/// <summary>What test clusters of the built-in engine need beside what those of both need.</summary>
internal static class BuiltInTestClusters
{
    /// <summary>How many grains a server holds. Not by its metrics, in which all silos of this process are heard.</summary>
    public static Task<int> Activations(this RunningSilo silo) =>
        Task.FromResult(silo.Services.GetRequiredService<GrainRuntime>().Catalog.Count);

    /// <summary>
    /// Whether no placed grain has anything to do but to wait for the clock. The feed's readers do that within their calls, and are left
    /// out, as are stateless workers.
    /// </summary>
    public static bool IsQuiet(this InProcessTestCluster cluster)
    {
        var isQuiet = true;
        cluster.ServiceProvider.GetRequiredService<GrainRuntime>().Catalog.ForEachPlaced(
            activation => isQuiet &= activation.IsIdle || $"{activation.GrainId}".StartsWith("feed/", StringComparison.Ordinal));
        return isQuiet;
    }

    /// <summary>Lets a test move the clock of the grains.</summary>
    public static void AddTestClock(this IServiceCollection services, TimeProvider clock) => services.AddSingleton(clock);
}
