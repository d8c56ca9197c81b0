using EsoCore.Grains.Assets;
using Xunit;

namespace EsoCore.Tests.Assets;

public sealed class DurationTallyTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(100, 0)]
    [InlineData(100.001, 1)]
    [InlineData(1_800_000, 10)]
    [InlineData(1_800_001, 11)]
    public void Add_ADuration_CountsInTheBinWhoseUpperBoundIsAtOrAboveIt(double durationMs, int bin)
    {
        var histogram = DurationTally.Empty.Add(durationMs).ToHistogram();
        Assert.Equal(bin, histogram.Select((b, i) => (b, i)).Single(x => x.b.Count == 1).i);
        Assert.Null(histogram[^1].UpTo);
    }

    [Theory]
    [InlineData(-0.001)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1.1e11)]
    public void Add_AnImplausibleDuration_ChangesNothing(double durationMs) =>
        Assert.Equal(0, DurationTally.Empty.Add(durationMs).Count);

    [Fact]
    public void ToStats_OfNothing_HasNoValues() => Assert.Equal(new EsoCore.Assets.DurationStats(0, null, null, null), DurationTally.Empty.ToStats());

    [Fact]
    public void Add_InAnyOrder_GivesTheSameSum()
    {
        var random = new Random(5);
        var durations = Enumerable.Range(0, 1_000).Select(_ => random.NextDouble() * 1e6).ToArray();
        var forward = durations.Aggregate(DurationTally.Empty, (t, d) => t.Add(d));
        var backward = durations.Reverse().Aggregate(DurationTally.Empty, (t, d) => t.Add(d));
        Assert.Equal(forward.ToStats(), backward.ToStats());
    }
}
