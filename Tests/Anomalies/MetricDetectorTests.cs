using EsoCore.Grains.Anomalies;
using Xunit;

namespace EsoCore.Tests.Anomalies;

public sealed class MetricDetectorTests
{
    private const int Days = 10;
    private const int Points = Days * SampleSeries.PointsPerDay;
    private const int Late = Points - 50;

    [Theory]
    [InlineData(0)]
    [InlineData(45)]
    [InlineData(-1e300)]
    [InlineData(double.Epsilon)]
    public void Add_OfAConstant_NeverAlarms(double value) =>
        Assert.All(Judge([.. Enumerable.Repeat(value, Points)]), r => Assert.Equal(0, r.Likelihood));

    [Fact]
    public void Add_OfASpike_AlarmsAndTellsTheUsualRange()
    {
        var values = SampleSeries.Daily(Points, seed: 1);
        values[Late] = 62.1;
        var result = Judge(values)[Late];
        Assert.True(result.IsAlarm);
        Assert.True(result.Seasonal);
        var usual = 44 + (4 * Math.Sin(2 * Math.PI * Late / SampleSeries.PointsPerDay));
        Assert.InRange(result.UsualLow, usual - 3, usual);
        Assert.InRange(result.UsualHigh, usual, usual + 3);
    }

    [Fact]
    public void Add_OfAValueUsualAtAnotherHour_Alarms()
    {
        var values = SampleSeries.Daily(Points, seed: 2);
        var night = (8 * SampleSeries.PointsPerDay) + (SampleSeries.PointsPerDay * 3 / 4);
        Array.Fill(values, 47, night, 12);
        Assert.Contains(Judge(values)[night..(night + 12)], r => r.IsAlarm);
    }

    [Fact]
    public void Add_OfANewLevel_AlarmsAndCalmsDown()
    {
        var values = SampleSeries.Daily(Points, seed: 3);
        for (var i = Late - 500; i < Points; i++)
            values[i] += 20;
        var results = Judge(values);
        Assert.True(results[Late - 500].IsAlarm);
        Assert.InRange(results[(Late - 500)..].Count(r => r.IsAlarm), 1, 20);
    }

    [Fact]
    public void Add_OfTheFirstChangeOfAConstant_AlarmsOnce()
    {
        var values = Enumerable.Repeat(45.0, Points).ToArray();
        values[Late] = values[Late - 1000] = 46;
        var results = Judge(values);
        Assert.Equal([Late - 1000], Enumerable.Range(0, Points).Where(i => results[i].IsAlarm));
    }

    [Fact]
    public void Add_OfAStuckSensor_Alarms()
    {
        var values = SampleSeries.Daily(Points, seed: 4);
        Array.Fill(values, values[Late - 100], Late - 100, 100);
        Assert.Contains(Judge(values)[(Late - 99)..], r => r is { IsAlarm: true, Kind: AnomalyKind.Stuck });
    }

    [Fact]
    public void Add_OfWhatComesLater_ChangesNothingBefore()
    {
        var values = SampleSeries.Daily(Points, seed: 5);
        var whole = Judge(values);
        for (var i = Late; i < Points; i++)
            values[i] = 1e6;
        Assert.Equal(whole[..Late], Judge(values)[..Late]);
    }

    [Theory]
    [InlineData(1024, 0)]
    [InlineData(1, 65536)]
    [InlineData(0.0009765625, -4096)]
    public void Likelihoods_DoNotDependOnScaleAndOffset(double scale, double offset)
    {
        var values = SampleSeries.Daily(Points, seed: 6);
        values[Late] = 70;
        var (plain, moved) = (Judge(values), Judge([.. values.Select(v => (v * scale) + offset)]));
        for (var i = 0; i < Points; i++)
            Assert.Equal(plain[i].Likelihood, moved[i].Likelihood, 1e-3);
    }

    [Fact]
    public void Load_OfSavedState_ContinuesExactly()
    {
        var values = SampleSeries.Daily(Points, seed: 7);
        var (whole, detector) = (Judge(values), new MetricDetector());
        for (var i = 0; i < Points; i++)
        {
            if (i % 97 == 0)
                detector = MetricDetector.Load(detector.Save());
            Assert.Equal(whole[i], detector.Add(SampleSeries.Time(i), values[i]));
        }

        Assert.Equal(detector.Save(), MetricDetector.Load(detector.Save()).Save());
    }

    [Fact]
    public void Load_OfOtherBytes_Throws()
    {
        Assert.Throws<ArgumentException>(() => MetricDetector.Load([]));
        Assert.Throws<ArgumentException>(() => MetricDetector.Load(new MetricDetector().Save().AsSpan(1)));
    }

    [Fact]
    public void State_StaysWithinItsLimit_HoweverLongTheSeries()
    {
        var detector = new MetricDetector();
        foreach (var (value, i) in SampleSeries.Daily(Points, seed: 8).Select((v, i) => (v, i)))
            detector.Add(SampleSeries.Time(i), value);
        Assert.Equal(MetricDetector.StateBytes, detector.Save().Length);
        Assert.InRange(MetricDetector.StateBytes, 1, MetricDetector.MostStateBytes);
    }

    [Fact]
    public void Add_OfExtremesGapsAndRepeatedTimes_StaysFinite()
    {
        double[] extremes = [0, double.MaxValue, double.MinValue, double.Epsilon, -double.Epsilon, 1e-300, -1e300, 1, double.MaxValue];
        var random = new Random(9);
        var (detector, time) = (new MetricDetector(), SampleSeries.Start);
        for (var i = 0; i < 5000; i++)
        {
            time = time.AddSeconds(random.Next(4) switch { 0 => 0, 1 => 1, 2 => 300, _ => 1e6 });
            var result = detector.Add(time, extremes[random.Next(extremes.Length)]);
            Assert.InRange(result.Likelihood, 0, 1);
            Assert.True(double.IsFinite(result.Score) && double.IsFinite(result.UsualLow) && double.IsFinite(result.UsualHigh));
        }
    }

    [Fact]
    public void Add_OfMissingValuesAndOldPoints_IsIgnored()
    {
        var values = SampleSeries.Daily(1000, seed: 10);
        var detector = new MetricDetector();
        for (var i = 0; i < values.Length; i++)
            detector.Add(SampleSeries.Time(i), values[i]);
        var before = detector.Save();
        Assert.Equal(default, detector.Add(SampleSeries.Time(1000), double.NaN));
        Assert.Equal(default, detector.Add(SampleSeries.Time(1000), double.PositiveInfinity));
        Assert.Equal(default, detector.Add(SampleSeries.Time(10), 1e9));
        Assert.Equal(before, detector.Save());
    }

    private static AnomalyResult[] Judge(double[] values)
    {
        var detector = new MetricDetector();
        return [.. values.Select((v, i) => detector.Add(SampleSeries.Time(i), v))];
    }
}
