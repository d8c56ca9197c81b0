using System.Collections.Immutable;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// Rendezvous hashing (Thaler and Ravishankar, 1998): each silo draws a number for each grain, and the highest number wins. When a silo
/// comes or goes, only the grains that it wins or had won move.
/// </summary>
internal sealed class Rendezvous
{
    private readonly SiloAddress[] _silos;
    private readonly ulong[] _seeds;

    public Rendezvous(ImmutableArray<SiloAddress> silos)
    {
        _silos = [.. silos];
        _seeds = [.. silos.Select(Seed)];
    }

    public SiloAddress? OwnerOf(uint grainHash)
    {
        // Spread over 64 bits first: draws from neighbouring 32-bit hashes would be alike otherwise.
        ulong grain = Mix(grainHash + 0x9E3779B97F4A7C15);
        ulong highest = 0;
        int winner = -1;
        for (int i = 0; i < _seeds.Length; i++)
        {
            ulong draw = Mix(grain ^ _seeds[i]);
            if (winner >= 0 && draw <= highest) continue;
            highest = draw;
            winner = i;
        }

        return winner < 0 ? null : _silos[winner];
    }

    /// <summary>By endpoint, not by generation: a silo that restarts gets back the grains that it had.</summary>
    private static ulong Seed(SiloAddress silo) =>
        Mix(((ulong)StableHash.Compute(silo.Endpoint) << 32) | StableHash.Compute("seed " + silo.Endpoint));

    /// <summary>The finalizer of SplitMix64 (Steele, Lea and Flood, 2014; constants of Stafford's variant 13).</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
