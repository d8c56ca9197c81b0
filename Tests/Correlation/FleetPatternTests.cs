using EsoCore.Grains.Correlation;
using EsoCore.Grains.Incidents;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Correlation;

public sealed class FleetPatternTests
{
    [Fact]
    public void Find_ManyDevicesAtOnce_IsAPattern()
    {
        var openings = Enumerable.Range(0, 12).Select(i => Opening(i, "1.0", i)).ToList();
        var pattern = Assert.Single(FleetPatterns.Find(openings, Fleet(("1.0", 1_000))));
        Assert.Equal(("many", 12), (pattern.Kind, pattern.Devices));
        Assert.Contains("12 devices at 2 sites", pattern.Text);
        Assert.Empty(FleetPatterns.Find([.. openings.Take(9)], Fleet(("1.0", 1_000))));
        Assert.Empty(FleetPatterns.Find([.. openings.Select(o => o with { SiteId = "A" })], Fleet(("1.0", 1_000))));
        Assert.Empty(FleetPatterns.Find([.. openings.Select((o, i) => o with { At = Ten.AddHours(i) })], Fleet(("1.0", 1_000))));
    }

    [Fact]
    public void Find_OneFirmwareFarMoreThanOthers_SaysByHowMuch()
    {
        var openings = Enumerable.Range(0, 8).Select(i => Opening(i, "2.0", i * 60)).Append(Opening(100, "1.0", 0)).ToList();
        var pattern = Assert.Single(FleetPatterns.Find(openings, Fleet(("2.0", 40), ("1.0", 400))));
        Assert.Equal(("firmware 2.0", 8), (pattern.Kind, pattern.Devices));
        Assert.Contains("8 of 40 devices with firmware 2.0, against 1 of 400", pattern.Text);
    }

    [Fact]
    public void Find_AsManyAsChanceMakes_IsNone()
    {
        var openings = Enumerable.Range(0, 8).Select(i => Opening(i, "2.0", i * 60)).ToList();
        openings.AddRange(Enumerable.Range(100, 8).Select(i => Opening(i, "1.0", i)));
        Assert.Empty(FleetPatterns.Find(openings, Fleet(("2.0", 200), ("1.0", 210))));
    }

    [Theory]
    [InlineData(3, 4, 4, 8, 17.0 / 70)] // The lady tasting tea, three cups or more.
    [InlineData(4, 4, 4, 8, 1.0 / 70)]
    [InlineData(0, 10, 5, 100, 1.0)]
    public void Chance_OfKnownTables_IsFishers(int hits, int part, int allHits, int all, double expected) =>
        Assert.Equal(expected, FleetPatterns.Chance(hits, part, allHits, all), 9);

    private static FleetOpening Opening(int device, string firmware, double minute) =>
        new("sensor_fault", "Sensor fault: SN", WorkIds.Of(device), firmware, device % 2 == 0 ? "A" : "B", Ten.AddMinutes(minute));

    private static Dictionary<string, int> Fleet(params (string Version, int Devices)[] fleet) => fleet.ToDictionary(f => f.Version, f => f.Devices);
}
