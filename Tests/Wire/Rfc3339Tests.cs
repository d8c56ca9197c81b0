using System.Globalization;
using System.Text;
using EsoCore.Grains;
using EsoCore.Tests.Support;
using EsoCore.Wire;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EsoCore.Tests.Wire;

public class Rfc3339Tests
{
    [Fact]
    public void TryParse_AnyTime_AgreesWithTheFramework() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).Two().ToArbitrary(), seed =>
        {
            var time = DateTimeOffset.UnixEpoch.AddSeconds(seed.Item1 * 2.0).AddMicroseconds(seed.Item2 % 1_000_000)
                .ToOffset(TimeSpan.FromMinutes(seed.Item2 % 1_440 - 720));
            var text = time.ToString("yyyy-MM-ddTHH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture);
            return default(Rfc3339).TryParse(Encoding.ASCII.GetBytes(text), out var us) && us == Micros.Of(time);
        }).Check(Seeded.Cases());

    [Theory]
    [InlineData("2025-01-15T14:30:22Z", "2025-01-15T14:30:22.000000Z")]
    [InlineData("2025-01-15t14:30:22.1z", "2025-01-15T14:30:22.100000Z")]
    [InlineData("2025-01-15T14:30:22.123456789Z", "2025-01-15T14:30:22.123456Z")]
    [InlineData("2025-01-15T14:30:22.123+02:00", "2025-01-15T12:30:22.123000Z")]
    [InlineData("2024-02-29T23:59:59-00:30", "2024-03-01T00:29:59.000000Z")]
    public void TryParse_EverySpelling_GivesMicroseconds(string text, string expected)
    {
        Assert.True(default(Rfc3339).TryParse(Encoding.ASCII.GetBytes(text), out var us));
        Assert.Equal(expected, Micros.ToTime(us).ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2025-01-15")]
    [InlineData("2025-01-15T14:30:22")]
    [InlineData("2025-02-29T14:30:22Z")]
    [InlineData("2025-13-01T14:30:22Z")]
    [InlineData("2025-01-15T24:00:00Z")]
    [InlineData("2025-01-15T14:60:00Z")]
    [InlineData("2025-01-15T14:30:60Z")]
    [InlineData("2025-01-15T14:30:22.Z")]
    [InlineData("2025-01-15T14:30:22Z ")]
    [InlineData("2025-01-15T14:30:22+0200")]
    [InlineData("0000-01-15T14:30:22Z")]
    [InlineData("+025-01-15T14:30:22Z")]
    [InlineData("1736951422123")]
    public void TryParse_AnythingElse_IsRefused(string text) =>
        Assert.False(default(Rfc3339).TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void TryParse_AfterABadDate_DoesNotRememberIt()
    {
        var clock = default(Rfc3339);
        Assert.False(clock.TryParse("2025-02-30T00:00:00Z"u8, out _));
        Assert.False(clock.TryParse("2025-02-30T00:00:00Z"u8, out _));
        Assert.True(clock.TryParse("2025-02-28T00:00:00Z"u8, out _));
    }
}
