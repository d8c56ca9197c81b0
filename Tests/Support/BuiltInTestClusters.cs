using EsoCore.Runtime.Engine;
using EsoCore.Tests.Silo;
using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Tests.Support;

/// <summary>What test clusters of the built-in engine need beside what those of both need.</summary>
internal static class BuiltInTestClusters
{
    /// <summary>How many grains a server holds, as it tells.</summary>
    public static async Task<int> Activations(this RunningSilo silo)
    {
        var text = await silo.Http.GetStringAsync("/metrics");
        var line = text.Split('\n').Single(l => l.StartsWith("esocore_runtime_activations ", StringComparison.Ordinal));
        return int.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Whether no grain has anything to do but to wait for the clock. The feed's readers do that within their calls, and are left out.
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
