using System.Collections.Immutable;
using EsoCore.Escalation;
using EsoCore.Rules;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Incidents;

/// <summary>Escalations whose policy is gone, damaged, or cannot be read for a while: somebody is told all the same.</summary>
public sealed class LostPolicyTests
{
    [Fact]
    public void Escalation_WhosePolicyIsGone_TellsTheOwnerOnceAndTheTrail()
    {
        var h = new MachineHarness(Rule(new EscalateAction("standard", null, [], ["sms"])))
        {
            Now = Ten.AddMinutes(1), Policies = IncidentMachineTests.Standard().SetItem("standard", null),
        };
        h.Take(Episode("tampering", 0, null));
        Assert.Equal(["Escalated team:owner"], h.Told);
        Assert.Equal("sms", Assert.Single(h.Notices.Single().Via));
        Assert.Equal("Escalation policy standard is gone or damaged; told once in its place: team:owner.",
            h.Lines.Single(l => l.Action == "incident.policy_failed").Text);
        Assert.Null(h.NextDue);
        h.WakeAt(h.Now.AddDays(1));
        Assert.Single(h.Notices);
    }

    [Theory]
    [InlineData("team:owner")]
    [InlineData("team:boss")]
    public void Escalation_WhosePolicyGoesInBetween_TellsWhoStandsInWhenTheNextStepIsDue(string standsIn)
    {
        var to = standsIn == "team:owner" ? ImmutableArray<string>.Empty : [standsIn];
        var h = new MachineHarness(Rule(new EscalateAction("standard", null, to, [])))
        {
            Now = Ten.AddMinutes(1), Policies = IncidentMachineTests.Standard(),
        };
        h.Take(Episode("tampering", 0, null));
        h.WakeAt(h.NextDue!.Value);
        var next = h.NextDue!.Value;
        h.Policies = IncidentMachineTests.Standard().SetItem("standard", null);
        h.WakeAt(next.AddSeconds(-1));
        Assert.Single(h.Notices);
        h.WakeAt(next);
        Assert.Equal(["Escalated team:l1", $"Escalated {standsIn}"], h.Told);
        Assert.Null(h.NextDue);
        Assert.Single(h.Lines, l => l.Action == "incident.policy_failed");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Escalation_WhosePolicyCannotBeReadForLong_AsksEverMoreRarely(bool isDue)
    {
        var h = new MachineHarness(Rule(new EscalateAction("standard", null, [], []))) { Now = Ten.AddMinutes(1) };
        if (isDue)
            h.Policies = IncidentMachineTests.Standard();
        h.Take(Episode("tampering", 0, null));
        h.Policies = ImmutableDictionary<string, EscalationPolicy?>.Empty;
        var waits = new List<double>();
        for (var i = 0; i < 9; i++)
        {
            if (i > 0 || isDue)
                h.WakeAt(h.NextDue!.Value);
            waits.Add((h.NextDue!.Value - h.Now).TotalSeconds);
        }

        Assert.Equal([5, 5, 10, 20, 40, 80, 160, 300, 300], waits);
        Assert.Empty(h.Notices);
        h.Policies = IncidentMachineTests.Standard();
        for (var i = 0; i < 2 && !h.Notices.Any(); i++)
            h.WakeAt(h.NextDue!.Value);
        Assert.Equal(["Escalated team:l1"], h.Told);
        Assert.Equal(h.Now.AddMinutes(10), h.NextDue);
    }
}
