using EsoCore.Grains.Anomalies;
using Xunit;

namespace EsoCore.Tests.Anomalies;

public sealed class EventRateTests
{
    [Fact]
    public void Add_OfFourteenFaultsWhereOneADayIsUsual_IsUnlikely()
    {
        var result = Judge(Watched(days: 30), day: 30, events: 13);
        Assert.InRange(result.Count, 13, 14);
        Assert.Equal(0, result.UsualLow);
        Assert.InRange(result.UsualHigh, 2, 4);
        Assert.InRange(result.Probability, 0, 1e-6);
    }

    [Fact]
    public void Add_OfAsManyAsEver_IsLikely() => Assert.InRange(Judge(Watched(days: 30), day: 30, events: 1).Probability, 0.2, 1);

    [Fact]
    public void Add_BeforeABaselineIsKnown_JudgesNothing() =>
        Assert.Equal(1, Judge(Watched(days: 2), day: 2, events: 50).Probability);

    [Fact]
    public void Add_OfAStorm_IsBounded()
    {
        var result = Judge(Watched(days: 10), day: 10, events: int.MaxValue);
        Assert.Equal(EventRate.MostCount, result.Count);
        Assert.InRange(result.Probability, 0, 1e-100);
    }

    [Fact]
    public void Add_OfAStorm_DoesNotHideTheNextFaults()
    {
        var rate = Watched(days: 30);
        Judge(rate, day: 30, events: 5_000);
        for (var day = 31; day < 36; day++)
            Judge(rate, day, events: 1);
        var result = Judge(rate, day: 36, events: 14);
        Assert.InRange(result.UsualHigh, 2, 6);
        Assert.InRange(result.Probability, 0, 1e-4);
    }

    [Fact]
    public void Add_OfMoreFromNowOn_IsUsualInTheEnd()
    {
        var rate = Watched(days: 30);
        for (var day = 30; day < 90; day++)
            Judge(rate, day, events: 20);
        Assert.InRange(Judge(rate, day: 90, events: 20).Probability, 0.05, 1);
    }

    [Fact]
    public void Add_AfterALongPause_ForgetsTheWindow()
    {
        var result = Judge(Watched(days: 10), day: 100, events: 0);
        Assert.Equal(0, result.Count);
        Assert.Equal(1, result.Probability, 1e-9);
    }

    [Fact]
    public void Load_OfSavedState_ContinuesExactly()
    {
        var (rate, other) = (Watched(days: 5), EventRate.Load(Watched(days: 5).Save()));
        Assert.Equal(Judge(rate, day: 6, events: 3), Judge(other, day: 6, events: 3));
        Assert.Equal(rate.Save(), other.Save());
        Assert.Equal(EventRate.StateBytes, rate.Save().Length);
        Assert.Throws<ArgumentException>(() => EventRate.Load([]));
    }

    private static EventRateResult Judge(EventRate rate, int day, int events)
    {
        rate.Add(SampleSeries.Start.AddDays(day), events);
        return rate.Judge();
    }

    private static EventRate Watched(int days)
    {
        var rate = new EventRate();
        for (var day = 0; day < days; day++)
            rate.Add(SampleSeries.Start.AddDays(day).AddHours(day * 7 % 24));
        return rate;
    }
}
