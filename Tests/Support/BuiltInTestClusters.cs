using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Tests.Support;

/// <summary>What test clusters of the built-in engine need beside what those of both need.</summary>
internal static class BuiltInTestClusters
{
    /// <summary>Lets a test move the clock of the grains.</summary>
    public static void AddTestClock(this IServiceCollection services, TimeProvider clock) => services.AddSingleton(clock);
}
