using EsoCore.Incidents;
using EsoCore.Rules;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Incidents;

/// <summary>Incidents that were put aside and are taken up again.</summary>
public sealed class TakenUpTests
{
    [Fact]
    public void TakenUpAgain_IsToldAnewAndEscalatesFromTheFirstStep()
    {
        var action = new EscalateAction(null, TimeSpan.FromMinutes(10), ["team:boss"], []);
        var h = new MachineHarness(Rule(Notify("team:a"), action)) { Now = Ten.AddMinutes(1) };
        h.Take(Episode("tampering", 0, null));
        h.WakeAt(Ten.AddMinutes(12));
        Assert.Equal(["Opened team:a", "Escalated team:boss"], h.Told);
        var before = h.Notices.Select(n => n.Id).ToList();
        h.HandOn();
        h.Act(IncidentVerb.Suppress);
        h.WakeAt(Ten.AddHours(5));
        Assert.Empty(h.Notices);

        h.Act(IncidentVerb.Unsuppress);
        Assert.Equal((IncidentStatus.Open, 0, "Reopened team:a"), (h.Only.Status, h.Only.EscalationLevel, Assert.Single(h.Told)));
        h.WakeAt(Ten.AddHours(5).AddMinutes(9));
        Assert.Single(h.Notices);
        h.WakeAt(Ten.AddHours(5).AddMinutes(11));
        Assert.Equal(["Reopened team:a", "Escalated team:boss"], h.Told);
        Assert.Empty(h.Notices.Select(n => n.Id).Intersect(before)); // Receivers drop what they know by its id.
        h.Take(Episode("tampering", 0, 305));
        Assert.Contains("Resolved team:a", h.Told);
    }

    [Fact]
    public void TakenUpAgain_AfterItWasAcknowledged_IsOpenForAll()
    {
        var h = new MachineHarness(Rule(Notify("team:a"))) { Now = Ten.AddMinutes(1) };
        h.Take(Episode("tampering", 0, null));
        h.Act(IncidentVerb.Acknowledge);
        h.Act(IncidentVerb.Suppress);
        h.Act(IncidentVerb.Unsuppress);
        Assert.Equal(IncidentStatus.Open, h.Only.Status);
        Assert.Equal((null, null), (h.Only.AcknowledgedBy, h.Only.AcknowledgedAt));
    }
}
