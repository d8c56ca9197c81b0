using Xunit;
using Xunit.Abstractions;

namespace EsoCore.Tests.Runtime.Clustering.Simulation;

/// <summary>
/// Membership, placement and forwarding through many schedules of faults, each from a seed. <c>ESOCORE_SIM_SEED=n</c> replays the one that
/// failed; <c>ESOCORE_SIM_RUNS=n</c> runs more of them.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int Runs = 1_000;
    private const int ShortRuns = 100;
    private const ulong FirstSeed = 1;

    /// <summary>What must have happened somewhere in all the runs, or they test less than they claim.</summary>
    private static readonly string[] s_wanted =
    [
        "evictions", "Evicted", "Left", "forwards", "second activations", "stale commits", "late statements", "lost answers",
        "lost messages", "refused connections", "refused: TooManyForwards", "refused: Unconfirmed", "refused: NoActiveSilo",
        nameof(CallOutcome.Acknowledged), nameof(CallOutcome.Failed), nameof(CallOutcome.TimedOut),
    ];

    [Fact]
    public void AnySchedule_OfFaults_LosesNothingAndConverges()
    {
        if (Number("ESOCORE_SIM_SEED") is { } seed)
        {
            foreach (TraceEntry entry in Simulation.Run(seed).Trace) output.WriteLine(entry.ToString());
            return;
        }

        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var failures = new SortedDictionary<ulong, string>();
        Parallel.For(0, (int)(Number("ESOCORE_SIM_RUNS") ?? Runs), i => Run(FirstSeed + (ulong)i, counts, failures));
        if (failures.Count > 0) Assert.Fail($"{failures.Count} runs failed; the first: {failures.First().Value}");
        foreach ((string what, int count) in counts) output.WriteLine($"{count,9} {what}");
        Assert.Empty(s_wanted.Except(counts.Keys));
    }

    [Fact]
    public void RollingUpgrade_OfAllSilos_FailsNoCall()
    {
        for (ulong seed = FirstSeed; seed < FirstSeed + ShortRuns; seed++)
            Assert.True(Simulation.Upgrade(seed).Counts[nameof(CallOutcome.Acknowledged)] > 100);
    }

    [Fact]
    public void Kill_OfASilo_IsOverTwoSecondsLater()
    {
        for (ulong seed = FirstSeed; seed < FirstSeed + ShortRuns; seed++) Assert.Equal(1, Simulation.Failover(seed).Counts["evictions"]);
    }

    [Fact]
    public void Run_OfTheSameSeed_IsTheSameToTheLastEvent()
    {
        IReadOnlyList<TraceEntry> first = Simulation.Run(7).Trace;
        Assert.True(first.Count > 100);
        Assert.Equal(first, Simulation.Run(7).Trace);
        Assert.NotEqual(first, Simulation.Run(8).Trace);
    }

    [Fact]
    public void Run_WithoutForgettingWhatWasSeenBeforeAGap_IsFoundOut() =>
        Assert.Contains("evicted", FirstFailure(new SimSetup(IgnoresGaps: true)));

    [Fact]
    public void Run_WithoutTheCompareAndSet_IsFoundOut() => Assert.Contains("Write", FirstFailure(new SimSetup(BlindStore: true)));

    [Fact]
    public void Run_WithoutCountingForwards_IsFoundOut() =>
        Assert.Contains("forwarded too often", FirstFailure(new SimSetup(ForgetsForwards: true)));

    /// <summary>A run has one thread; several runs go on side by side.</summary>
    private static void Run(ulong seed, SortedDictionary<string, int> counts, SortedDictionary<ulong, string> failures)
    {
        try
        {
            World world = Simulation.Run(seed);
            lock (counts)
            {
                foreach ((string what, int count) in world.Counts) counts[what] = counts.GetValueOrDefault(what) + count;
            }
        }
        catch (Exception failure)
        {
            lock (counts) failures.Add(seed, $"Seed {seed}: {failure.Message}");
        }
    }

    private static string FirstFailure(SimSetup setup)
    {
        for (ulong seed = FirstSeed; seed < FirstSeed + Runs; seed++)
        {
            try
            {
                Simulation.Run(seed, setup);
            }
            catch (InvariantBrokenException broken)
            {
                return broken.Message;
            }
        }

        return "nothing";
    }

    private static ulong? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? ulong.Parse(text) : null;
}
