using EsoCore.Grains.Incidents;
using EsoCore.Grains.Rules;
using EsoCore.Incidents;
using EsoCore.Rules;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Incidents;

/// <summary>People change the times or the count of a rule that has made incidents.</summary>
public sealed class RuleEditTests
{
    [Theory]
    [InlineData(1, 60)]
    [InlineData(600, 60)]
    [InlineData(15, null)]
    [InlineData(15, 1)]
    [InlineData(15, 6_000)]
    public void WhatIsOver_StaysAsItWas(int reopenMinutes, int? resolveMinutes)
    {
        foreach (var lasts in new[] { true, false })
        {
            var h = new MachineHarness(Rule(Notify("team:a")));
            double[] starts = [0, 10, 200, 210, 400];
            h.Take([.. starts.Select(s => lasts ? Episode("tampering", s, s + 2) : Blip("tampering", s))]);
            Assert.Equal([2, 2, 1], h.Incidents.Select(i => i.Count));
            var (before, lines) = (h.Incidents.ToList(), h.Lines.Count);
            for (var edit = 0; edit < 2; edit++)
            {
                Edit(h, reopenMinutes + edit, resolveMinutes);
                Assert.Equal(before, h.Incidents);
                Assert.Equal(lines, h.Lines.Count);
            }
        }
    }

    [Fact]
    public void WhatIsOver_TakesInWhatOverlapsIt()
    {
        var h = new MachineHarness(Rule());
        h.Take(Episode("tampering", 0, 5), Episode("tampering", 14, 20));
        var id = h.Only.Id;
        Edit(h, 1, 60);
        h.Take(Episode("tampering", 10, 12));
        Assert.Equal((id, IncidentStatus.Resolved, 3), (h.Only.Id, h.Only.Status, h.Only.Count));
        h.Take(Episode("tampering", 18, null));
        Assert.Equal((id, IncidentStatus.Open, 4), (h.Only.Id, h.Only.Status, h.Only.Count));
    }

    [Fact]
    public void WhatGoesOn_EndsByTheNewTimesAndStaysOne()
    {
        var h = new MachineHarness(Rule() with { ResolveAfter = null }) { Now = Ten.AddMinutes(61) };
        h.Take(Blip("over_heat", 0), Blip("over_heat", 50));
        Edit(h, 1, 10);
        Assert.Equal((IncidentStatus.Resolved, 2, Ten.AddMinutes(50)), (h.Only.Status, h.Only.Count, h.Only.EndedAt));
    }

    [Fact]
    public void DevicesRaised_EndsWhatIsOpenAndSaysWhy()
    {
        var h = Site(5);
        h.Take([.. Enumerable.Range(0, 6).Select(Lost)]);
        var id = h.Only.Id;
        h.Devices = new DevicesLimit(8, TimeSpan.FromMinutes(10));
        h.WakeAt(h.Now);
        Assert.Empty(h.Incidents);
        Assert.Equal((id, IncidentStatus.Resolved, 6), (h.Changes[^1].Id, h.Changes[^1].Status, h.Changes[^1].Count));
        Assert.Contains("rule was changed", Assert.Single(h.Lines, l => l.Action == "incident.resolved").Text);
        h.Take(Lost(6), Lost(7));
        Assert.Equal((IncidentStatus.Open, 8), (h.Only.Status, h.Only.Count));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void DevicesChanged_LeavesWhatIsOverAlone(int devices)
    {
        var h = Site(5);
        h.Now = Ten.AddDays(1);
        h.Take([.. Enumerable.Range(0, 6).Select(i => Lost(i) with { End = Ten.AddMinutes(30 + i) })]);
        h.Take([.. Enumerable.Range(0, 4).Select(i => Episode("device_offline", 300 + i, 310, device: WorkIds.Of("d", i), id: "later"))]);
        var (before, lines) = (h.Only, h.Lines.Count);
        Assert.Equal(IncidentStatus.Resolved, before.Status);
        h.Devices = new DevicesLimit(devices, TimeSpan.FromMinutes(10));
        h.WakeAt(h.Now);
        h.WakeAt(h.Now.AddMinutes(1));
        Assert.Equal((before, lines), (h.Only, h.Lines.Count));
    }

    private static MachineHarness Site(int devices) => new(
        Rule() with { Subject = SubjectKind.Site }, new SubjectKey(SubjectKind.Site, "HALL"),
        new DevicesLimit(devices, TimeSpan.FromMinutes(10)), "site_devices_lost")
    {
        Now = Ten.AddMinutes(10),
    };

    private static RuleEpisode Lost(int device) => Episode("device_offline", device, null, device: WorkIds.Of("d", device), id: "x");

    private static void Edit(MachineHarness h, int reopenMinutes, int? resolveMinutes)
    {
        h.Rule = h.Rule! with
        {
            ReopenWithin = TimeSpan.FromMinutes(reopenMinutes),
            ResolveAfter = resolveMinutes is { } quiet ? TimeSpan.FromMinutes(quiet) : null,
        };
        h.WakeAt(h.Now);
        h.WakeAt(h.Now.AddMinutes(1));
    }
}
