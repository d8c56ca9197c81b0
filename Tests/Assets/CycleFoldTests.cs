using EsoCore.Assets;
using EsoCore.Events;
using EsoCore.Grains.Assets;
using Xunit;

namespace EsoCore.Tests.Assets;

public sealed class CycleFoldTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void OpenThenClose_WithoutDuration_TakesTheTimeBetween()
    {
        var counts = Fold(Open(0), Close(8.2));
        Assert.Equal((1, 1, 0), (counts.Opened, counts.Closed, counts.OpenNow));
        Assert.Equal(new DurationStats(1, 8_200, 8_200, 8_200), counts.DurationMs);
        Assert.Equal(1, counts.DurationHistogram.Single(b => b.UpTo == 10_000).Count);
    }

    [Fact]
    public void CloseWithDuration_CountsTheTimeItTells_AndItsTorque()
    {
        var counts = Fold(Open(0), At(9, new CycleClosed(null, 8_500, 31)), At(20, new CycleClosed(null, 500, 12)));
        Assert.Equal(new DurationStats(2, 500, 8_500, 4_500), counts.DurationMs);
        Assert.Equal(31, counts.PeakTorqueNm);
        Assert.Equal(0, counts.OpenNow);
    }

    [Fact]
    public void CloseWithImplausibleDuration_TakesTheTimeSinceItsOpening()
    {
        foreach (var told in new[] { -1, double.NaN, double.PositiveInfinity, 1e12 })
            Assert.Equal(3_000, Fold(Open(0), At(3, new CycleClosed(null, told, double.NaN))).DurationMs.Mean);
    }

    [Fact]
    public void CloseBeforeItsOpen_BecauseNewestDataCameFirst_CountsAsIfInTime() =>
        AssertSame(Fold(Open(0, "a"), Close(5, "a")), Fold(Close(5, "a"), Open(0, "a")));

    [Fact]
    public void LateOpenBetweenAPair_TakesTheClosingFromTheOlderOne()
    {
        var counts = Fold(Open(0), Close(10), Open(7));
        Assert.Equal(3_000, counts.DurationMs.Mean);
        Assert.Equal(1, counts.OpenNow);
    }

    [Fact]
    public void Ids_NestedCycles_CloseTheirOwn() =>
        Assert.Equal((2_000d, 10_000d), MinMax(Fold(Open(0, "a"), Open(4, "b"), Close(10, "a"), Close(6, "b"))));

    [Fact]
    public void Ids_UsedAgain_PairInTime() =>
        Assert.Equal((1_000d, 2_000d), MinMax(Fold(Close(12, "a"), Open(0, "a"), Open(10, "a"), Close(1, "a"))));

    [Fact]
    public void BackToBackCycles_WithOneTimestampBetween_AreTwoCycles()
    {
        var counts = Fold(Open(0), Open(10), Close(10), Close(20));
        Assert.Equal((10_000d, 10_000d), MinMax(counts));
        Assert.Equal(0, counts.OpenNow);
    }

    [Fact]
    public void OpenAndCloseInOneInstant_AreACycleOfNoLength() => Assert.Equal((0d, 0d), MinMax(Fold(Close(3), Open(3))));

    [Fact]
    public void Histograms_GoByTheUtcDayAndIsoWeekOfTheClosing()
    {
        var newYear = new DateTimeOffset(2027, 1, 1, 0, 30, 0, TimeSpan.FromHours(1));
        var counts = CycleFold.ToCounts(CycleFold.Apply(CycleState.Empty, newYear, new CycleClosed(null, 1, null)));
        Assert.Equal(1, counts.ByDay["2026-12-31"]);
        Assert.Equal(1, counts.ByWeek["2026-W53"]);
    }

    [Fact]
    public void Histograms_KeepTheNewestDaysAndWeeks_InWhateverOrderTheyCome()
    {
        var closings = Enumerable.Range(0, 1_000).Select(day => At(day * 86_400d, new CycleClosed(null, 100, null))).ToList();
        var forward = Fold([.. closings]);
        Assert.Equal(CycleFold.MaxDays, forward.ByDay.Count);
        Assert.Equal(CycleFold.MaxWeeks, forward.ByWeek.Count);
        closings.Reverse();
        AssertSame(forward, Fold([.. closings]));
    }

    [Fact]
    public void OpenCycles_BeyondTheLimit_TheOldestIsGivenUp()
    {
        var events = Enumerable.Range(0, 100).Select(i => Open(i, $"c{i}")).ToArray();
        Assert.Equal(CycleFold.MaxOpen, Fold(events).OpenNow);
        Assert.Equal(CycleFold.MaxOpen - 1, Fold([.. events, Close(200, "c99")]).OpenNow);
        Assert.Equal(CycleFold.MaxOpen, Fold([.. events, Close(200, "c0")]).OpenNow);
    }

    [Fact]
    public void BackfillNewestFirst_InPartsThatCutCycles_CountsAsIfInTime()
    {
        var events = Enumerable.Range(0, 1_000).SelectMany(i => new[] { Open(i * 10), Close(i * 10 + 1 + i % 7) }).ToList();
        var parts = events.Chunk(33).Reverse().SelectMany(p => p);
        AssertSame(Fold([.. events]), Fold([.. parts]));
    }

    [Fact]
    public void Pending_UnderALongStreamOfAnything_StaysBounded()
    {
        var random = new Random(3);
        var state = CycleState.Empty;
        for (var i = 0; i < 5_000; i++)
        {
            var at = Noon.AddSeconds(random.Next(100_000));
            var id = random.Next(3) == 0 ? null : $"c{random.Next(500)}";
            state = CycleFold.Apply(state, at, random.Next(2) == 0 ? new CycleOpened(id) : new CycleClosed(id, null, null));
            Assert.True(state.Pending.Length <= CycleFold.MaxOpen + CycleFold.MaxWaiting + 2 * CycleFold.MaxPairs);
        }
    }

    [Fact]
    public void Apply_ATransitionOfAnotherReceiver_Throws() =>
        Assert.Throws<NotSupportedException>(() => CycleFold.Apply(CycleState.Empty, Noon, new PresenceChanged(true)));

    internal static void AssertSame(CycleCounts expected, CycleCounts actual)
    {
        Assert.Equal(expected.ByDay, actual.ByDay);
        Assert.Equal(expected.ByWeek, actual.ByWeek);
        Assert.Equal(expected.DurationHistogram, actual.DurationHistogram);
        Assert.Equal(
            expected with { ByDay = actual.ByDay, ByWeek = actual.ByWeek, DurationHistogram = actual.DurationHistogram }, actual);
    }

    private static (double?, double?) MinMax(CycleCounts counts) => (counts.DurationMs.Min, counts.DurationMs.Max);

    private static CycleCounts Fold(params (DateTimeOffset At, TransitionBody Body)[] events) =>
        CycleFold.ToCounts(events.Aggregate(CycleState.Empty, (state, e) => CycleFold.Apply(state, e.At, e.Body)));

    private static (DateTimeOffset At, TransitionBody Body) At(double second, TransitionBody body) => (Noon.AddSeconds(second), body);

    private static (DateTimeOffset At, TransitionBody Body) Open(double second, string? id = null) => At(second, new CycleOpened(id));

    private static (DateTimeOffset At, TransitionBody Body) Close(double second, string? id = null) => At(second, new CycleClosed(id, null, null));
}
