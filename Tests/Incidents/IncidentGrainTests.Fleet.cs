using EsoCore.Grains.Incidents;
using EsoCore.Grains.Rules;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Incidents;

/// <summary>Patterns in the fleet, through the grains.</summary>
public sealed partial class IncidentGrainTests
{
    [Fact]
    public async Task Fleet_ManyDevicesAtSeveralSites_MakeOneIncident()
    {
        _rules.Set("over_heat", Rule() with { Name = "Sensor fault" });
        _rules.Set(DefaultRules.FleetPattern, DefaultRules.All[DefaultRules.FleetPattern] with { Severity = "critical" });
        await OverHeat(12);
        await WaitFor(async () => (await All()).Items.Any(i => i.RuleId == "fleet_pattern"));
        var fleet = Assert.Single((await All()).Items, i => i.RuleId == "fleet_pattern");
        Assert.Equal(("project:over_heat", "critical", "Pattern in the fleet: over_heat"), (fleet.Subject, fleet.Severity, fleet.Title));
        Assert.Contains("devices at 2 sites within 60 minutes: Sensor fault.", fleet.Text);
        Assert.Null(fleet.Source.SiteId);
        await Advance(() => _outlet.Told.Any());
        Assert.Equal(["Opened team:maintenance"], _outlet.Told);
    }

    [Fact]
    public async Task Fleet_RuleSwitchedOffOrWithOtherThresholds_GoesByTheRule()
    {
        _rules.Set("over_heat", Rule());
        _rules.Set(DefaultRules.FleetPattern, DefaultRules.All[DefaultRules.FleetPattern] with { Enabled = false });
        _rules.Set("small", DefaultRules.All[DefaultRules.FleetPattern] with
        {
            Condition = new JsonText("""{"type":"fleet_pattern","devices":4}"""),
            Severity = null,
        });
        await OverHeat(12);
        await WaitFor(async () => (await All()).Items.Any(i => i.RuleId == "small"));
        Assert.Equal("medium", Assert.Single((await All()).Items, i => i.RuleId == "small").Severity);
        Assert.DoesNotContain((await All()).Items, i => i.RuleId == DefaultRules.FleetPattern);
    }

    [Fact]
    public async Task Fleet_OneFirmware_IsHeldAgainstAllDevicesThatRunIt()
    {
        _rules.Set("over_heat", Rule());
        _rules.Set(DefaultRules.FleetPattern, DefaultRules.All[DefaultRules.FleetPattern]);

        // Nothing opens on the others, which are most of the fleet.
        for (var i = 0; i < 100; i++)
            await AddDevice(WorkIds.Of("fleet", i), i < 10 ? "2.0" : "1.0");
        await OverHeat(6, "2.0");
        await WaitFor(async () => (await All()).Items.Any(i => i.RuleId == "fleet_pattern"));
        Assert.Contains(
            "of 10 DOOR-2 devices with firmware 2.0, against 0 of 90 with others",
            Assert.Single((await All()).Items, i => i.RuleId == "fleet_pattern").Text);
    }
}
