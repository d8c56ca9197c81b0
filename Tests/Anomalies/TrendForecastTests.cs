using EsoCore.Grains.Anomalies;
using Xunit;

namespace EsoCore.Tests.Anomalies;

public sealed class TrendForecastTests
{
    [Fact]
    public void Passes_ForARisingTrend_TellsInHowLong()
    {
        var crossing = Trend(slopePerDay: 1, outliers: true).Passes(23, rising: true);
        Assert.NotNull(crossing);
        Assert.InRange(crossing.Value.In.TotalDays, 8, 10);
        Assert.InRange(crossing.Value.SlopePerDay, 0.9, 1.1);
        Assert.True(crossing.Value.Earliest <= crossing.Value.In && crossing.Value.In <= crossing.Value.Latest);
    }

    [Fact]
    public void Passes_ForAFallingTrend_TellsInHowLong() =>
        Assert.InRange(Trend(slopePerDay: -1, outliers: false).Passes(-23, rising: false)!.Value.In.TotalDays, 8, 10);

    [Fact]
    public void Passes_AwayFromTheThresholdWithoutTrendOrTooFarOff_TellsNothing()
    {
        Assert.Null(Trend(slopePerDay: -1, outliers: false).Passes(23, rising: true));
        Assert.Null(Trend(slopePerDay: 0, outliers: true).Passes(23, rising: true));
        Assert.Null(Trend(slopePerDay: 1, outliers: false).Passes(500, rising: true));
        Assert.Null(new TrendForecast().Passes(1, rising: true));
    }

    [Fact]
    public void Passes_WhereTheLevelIsPast_IsAtOnce() =>
        Assert.Equal(TimeSpan.Zero, Trend(slopePerDay: 1, outliers: false).Passes(3, rising: true)!.Value.In);

    [Fact]
    public void Load_OfSavedState_ContinuesExactly()
    {
        var trend = Trend(slopePerDay: 1, outliers: true);
        var other = TrendForecast.Load(trend.Save());
        Assert.Equal(trend.Passes(23, rising: true), other.Passes(23, rising: true));
        Assert.Equal(TrendForecast.StateBytes, other.Save().Length);
        Assert.Throws<ArgumentException>(() => TrendForecast.Load([]));
    }

    private static TrendForecast Trend(double slopePerDay, bool outliers)
    {
        var (trend, random) = (new TrendForecast(), new Random(1));
        for (var hour = 0; hour < 14 * 24; hour++)
        {
            var noise = outliers && hour % 40 == 0 ? 30 : random.NextDouble() - 0.5;
            trend.Add(SampleSeries.Start.AddHours(hour), (slopePerDay * hour / 24.0) + noise);
        }

        return trend;
    }
}
