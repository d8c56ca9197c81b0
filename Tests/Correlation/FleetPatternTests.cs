using System.Collections.Immutable;
using EsoCore.Grains.Correlation;
using EsoCore.Grains.Incidents;
using EsoCore.Grains.Rules.Conditions;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Correlation;

public sealed class FleetPatternTests
{
    [Fact]
    public void Find_ManyDevicesAtOnce_IsAPattern()
    {
        var openings = Enumerable.Range(0, 12).Select(i => Opening(i, "1.0", i)).ToList();
        var pattern = Assert.Single(Find(openings, Fleet(("1.0", 1_000))));
        Assert.Equal(("many", 12), (pattern.Kind, pattern.Devices));
        Assert.Contains("12 devices at 2 sites", pattern.Text);
        Assert.Empty(Find([.. openings.Take(9)], Fleet(("1.0", 1_000))));
        Assert.Empty(Find([.. openings.Select(o => o with { SiteId = "A" })], Fleet(("1.0", 1_000))));
        Assert.Empty(Find([.. openings.Select((o, i) => o with { At = Ten.AddHours(i) })], Fleet(("1.0", 1_000))));
    }

    [Fact]
    public void Find_OneFirmwareFarMoreThanOthers_SaysByHowMuch()
    {
        var openings = Enumerable.Range(0, 8).Select(i => Opening(i, "2.0", i * 60)).Append(Opening(100, "1.0", 0)).ToList();
        var pattern = Assert.Single(Find(openings, Fleet(("2.0", 40), ("1.0", 400))));
        Assert.Equal(("firmware 2.0 of DOOR", 8), (pattern.Kind, pattern.Devices));
        Assert.Contains("8 of 40 DOOR devices with firmware 2.0, against 1 of 400", pattern.Text);
    }

    [Fact]
    public void Find_AsManyAsChanceMakes_IsNone()
    {
        var openings = Enumerable.Range(0, 8).Select(i => Opening(i, "2.0", i * 60)).ToList();
        openings.AddRange(Enumerable.Range(100, 8).Select(i => Opening(i, "1.0", i)));
        Assert.Empty(Find(openings, Fleet(("2.0", 200), ("1.0", 210))));
    }

    [Fact]
    public void Find_OneFirmwareOfAFleetOnWhichNothingElseOpened_IsAPattern()
    {
        // Compared with devices that had something open alone, there would be none to compare with.
        var openings = Enumerable.Range(0, 8).Select(i => Opening(i, "2.0", i * 60)).ToList();
        var pattern = Assert.Single(Find(openings, Fleet(("2.0", 40), ("1.0", 400))));
        Assert.Contains("8 of 40 DOOR devices with firmware 2.0, against 0 of 400", pattern.Text);
        Assert.Empty(Find(openings, Fleet(("2.0", 400), ("1.0", 40))));
    }

    [Fact]
    public void Find_OneFirmwareHitAtOneSiteAlone_IsThatSitesMatter()
    {
        // Its mains fail, and all its devices run one version that only some run elsewhere.
        var openings = Enumerable.Range(0, 8).Select(i => Opening(i, "2.0", i) with { SiteId = "A" }).ToList();
        var fleet = Fleet(("2.0", 40), ("1.0", 400));
        Assert.Empty(Find(openings, fleet));
        Assert.False(FleetPatterns.MayCompare(FleetPatternCondition.Default, openings));
        openings[^1] = openings[^1] with { SiteId = "B" };
        Assert.Single(Find(openings, fleet));
        Assert.True(FleetPatterns.MayCompare(FleetPatternCondition.Default, openings));
    }

    [Fact]
    public void Find_OtherModels_AreNotComparedWith()
    {
        var openings = Enumerable.Range(0, 8).Select(i => Opening(i, "2.0", i * 60)).ToList();
        var fleet = Fleet(("2.0", 40));
        fleet[new FirmwareOfModel("PUMP", "1.0")] = 4_000;
        Assert.Empty(Find(openings, fleet));
    }

    [Fact]
    public void Find_OtherThresholds_AreTheRules()
    {
        var openings = Enumerable.Range(0, 6).Select(i => Opening(i, "1.0", i)).ToList();
        var fleet = Fleet(("1.0", 1_000));
        Assert.Empty(Find(openings, fleet));
        Assert.Equal(6, Assert.Single(Find(openings, fleet, FleetPatternCondition.Default with { Devices = 6 })).Devices);
        Assert.Empty(Find(openings, fleet, FleetPatternCondition.Default with { Devices = 6, Within = TimeSpan.FromMinutes(2) }));
        openings = [.. Enumerable.Range(0, 8).Select(i => Opening(i, "2.0", i * 60)), Opening(100, "1.0", 0)];
        fleet = Fleet(("2.0", 40), ("1.0", 400));
        Assert.Empty(Find(openings, fleet, FleetPatternCondition.Default with { FirmwareDevices = 9 }));
        Assert.Empty(Find(openings, fleet, FleetPatternCondition.Default with { Ratio = 100 }));
    }

    [Theory]
    [InlineData(3, 4, 4, 8, 17.0 / 70)] // The lady tasting tea, three cups or more.
    [InlineData(4, 4, 4, 8, 1.0 / 70)]
    [InlineData(0, 10, 5, 100, 1.0)]
    public void Chance_OfKnownTables_IsFishers(int hits, int part, int allHits, int all, double expected) =>
        Assert.Equal(expected, FleetPatterns.Chance(hits, part, allHits, all), 9);

    private static FleetOpening Opening(int device, string firmware, double minute) =>
        new("sensor_fault", "Sensor fault: SN", WorkIds.Of(device), new("DOOR", firmware), device % 2 == 0 ? "A" : "B",
            Ten.AddMinutes(minute));

    private static Dictionary<FirmwareOfModel, int> Fleet(params (string Version, int Devices)[] fleet) =>
        fleet.ToDictionary(f => new FirmwareOfModel("DOOR", f.Version), f => f.Devices);

    private static ImmutableArray<FleetPattern> Find(
        IReadOnlyCollection<FleetOpening> openings, IReadOnlyDictionary<FirmwareOfModel, int> devices,
        FleetPatternCondition? condition = null) =>
        FleetPatterns.Find(condition ?? FleetPatternCondition.Default, openings, devices);
}
