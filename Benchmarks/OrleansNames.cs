using System.Reflection;

namespace EsoCore.Benchmarks;

/// <summary>What the built-in engine's clusters are told beside what Orleans' are, under the same names.</summary>
internal static class OrleansNames
{
    extension(InProcessTestCluster cluster)
    {
        public IGrainFactory GrainFactory => cluster.Client;
    }

    /// <summary>Nothing: Orleans finds grains by what its generator notes in each assembly.</summary>
    public static ISiloBuilder AddGrainAssembly(this ISiloBuilder silo, Assembly assembly) => silo;
}
