using System.Collections.Immutable;
using EsoCore.Escalation;
using EsoCore.Incidents;
using EsoCore.Rules;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Incidents;

/// <summary>An escalation over three levels, L1 to L3, whose last one repeats.</summary>
public sealed class EscalationLevelsTests
{
    /// <summary>All steps in order: minutes after the opening, what is told, and the level that the incident then shows.</summary>
    private static readonly (double Minute, string Told, int Level)[] Steps =
    [
        (5, "Escalated team:l1", 1), (15, "Escalated team:l2", 2), (30, "Escalated schedule:l3", 3), (50, "Repeated schedule:l3", 3),
        (70, "Repeated schedule:l3", 3),
    ];

    private static readonly DateTimeOffset Opened = Ten.AddMinutes(1);

    [Fact]
    public void Levels_WhileNobodyAcknowledges_AreTakenInOrderAndTheLastOneRepeats()
    {
        var h = Begun();
        for (var i = 0; i < Steps.Length; i++)
        {
            Assert.Equal(Opened.AddMinutes(Steps[i].Minute), h.NextDue);
            h.WakeAt(h.NextDue!.Value.AddSeconds(-1));
            Assert.Equal(i, h.Notices.Count());
            h.WakeAt(Opened.AddMinutes(Steps[i].Minute));
            Assert.Equal(Steps[..(i + 1)].Select(step => step.Told), h.Told);
            Assert.Equal(Steps[i].Level, h.Only.EscalationLevel);
        }

        Assert.Null(h.NextDue);
        h.WakeAt(h.Now.AddDays(1));
        Assert.Equal(
            ["Level 1: team:l1.", "Level 2: team:l2.", "Level 3: schedule:l3.", "Level 3, again: schedule:l3.",
                "Level 3, again: schedule:l3."],
            h.Lines.Where(line => line.Action == "incident.escalated").Select(line => line.Text));
        Assert.Equal(Steps.Length, h.Notices.Select(notice => notice.Id).Distinct().Count());
        Assert.Equal("sms", Assert.Single(h.Notices.ElementAt(3).Via)); // As the level that it repeats.
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Acknowledged_AfterAnyStep_TakesNoFurtherOne(int taken)
    {
        var h = Begun();
        foreach (var (minute, _, _) in Steps[..taken])
            h.WakeAt(Opened.AddMinutes(minute));
        Assert.Equal(EditOutcome.Changed, h.Act(IncidentVerb.Acknowledge));
        Assert.Null(h.NextDue);
        foreach (var (minute, _, _) in Steps[taken..])
            h.WakeAt(Opened.AddMinutes(minute));
        h.WakeAt(Opened.AddDays(1));
        Assert.Equal(Steps[..taken].Select(step => step.Told), h.Told);
        Assert.Equal((IncidentStatus.Acknowledged, Math.Min(taken, 3)), (h.Only.Status, h.Only.EscalationLevel));
    }

    [Fact]
    public void Resolved_AtTheSecondLevel_TellsTheThirdNothing()
    {
        var h = Begun();
        foreach (var (minute, _, _) in Steps[..2])
            h.WakeAt(Opened.AddMinutes(minute));
        h.Take(Episode("tampering", 0, 16));
        Assert.Null(h.NextDue);
        h.WakeAt(Opened.AddDays(1));

        // Whoever was told that it began is told that it is over.
        Assert.Equal(
            ["Escalated team:l1", "Escalated team:l2", "Resolved team:l1", "Resolved team:l2"], h.Told);
    }

    private static MachineHarness Begun()
    {
        var policy = new EscalationPolicy(
            "Three levels",
            [
                new EscalationLevel(TimeSpan.FromMinutes(5), ["team:l1"], []),
                new EscalationLevel(TimeSpan.FromMinutes(10), ["team:l2"], []),
                new EscalationLevel(TimeSpan.FromMinutes(15), ["schedule:l3"], ["sms"]),
            ],
            TimeSpan.FromMinutes(20), 2, null);
        var h = new MachineHarness(Rule(new EscalateAction("three", null, [], [])))
        {
            Now = Opened,
            Policies = ImmutableDictionary<string, EscalationPolicy?>.Empty.Add("three", policy),
        };
        h.Take(Episode("tampering", 0, null));
        return h;
    }
}
