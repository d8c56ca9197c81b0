using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>Hours by the clock on the wall, over the days when clocks change.</summary>
public sealed class WallClockTests
{
    private static readonly WeeklyHours Night = new(["sat"], "22:00", "04:00", "Europe/Berlin");

    [Theory]
    [InlineData("2025-03-29T20:59:00Z", false)] // 21:59 on Saturday, winter time.
    [InlineData("2025-03-29T21:00:00Z", true)]
    [InlineData("2025-03-30T00:59:00Z", true)] // 01:59; a minute later it is 03:00 in summer time.
    [InlineData("2025-03-30T01:59:00Z", true)] // 03:59
    [InlineData("2025-03-30T02:00:00Z", false)] // 04:00: the night was five hours long.
    [InlineData("2025-10-25T20:00:00Z", true)] // 22:00 on Saturday, summer time.
    [InlineData("2025-10-26T02:59:00Z", true)] // 03:59, winter time: the night was seven hours long.
    [InlineData("2025-10-26T03:00:00Z", false)]
    [InlineData("2025-10-26T21:30:00Z", false)] // Sunday evening.
    public void Holds_OverTheChangeOfClocks_FollowsTheWall(string at, bool holds) =>
        Assert.Equal(holds, WallClock.Holds(Night, DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData("22:00", "04:00", "2025-01-15T23:30:00Z", "2025-01-16T03:00:00Z")]
    [InlineData("22:00", "04:00", "2025-01-16T02:30:00Z", "2025-01-16T03:00:00Z")]
    [InlineData("08:00", "17:00", "2025-01-15T09:00:00Z", "2025-01-15T16:00:00Z")]
    [InlineData("00:00", "24:00", "2025-01-15T09:00:00Z", "2025-01-15T23:00:00Z")]
    [InlineData("22:00", "02:30", "2025-03-29T22:00:00Z", "2025-03-30T01:00:00Z")] // That hour is left out there.
    public void EndOf_WeeklyHours_IsByTheWallClock(string from, string to, string at, string end) => Assert.Equal(
        DateTimeOffset.Parse(end, System.Globalization.CultureInfo.InvariantCulture),
        WallClock.EndOf(new WeeklyHours(WallClock.Days, from, to, "Europe/Berlin"),
            DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture)));

    [Fact]
    public void Holds_InTheHourLeftOut_NeverComes()
    {
        var hour = new WeeklyHours(["sun"], "02:00", "03:00", "Europe/Berlin");
        var day = new DateTimeOffset(2025, 3, 30, 0, 0, 0, TimeSpan.Zero);
        Assert.DoesNotContain(Enumerable.Range(0, 24 * 60), minute => WallClock.Holds(hour, day.AddMinutes(minute - 60)));
        var autumn = new DateTimeOffset(2025, 10, 26, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(120, Enumerable.Range(0, 24 * 60).Count(minute => WallClock.Holds(hour, autumn.AddMinutes(minute - 120))));
    }

    [Theory]
    [InlineData("2025-03-29T22:00:00Z", "2025-03-30T04:00:00Z")] // 23:00 to 06:00, an hour short.
    [InlineData("2025-10-25T21:00:00Z", "2025-10-26T05:00:00Z")] // 23:00 to 06:00, an hour long.
    [InlineData("2025-06-01T03:30:00Z", "2025-06-01T04:00:00Z")]
    [InlineData("2025-06-01T12:00:00Z", null)]
    public void EndOf_QuietHours_IsByTheWallToo(string at, string? end)
    {
        var quiet = new PersonQuietHours("22:00", "06:00", "Europe/Berlin", "high");
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        Assert.Equal(end is null ? null : DateTimeOffset.Parse(end, culture), WallClock.EndOf(quiet, DateTimeOffset.Parse(at, culture)));
    }
}
