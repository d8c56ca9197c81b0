using System.Globalization;
using System.Text;
using EsoCore.Grains.Telemetry;
using EsoCore.Tests.Support;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EsoCore.Tests.Telemetry;

public class JsonNumbersTests
{
    [Fact]
    public void TryParse_AnyFiniteDouble_ReadsBackTheSameBits() =>
        Prop.ForAll(ArbMap.Default.ArbFor<double>().Filter(double.IsFinite), value =>
        {
            var text = Encoding.ASCII.GetBytes(value.ToString("E17", CultureInfo.InvariantCulture));
            return JsonNumbers.TryParse(text, out var read) && BitConverter.DoubleToInt64Bits(read) == BitConverter.DoubleToInt64Bits(value);
        }).Check(Seeded.Cases());

    [Fact]
    public void TryParse_AnyShortDecimal_AgreesWithTheFramework() =>
        Prop.ForAll(Gen.Choose(0, 18).Two().ToArbitrary(), ArbMap.Default.ArbFor<long>(), (shape, digits) =>
        {
            var whole = Math.Abs(digits % (long)Math.Pow(10, shape.Item1)).ToString(CultureInfo.InvariantCulture);
            var text = $"{(digits < 0 ? "-" : "")}{whole}.{Math.Abs(digits).ToString(CultureInfo.InvariantCulture)[..1]}{new string('3', shape.Item2)}";
            var expected = double.Parse(text, CultureInfo.InvariantCulture);
            return JsonNumbers.TryParse(Encoding.ASCII.GetBytes(text), out var read) &&
                BitConverter.DoubleToInt64Bits(read) == BitConverter.DoubleToInt64Bits(expected);
        }).Check(Seeded.Cases());

    [Theory]
    [InlineData("9007199254740992", true)]
    [InlineData("-9007199254740992", true)]
    [InlineData("9007199254740993", false)]
    [InlineData("-9007199254740993", false)]
    [InlineData("123456789012345678901234567890", false)]
    [InlineData("9007199254740993.0", true)]
    [InlineData("1e400", false)]
    [InlineData("-1e400", false)]
    [InlineData("1e308", true)]
    [InlineData("1e-400", true)]
    [InlineData("0", true)]
    [InlineData("-0", true)]
    public void TryParse_AtTheBounds_TakesOnlyWhatADoubleHolds(string text, bool taken) =>
        Assert.Equal(taken, JsonNumbers.TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void TryParse_NegativeZero_KeepsItsSign()
    {
        Assert.True(JsonNumbers.TryParse("-0"u8, out var value));
        Assert.True(double.IsNegative(value));
    }
}
