using System.Globalization;
using EsoCore.Escalation;
using EsoCore.Grains.Escalation;
using Xunit;

namespace EsoCore.Tests.Escalation;

public sealed class OnCallTests
{
    // In Berlin clocks went on an hour on 2026-03-29 at 02:00 and back on 2026-10-25 at 03:00.
    [Theory]
    [InlineData("2026-03-23T07:59:59Z", "zoe")] // Monday 08:59 in winter: the turn before.
    [InlineData("2026-03-23T08:00:00Z", "ann")] // Monday 09:00 in winter.
    [InlineData("2026-03-30T06:59:59Z", "ann")] // Monday 08:59 in summer.
    [InlineData("2026-03-30T07:00:00Z", "ben")] // Monday 09:00 in summer: the hand-over stays at nine.
    [InlineData("2026-04-06T07:00:00Z", "zoe")]
    [InlineData("2026-04-13T07:00:00Z", "ann")]
    [InlineData("2026-10-26T07:59:59Z", "ann")]
    [InlineData("2026-10-26T08:00:00Z", "ben")] // Back in winter.
    public void At_WeeklyTurnsOverDaylightSaving_HandsOverByTheWallClock(string at, string person)
    {
        var layer = new OnCallLayer("main", ["ann", "ben", "zoe"], RotationUnit.Weekly, 1, new DateOnly(2026, 3, 2), "09:00");
        Assert.Equal(person, Assert.Single(OnCallRules.At(Schedule(layer), Time(at))));
    }

    [Theory]
    [InlineData("2026-03-29T00:59:59Z", "ann")] // 01:59, the last minute before the clocks go on.
    [InlineData("2026-03-29T01:00:00Z", "ann")] // 03:00; 02:30 does not come, its hand-over is at 03:30.
    [InlineData("2026-03-29T01:30:00Z", "ben")]
    [InlineData("2026-10-25T00:29:59Z", "ann")]
    [InlineData("2026-10-25T00:30:00Z", "ben")] // 02:30 for the first time.
    [InlineData("2026-10-25T01:15:00Z", "ben")] // 02:15 for the second time: nobody is handed back.
    [InlineData("2026-10-25T01:30:00Z", "ben")] // 02:30 for the second time.
    public void At_DailyTurnsWithinTheHourThatIsMissingOrComesTwice_HandsOverOnce(string at, string person)
    {
        var layer = new OnCallLayer("night", ["ann", "ben"], RotationUnit.Daily, 1, new DateOnly(2026, 3, 28), "02:30");
        Assert.Equal(person, Assert.Single(OnCallRules.At(Schedule(layer), Time(at))));
    }

    [Fact]
    public void At_EveryDayOfAYear_HasOneHandOverADay()
    {
        var schedule = Schedule(new OnCallLayer("d", ["a", "b", "c"], RotationUnit.Daily, 1, new DateOnly(2026, 1, 1), "02:30"));
        var (at, changes, last) = (new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero), 0, "a");
        for (var i = 0; i < 365 * 24 * 4; i++, at = at.AddMinutes(15))
        {
            var now = Assert.Single(OnCallRules.At(schedule, at));
            changes += now == last ? 0 : 1;
            Assert.True(now == last || now[0] - 'a' == (last[0] - 'a' + 1) % 3, $"{at}: {last} to {now}");
            last = now;
        }

