using EsoCore.Correlation;
using EsoCore.Grains.Incidents;
using EsoCore.Rules;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Incidents;

/// <summary>What becomes of incidents when what they wait for forgets them or is away.</summary>
public sealed class UnheardIncidentTests
{
    [Fact]
    public void Escalation_HeldBackForAWhile_GoesOnWhereItStood()
    {
        var h = new MachineHarness(Rule(Notify("team:a"), new EscalateAction("standard", null, [], [])))
        {
            Now = Ten.AddMinutes(1), Policies = IncidentMachineTests.Standard(),
        };
        h.Take(Episode("connectivity_lost", 0, null));
        h.WakeAt(h.NextDue!.Value);
        h.WakeAt(h.NextDue!.Value);
        Assert.Equal(["Opened team:a", "Escalated team:l1"], h.Told);
        var second = h.NextDue!.Value;
        h.HandOn();

        // Its cause comes late, and ends again; meanwhile no step is due.
        h.Now = Ten.AddMinutes(8);
        h.Judge(new CauseVerdict(h.Only.Id, Logger, true, 0, null));
        Assert.Equal(h.Now + IncidentLimits.HeldCheck, h.NextDue);
        h.WakeAt(Ten.AddMinutes(9));
        h.Judge(new CauseVerdict(h.Only.Id, null, false, 0, null));
        Assert.Equal((second, 1), (h.NextDue, h.Only.EscalationLevel));
        h.Judge(new CauseVerdict(h.Only.Id, Logger, true, 0, second.AddHours(1)));
        h.WakeAt(second);
        Assert.Empty(h.Notices);

        // A step that came due meanwhile is taken soon after the release, and the others follow; nobody is told twice.
        h.Now = second.AddHours(1);
        h.Judge(new CauseVerdict(h.Only.Id, null, false, 0, null));
        Assert.Equal(h.Now + IncidentLimits.Settle, h.NextDue);
        h.WakeAt(h.NextDue!.Value);
        Assert.Equal(["Escalated schedule:night"], h.Told);
        Assert.Equal(h.Now.AddMinutes(15), h.NextDue);
    }

    [Fact]
    public void Held_WithoutARecheck_AsksAgainAndIsReleased()
    {
        var h = new MachineHarness(Rule(Notify("team:a"))) { Now = Ten.AddMinutes(1) };
        h.Correlation = i => new CauseVerdict(i.Id, Logger, true, 0, null);
        h.Take(Episode("connectivity_lost", 0, null));
        h.WakeAt(h.NextDue!.Value);
        Assert.Equal(h.State.Incidents[0].Verdict!.RecheckAt, h.NextDue);
        h.WakeAt(h.NextDue!.Value);
        Assert.Equal(h.Now + IncidentLimits.HeldCheck, h.NextDue);

        // The correlation ended the cause and was lost before it told.
        h.Correlation = i => new CauseVerdict(i.Id, Logger, false, 0, null);
        h.WakeAt(h.NextDue!.Value);
        h.WakeAt(h.NextDue!.Value);
        Assert.Equal(["Opened team:a"], h.Told);
    }

    [Fact]
    public void Held_CorrelationAway_IsAskedAgainLater()
    {
        var h = new MachineHarness(Rule(Notify("team:a"))) { Now = Ten.AddMinutes(1) };
        h.Correlation = i => new CauseVerdict(i.Id, Logger, true, 0, null);
        h.Take(Episode("connectivity_lost", 0, null));
        h.WakeAt(h.NextDue!.Value);
        h.Correlation = _ => throw new InvalidOperationException();
        h.WakeAt(h.NextDue!.Value);
        Assert.Equal(h.Now + IncidentLimits.MaxUnheard, h.NextDue);
    }

    [Fact]
    public void Withdrawn_CorrelationAway_IsReportedUntilItHears()
    {
        var heard = new List<(Guid, int)>();
        var h = new MachineHarness(Rule()) { Departs = _ => throw new InvalidOperationException() };
        h.Take(Episode("connectivity_lost", 0, null, holdMinutes: 5));
        var id = h.Only.Id;
        h.Take(Episode("connectivity_lost", 0, 1, holdMinutes: 5));
        Assert.Empty(h.Incidents);
        Assert.Equal(h.Now + IncidentLimits.MaxUnheard, h.NextDue);
        h.WakeAt(h.NextDue!.Value);
        Assert.False((h.State with { Outgoing = [] }).IsAtRest);
        h.Departs = i => heard.Add((i.Id, i.Count));
        h.WakeAt(h.NextDue!.Value);
        Assert.Equal([(id, 0)], heard);
        Assert.Null(h.NextDue);
        Assert.Empty(h.State.Departed);
        Assert.True((h.State with { Outgoing = [] }).IsAtRest);
    }

    [Fact]
    public void Forgotten_BeforeTheCorrelationHeardOfItsEnd_IsReportedUntilItHears()
    {
        var heard = new List<Guid>();
        var h = new MachineHarness(Rule()) { Now = Ten.AddDays(100), Departs = _ => throw new InvalidOperationException() };
        h.Correlation = _ => throw new InvalidOperationException();
        h.Take([.. Enumerable.Range(0, 20).Select(i => Episode("tampering", i * 1_000, i * 1_000 + 5))]);
        h.WakeAt(h.Now.AddHours(1));
        Assert.Equal(IncidentLimits.MaxIncidents, h.State.Incidents.Length);
        h.Departs = i => heard.Add(i.Id);
        h.WakeAt(h.Now.AddHours(1));
        Assert.Equal(h.Changes.Select(i => i.Id).Distinct().Except(h.Incidents.Select(i => i.Id)).Order(), heard.Order());
        Assert.NotEmpty(heard);
    }

    [Fact]
    public void Departed_AreBounded()
    {
        var h = new MachineHarness(Rule()) { Now = Ten.AddDays(100), Departs = _ => throw new InvalidOperationException() };
        for (var i = 0; i < IncidentLimits.MaxDeparted + 5; i++)
        {
            h.Take(Episode("connectivity_lost", i * 1_000, null, holdMinutes: 5));
            h.Take(Episode("connectivity_lost", i * 1_000, i * 1_000 + 1, holdMinutes: 5));
        }

        Assert.Equal(IncidentLimits.MaxDeparted, h.State.Departed.Length);
    }

    [Fact]
    public void Escalation_PolicyUnreadableAtTheOpening_KeepsTheDelayOfItsFirstStep()
    {
        var h = new MachineHarness(Rule(new EscalateAction("standard", null, [], []))) { Now = Ten.AddMinutes(1) };
        h.Take(Episode("tampering", 0, null));
        var opened = h.Now;
        h.WakeAt(h.NextDue!.Value);
        h.Policies = IncidentMachineTests.Standard();
        h.WakeAt(h.NextDue!.Value);
        Assert.Empty(h.Notices);
        Assert.Equal(opened.AddMinutes(5), h.NextDue);
        h.WakeAt(h.NextDue!.Value);
        Assert.Equal(["Escalated team:l1"], h.Told);
    }

    [Fact]
    public void Episode_WithNumbersThatJsonDoesNotKnow_IsTakenWithoutThem()
    {
        var h = new MachineHarness(Rule(Notify("team:a"))) { Now = Ten.AddMinutes(1) };
        h.Take(Episode("tampering", 0, null) with { Value = double.NaN, Limit = double.PositiveInfinity });
        Assert.Equal((null, null), (h.Only.Value, h.Only.Limit));
    }
}
