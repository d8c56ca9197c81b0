using EsoCore.Benchmarks.Chaos;
using EsoCore.Benchmarks.Postgres;
using EsoCore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace EsoCore.Tests.Kill;

/// <summary>
/// The short form of <c>Benchmarks chaos</c>: three silos and two front doors as processes of their own over one PostgreSQL server; silos are
/// killed, stand still and are cut off, and the database fails.
/// </summary>
public class ChaosTests(ITestOutputHelper output)
{
    private const int Faults = 8;
    private const int Devices = 8;

    /// <summary>Of the plan of faults; the benchmark draws others.</summary>
    private const int Seed = 8;

    /// <summary>Longer than the others wait for a silo, shorter than a test should take.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Cut = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Chaos_OfEveryKind_LosesAndDoublesNothing()
    {
        var outcome = await ChaosBenchmark.Run(
            silos: 3, Faults, Devices, Seeded.Or(Seed), Pause, Cut, output.WriteLine, PostgresInstance.Durable);
        Assert.True(outcome.Resent > 0, "No upload ever failed: the test did not test.");
        Assert.Equal(Enum.GetValues<Fault>().Length, outcome.Faults.Count);
        Assert.True(outcome.Differences.Count == 0, $"{string.Join("\n", outcome.Differences)}\n{outcome.Logs}");
    }
}