        Assert.Equal(365, changes);
    }

    [Fact]
    public void At_SeveralLayersAndOverrides_GivesThoseOnDuty()
    {
        var day = new OnCallLayer("first", ["ann"], RotationUnit.Daily, 1, new DateOnly(2026, 1, 1), "09:00");
        var second = new OnCallLayer("second", ["ben", "ann"], RotationUnit.Weekly, 2, new DateOnly(2026, 1, 5), "09:00");
        var schedule = Schedule(day, second) with
        {
            Overrides = [new OnCallOverride("zoe", Time("2026-01-07T00:00:00Z"), Time("2026-01-08T00:00:00Z")),
                new("kim", Time("2026-01-07T12:00:00Z"), Time("2026-01-07T13:00:00Z"))],
        };
        Assert.Empty(OnCallRules.At(schedule, Time("2025-12-01T00:00:00Z")));
        Assert.Equal(["ann", "ben"], OnCallRules.At(schedule, Time("2026-01-06T00:00:00Z")).ToArray());
        Assert.Equal(["zoe"], OnCallRules.At(schedule, Time("2026-01-07T00:00:00Z")).ToArray());
        Assert.Equal(["kim"], OnCallRules.At(schedule, Time("2026-01-07T12:30:00Z")).ToArray());
        Assert.Equal(["ann", "ben"], OnCallRules.At(schedule, Time("2026-01-08T00:00:00Z")).ToArray());
        Assert.Equal(["ann"], OnCallRules.At(schedule, Time("2026-01-20T00:00:00Z")).ToArray());
    }

    [Theory]
    [InlineData("2026-03-28T20:59:00Z", "2026-03-28T20:59:00Z")] // 21:59: not yet.
    [InlineData("2026-03-28T21:00:00Z", "2026-03-29T04:00:00Z")] // 22:00 until 06:00, an hour less that night.
    [InlineData("2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z")] // And an hour more that one.
    [InlineData("2026-10-25T04:59:59Z", "2026-10-25T05:00:00Z")]
    [InlineData("2026-10-25T05:00:00Z", "2026-10-25T05:00:00Z")]
    public void Release_QuietHoursOverDaylightSaving_EndsByTheWallClock(string due, string release)
    {
        var quiet = new QuietHours("Europe/Berlin", "22:00", "06:00", [], "high");
        Assert.Equal(Time(release), QuietRules.Release(quiet, "medium", Time(due)));
        Assert.Equal(Time(due), QuietRules.Release(quiet, "high", Time(due)));
        Assert.Equal(Time(due),
            QuietRules.Release(quiet with { Below = "critical" }, "critical", Time(due)));
    }

    [Fact]
    public void Release_SpansThatTouch_EndsWithTheLast()
    {
        var weekend = new QuietHours("UTC", "00:00", "23:59", ["sat"], "critical");
        Assert.Equal(Time("2026-11-21T23:59:00Z"),
            QuietRules.Release(weekend, "low", Time("2026-11-21T10:00:00Z")));
        var always = new QuietHours("UTC", "09:00", "08:59", [], "critical");
        Assert.True(QuietRules.Release(always, "low",
            Time("2026-11-21T10:00:00Z")) < Time("2026-12-21T10:00:00Z"));
    }

    [Fact]
    public void Validate_FaultyDocuments_NamesEveryFault()
    {
        var policy = new EscalationPolicy(
            "", [new EscalationLevel(TimeSpan.FromDays(8), ["nobody"], [])], TimeSpan.FromSeconds(5), 1_000,
            new QuietHours("Mars", "9", "9", ["day"], "x"));
        Assert.Equal(
            ["name", "levels[0].after_s", "levels[0].to[0]", "repeat_every_s", "max_repeats", "quiet.time_zone", "quiet.from", "quiet.to",
                "quiet.days", "quiet.below"],
            EscalationValidator.Validate("p", policy).Select(e => e.Field));
        var schedule = new OnCallSchedule(
            "s", "Mars", [new OnCallLayer("l", [], (RotationUnit)7, 0, default, "nine")], [new OnCallOverride("", default, default)], null);
        Assert.Equal(
            ["time_zone", "layers[0].people", "layers[0].unit", "layers[0].every", "layers[0].hand_over", "layers[0].starts_on",
                "overrides[0].person", "overrides[0].to"],
            EscalationValidator.Validate("s", schedule).Select(e => e.Field));
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static OnCallSchedule Schedule(params OnCallLayer[] layers) => new("s", "Europe/Berlin", [.. layers], [], null);
}
