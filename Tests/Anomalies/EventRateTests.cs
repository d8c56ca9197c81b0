using EsoCore.Grains.Anomalies;
using Xunit;

namespace EsoCore.Tests.Anomalies;

public sealed class EventRateTests
{
    [Fact]
    public void Add_OfFourteenFaultsWhereOneADayIsUsual_IsUnlikely()
    {
        var rate = Watched(days: 30);
        var result = default(EventRateResult);
        for (var i = 0; i < 13; i++)
            result = rate.Add(SampleSeries.Start.AddDays(30).AddMinutes(i));
        Assert.InRange(result.Count, 13, 14);
        Assert.Equal(0, result.UsualLow);
        Assert.InRange(result.UsualHigh, 2, 4);
        Assert.InRange(result.Probability, 0, 1e-6);
    }

    [Fact]
    public void Add_OfAsManyAsEver_IsLikely() => Assert.InRange(Watched(days: 30).Add(SampleSeries.Start.AddDays(30)).Probability, 0.2, 1);

    [Fact]
    public void Add_BeforeABaselineIsKnown_JudgesNothing() => Assert.Equal(1, Watched(days: 2).Add(SampleSeries.Start.AddDays(2), 50).Probability);

    [Fact]
    public void Add_OfAStorm_IsBounded()
    {
        var result = Watched(days: 10).Add(SampleSeries.Start.AddDays(10), int.MaxValue);
        Assert.Equal(EventRate.MostCount, result.Count);
        Assert.InRange(result.Probability, 0, 1e-100);
    }

    [Fact]
    public void Add_AfterALongPause_ForgetsTheWindow()
    {
        var result = Watched(days: 10).Add(SampleSeries.Start.AddDays(100), 0);
        Assert.Equal(0, result.Count);
        Assert.Equal(1, result.Probability, 1e-9);
    }

    [Fact]
    public void Load_OfSavedState_ContinuesExactly()
    {
        var (rate, other) = (Watched(days: 5), EventRate.Load(Watched(days: 5).Save()));
        Assert.Equal(rate.Add(SampleSeries.Start.AddDays(6), 3), other.Add(SampleSeries.Start.AddDays(6), 3));
        Assert.Equal(rate.Save(), other.Save());
        Assert.Equal(EventRate.StateBytes, rate.Save().Length);
        Assert.Throws<ArgumentException>(() => EventRate.Load([]));
    }

    private static EventRate Watched(int days)
    {
        var rate = new EventRate();
        for (var day = 0; day < days; day++)
            rate.Add(SampleSeries.Start.AddDays(day).AddHours(day * 7 % 24));
        return rate;
    }
}
