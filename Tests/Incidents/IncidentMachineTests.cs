using System.Collections.Immutable;
using EsoCore.Correlation;
using EsoCore.Escalation;
using EsoCore.Grains.Incidents;
using EsoCore.Grains.Rules;
using EsoCore.Incidents;
using EsoCore.Notifications;
using EsoCore.Rules;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Incidents;

public sealed class IncidentMachineTests
{
    [Fact]
    public void Episode_ThatHolds_OpensAndItsEndResolves()
    {
        var h = new MachineHarness(Rule(Notify("team:maintenance"))) { Now = Ten.AddMinutes(1) };
        h.Take(Episode("tampering", 0, null, severity: "critical"));
        Assert.Equal((IncidentStatus.Open, 1, "critical", "Power outage: SN-1", Ten),
            (h.Only.Status, h.Only.Count, h.Only.Severity, h.Only.Title, h.Only.StartedAt));
        Assert.Equal(["Opened team:maintenance"], h.Told);
        h.Now = Ten.AddMinutes(6);
        h.Take(Episode("tampering", 0, 5, severity: "critical"));
        Assert.Equal((IncidentStatus.Resolved, 1, Ten.AddMinutes(5)), (h.Only.Status, h.Only.Count, h.Only.EndedAt));
        Assert.Equal(["Opened team:maintenance", "Resolved team:maintenance"], h.Told);
        Assert.Equal(["incident.opened", "incident.resolved"], h.Lines.Select(l => l.Action));
        Assert.Equal([1L, 2L], h.Changes.Select(c => c.Version));
    }

    [Fact]
    public void Episode_ToldTwice_ChangesNothing()
    {
        var h = new MachineHarness(Rule(Notify("team:maintenance"))) { Now = Ten.AddMinutes(1) };
        h.Take(Episode("tampering", 0, null));
        var before = WorkJson.Write(h.State);
        h.Take(Episode("tampering", 0, null));
        Assert.Equal(before, WorkJson.Write(h.State));
    }

    [Fact]
    public void HoldFor_EndsBeforeIt_OpensNothing()
    {
        var h = new MachineHarness(Rule(Notify("team:it"))) { Now = Ten.AddMinutes(1) };
        h.Take(Episode("connectivity_restored", 0, null, holdMinutes: 5));
        Assert.Empty(h.Incidents);
        Assert.Equal(Ten.AddMinutes(5), h.NextDue);
        h.Take(Episode("connectivity_restored", 0, 4, holdMinutes: 5));
        Assert.Null(h.NextDue);
        h.WakeAt(Ten.AddMinutes(6));
        Assert.Empty(h.Incidents);
        Assert.Empty(h.State.Episodes);
    }

    [Fact]
    public void HoldFor_Passed_OpensAtTheWakeUp()
    {
        var h = new MachineHarness(Rule(Notify("team:it"))) { Now = Ten.AddMinutes(1) };
        h.Take(Episode("over_heat", 0, null, holdMinutes: 5));
        h.WakeAt(Ten.AddMinutes(5));
        Assert.Equal((IncidentStatus.Open, Ten), (h.Only.Status, h.Only.StartedAt));
        Assert.Single(h.Notices);
    }

    [Fact]
    public void Quiet_LongEnough_ResolvesWhatHasNoEndOfItsOwn()
    {
        var h = new MachineHarness(Rule()) { Now = Ten.AddMinutes(31) };
        h.Take(Blip("over_heat", 0), Blip("over_heat", 30));
        Assert.Equal((IncidentStatus.Open, 2), (h.Only.Status, h.Only.Count));
        Assert.Equal(Ten.AddMinutes(90), h.NextDue);
        h.WakeAt(Ten.AddMinutes(90));
        Assert.Equal((IncidentStatus.Resolved, Ten.AddMinutes(30)), (h.Only.Status, h.Only.EndedAt));
    }

    [Fact]
    public void NoQuietSet_IsResolvedByPeopleOnly()
    {
        var h = new MachineHarness(Rule() with { ResolveAfter = null }) { Now = Ten.AddMinutes(1) };
        h.Take(Blip("emergency_stop_activated", 0));
        h.WakeAt(Ten.AddDays(30));
        Assert.Equal(IncidentStatus.Open, h.Only.Status);
        Assert.Equal(EditOutcome.Changed, h.Act(IncidentVerb.Resolve, text: "seen"));
        Assert.Equal((IncidentStatus.Resolved, "key:k"), (h.Only.Status, h.Only.ResolvedBy));
        h.WakeAt(Ten.AddDays(31));
        Assert.Equal(IncidentStatus.Resolved, h.Only.Status);
    }

    [Fact]
    public void Repeat_SoonAfterTheEnd_ReopensTheSameIncident()
    {
        var h = new MachineHarness(Rule(Notify("team:a"))) { Now = Ten.AddMinutes(6) };
        h.Take(Episode("tampering", 0, 5));
        var id = h.Only.Id;
        h.Now = Ten.AddMinutes(15);
        h.Take(Episode("tampering", 14, null));
        Assert.Equal((id, IncidentStatus.Open, 2, 1), (h.Only.Id, h.Only.Status, h.Only.Count, h.Only.Reopened));
        Assert.Equal(["Opened team:a", "Reopened team:a"], h.Told);
        Assert.Equal(2, h.Notices.Select(n => n.Id).Distinct().Count());
    }

    [Fact]
    public void Repeat_LongAfterTheEnd_MakesANewIncident()
    {
        var h = new MachineHarness(Rule()) { Now = Ten.AddMinutes(6) };
        h.Take(Episode("tampering", 0, 5));
        h.Now = Ten.AddMinutes(31);
        h.Take(Episode("tampering", 30, null));
        Assert.Equal([(IncidentStatus.Resolved, 1), (IncidentStatus.Open, 1)], h.Incidents.Select(i => (i.Status, i.Count)));
    }

    [Fact]
    public void ResolvedByAPerson_WhileItHolds_StaysSoUntilItBeginsAnew()
    {
        var h = new MachineHarness(Rule(Notify("team:a"))) { Now = Ten.AddMinutes(5) };
        h.Take(Episode("tampering", 0, null));
        h.Act(IncidentVerb.Resolve);
        h.Take(Episode("tampering", 0, null));
        Assert.Equal(IncidentStatus.Resolved, h.Only.Status);
        h.Now = Ten.AddMinutes(8);
        h.Take(Episode("tampering", 7, null));
        Assert.Equal((IncidentStatus.Open, 2, 1), (h.Only.Status, h.Only.Count, h.Only.Reopened));
    }

    [Fact]
    public void Suppressed_CountsRepeatsAndTellsNobody()
    {
        var h = new MachineHarness(Rule(Notify("team:a"))) { Now = Ten.AddMinutes(1) };
        h.Take(Episode("tampering", 0, null));
        h.HandOn();
        h.Act(IncidentVerb.Suppress);
        h.Now = Ten.AddHours(30);
        h.Take(Episode("tampering", 0, 5), Episode("tampering", 1_000, 1_001), Episode("tampering", 1_700, null));
        Assert.Equal((IncidentStatus.Suppressed, 3), (h.Only.Status, h.Only.Count));
        Assert.Empty(h.Notices);
        h.Act(IncidentVerb.Unsuppress);
        Assert.Equal(IncidentStatus.Open, h.Only.Status);
    }

    [Fact]
    public void Acts_WithAnotherVersionOrId_AreRefused()
    {
        var h = new MachineHarness(Rule()) { Now = Ten.AddMinutes(1) };
        h.Take(Episode("tampering", 0, null));
        Assert.Equal(EditOutcome.VersionMismatch, h.Act(IncidentVerb.Acknowledge, version: 7));
        Assert.Equal(EditOutcome.NotFound, h.Act(IncidentVerb.Acknowledge, id: Guid.NewGuid()));
        Assert.Equal(EditOutcome.Invalid, h.Act(IncidentVerb.Comment));
        Assert.Equal(EditOutcome.Changed, h.Act(IncidentVerb.Acknowledge, version: 1));
        Assert.Equal((IncidentStatus.Acknowledged, "key:k", 2), (h.Only.Status, h.Only.AcknowledgedBy, h.Only.Version));
        Assert.Equal(EditOutcome.Changed, h.Act(IncidentVerb.Acknowledge, version: 2));
        Assert.Equal(2, h.Only.Version);
        Assert.Equal(EditOutcome.Changed, h.Act(IncidentVerb.Assign, assignee: "anna"));
        Assert.Equal("anna", h.Only.Assignee);
        h.Act(IncidentVerb.Comment, text: "on my way");
        Assert.Equal("on my way", h.Lines[^1].Text);
    }

    [Fact]
    public void LateEpisode_OfTheSameTrouble_ChangesNoId()
    {
        var h = new MachineHarness(Rule());
        h.Take(Episode("tampering", 20, 25));
        var id = h.Only.Id;
        h.Take(Episode("tampering", 10, 12));
        Assert.Equal((id, 2, Ten.AddMinutes(10), 1), (h.Only.Id, h.Only.Count, h.Only.StartedAt, h.Only.Reopened));
    }

    [Fact]
    public void LateEpisode_ThatJoinsTwoIncidents_LeavesOne()
    {
        var h = new MachineHarness(Rule());
        h.Take(Episode("tampering", 0, 5), Episode("tampering", 30, 35));
        Assert.Equal(2, h.Incidents.Count());
        var (first, second) = (h.Incidents.First().Id, h.Incidents.Last().Id);
        h.Take(Episode("tampering", 15, 20));
        Assert.Equal((first, 3), (h.Only.Id, h.Only.Count));
        var gone = h.Changes.Last(c => c.Id == second);
        Assert.Equal((IncidentStatus.Resolved, 0), (gone.Status, gone.Count));
        Assert.Contains($"{first:D}", gone.Text);
    }

    [Fact]
    public void LateEnd_ShorterThanHoldFor_WithdrawsTheIncident()
    {
        var h = new MachineHarness(Rule());
        h.Take(Episode("over_heat", 0, null, holdMinutes: 5));
        Assert.Single(h.Incidents);
        h.Take(Episode("over_heat", 0, 1, holdMinutes: 5));
        Assert.Empty(h.Incidents);
        Assert.Equal((IncidentStatus.Resolved, 0), (h.Changes[^1].Status, h.Changes[^1].Count));
    }

    [Fact]
    public void PastTrouble_ToldInOnePiece_IsTold_ButNotEscalated()
    {
        var h = new MachineHarness(Rule(Notify("team:a"), new EscalateAction(null, TimeSpan.FromMinutes(1), ["team:b"], [])));
        h.Take(Episode("tampering", 0, 5));
        Assert.Equal(["Opened team:a"], h.Told);
        h.WakeAt(h.Now.AddHours(1));
        Assert.Single(h.Notices);
    }

    [Fact]
    public void Episodes_BeyondTheLimit_AreStillCounted()
    {
        var h = new MachineHarness(Rule()) { Now = Ten.AddMinutes(500) };
        for (var i = 0; i < 300; i++)
            h.Take(Blip("over_heat", i));
        Assert.Equal(300, h.Only.Count);
        Assert.Equal(Ten, h.Only.StartedAt);
        Assert.Equal(IncidentLimits.MaxEpisodes, h.State.Episodes.Length);
        Assert.Single(h.State.Episodes, e => e.Told is not null);
    }

    [Fact]
    public void Incidents_BeyondTheLimit_LiveOnInTheirRows()
    {
        var h = new MachineHarness(Rule()) { Now = Ten.AddDays(100) };
        for (var i = 0; i < 20; i++)
            h.Take(Episode("tampering", i * 1_000, i * 1_000 + 5));
        Assert.Equal(IncidentLimits.MaxIncidents, h.State.Incidents.Length);
        Assert.Equal(20, h.Changes.Select(c => c.Id).Distinct().Count());
        Assert.Equal(IncidentLimits.MaxIncidents, h.State.Episodes.Length);
    }

    [Fact]
    public void MissingRule_OpenIncidentsResolveByTheirEpisodes()
    {
        var h = new MachineHarness(Rule(Notify("team:a"))) { Now = Ten.AddMinutes(1) };
        h.Take(Episode("tampering", 0, null));
        (h.Rule, h.Now) = (null, Ten.AddMinutes(6));
        h.Take(Episode("tampering", 0, 5));
        Assert.Equal(IncidentStatus.Resolved, h.Only.Status);
        Assert.Equal(["Opened team:a", "Resolved team:a"], h.Told);
    }

    [Fact]
    public void ManyDevices_WithinTheTime_OpenAtTheThresholdAndResolveBelowIt()
    {
        var site = new SubjectKey(SubjectKind.Site, "HALL");
        var h = new MachineHarness(
            Rule(Notify("team:a")) with { Subject = SubjectKind.Site }, site, new DevicesLimit(3, TimeSpan.FromMinutes(5)),
            "site_devices_lost")
        {
            Now = Ten.AddMinutes(10),
        };
        var devices = Enumerable.Range(1, 4).Select(i => WorkIds.Of("d", i)).ToList();
        h.Take(Episode("device_offline", 0, null, device: devices[0]), Episode("device_offline", 1, null, device: devices[1]));
        Assert.Empty(h.Incidents);
        h.Take(Episode("device_offline", 1.5, null, device: devices[1], id: "again"));
        Assert.Empty(h.Incidents);
        h.Take(Episode("device_offline", 2, null, device: devices[2]));
        Assert.Equal((IncidentStatus.Open, "site_devices_lost", "Power outage: HALL"), (h.Only.Status, h.Only.Cause, h.Only.Title));
        Assert.StartsWith("3 devices", h.Only.Text);
        h.Now = Ten.AddMinutes(20);
        h.Take(Episode("device_offline", 0, 15, device: devices[0]));
        Assert.Equal((IncidentStatus.Resolved, Ten.AddMinutes(15)), (h.Only.Status, h.Only.EndedAt));
    }

    [Fact]
    public void ManyDevices_LongAfterEachOther_AreNotOne()
    {
        var h = new MachineHarness(
            Rule() with { Subject = SubjectKind.Site, ResolveAfter = TimeSpan.Zero }, new SubjectKey(SubjectKind.Site, "HALL"),
            new DevicesLimit(2, TimeSpan.FromMinutes(5)));
        h.Take(Blip("safety_edge_triggered", 0, device: Guid.NewGuid()), Blip("safety_edge_triggered", 10, device: Guid.NewGuid()));
        Assert.Empty(h.Incidents);
        h.Take(Blip("safety_edge_triggered", 14, device: Guid.NewGuid()));
        Assert.Equal(2, h.Only.Count);
    }

    [Fact]
    public void Consequence_WhileItsCauseGoesOn_TellsNobodyAndThenDoes()
    {
        var cause = Guid.NewGuid();
        var h = new MachineHarness(Rule(Notify("team:a"),
            new TicketAction("site_visit", TimeSpan.FromDays(1), null))) { Now = Ten.AddMinutes(1) };
        h.Correlation = i => new CauseVerdict(i.Id, cause, true, 0, null);
        h.Take(Episode("connectivity_lost", 0, null));
        Assert.Equal(h.Now + IncidentLimits.Settle, h.NextDue);
        h.WakeAt(h.NextDue!.Value);
        Assert.Equal(cause, h.Only.CauseId);
        Assert.Empty(h.Notices);
        Assert.Empty(h.State.Outgoing.OfType<TicketOut>());

        var recheck = h.Now.AddMinutes(10);
        h.Judge(new CauseVerdict(h.Only.Id, cause, true, 0, recheck));
        Assert.Equal(recheck, h.NextDue);
        h.Correlation = i => new CauseVerdict(i.Id, cause, false, 0, null);
        h.WakeAt(recheck);
        Assert.Empty(h.Told);
        h.WakeAt(h.NextDue!.Value);
        Assert.Equal(["Opened team:a"], h.Told);
        Assert.Single(h.State.Outgoing.OfType<TicketOut>());
    }

    [Fact]
    public void Correlation_ThatDoesNotAnswer_DelaysTheNoticeNoLongerThanItsLimit()
    {
        var h = new MachineHarness(Rule(Notify("team:a"))) { Now = Ten.AddMinutes(1), Correlation = _ =>
            throw new InvalidOperationException() };
        h.Take(Episode("connectivity_lost", 0, null));
        var opened = h.Now;
        for (var i = 0; i < 20 && !h.Notices.Any(); i++)
            h.WakeAt(h.NextDue!.Value);
        Assert.Single(h.Notices);
        Assert.InRange(h.Now - opened, IncidentLimits.MaxUnheard, IncidentLimits.MaxUnheard + IncidentLimits.Retry);
    }

    [Fact]
    public void Critical_WaitsForItsCauseNoLongerThanTwoSeconds()
    {
        var h = new MachineHarness(Rule(Notify("team:a"))) { Now = Ten.AddMinutes(1) };
        h.Take(Episode("power_outage", 0, null, severity: "critical"));
        Assert.InRange(h.NextDue!.Value - h.Now, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        h.WakeAt(h.NextDue!.Value);
        Assert.Single(h.Notices);
    }

    [Fact]
    public void Escalation_StepsOnceEachHoweverOftenItIsWoken_AndEndsWithAcknowledging()
    {
        var h = new MachineHarness(Rule(new EscalateAction("standard", null, [], []))) { Now = Ten.AddMinutes(1), Policies = Standard() };
        h.Take(Episode("tampering", 0, null));
        Assert.Equal(h.Now.AddMinutes(5), h.NextDue);
        h.WakeAt(h.NextDue!.Value.AddHours(2));
        Assert.Equal(["Escalated team:l1"], h.Told);
        h.WakeAt(h.Now);
        Assert.Single(h.Notices);
        h.WakeAt(h.NextDue!.Value);
        h.WakeAt(h.NextDue!.Value);
        h.WakeAt(h.NextDue!.Value);
        Assert.Equal(["Escalated team:l1", "Escalated schedule:night", "Repeated schedule:night", "Repeated schedule:night"], h.Told);
        Assert.Equal((2, null), (h.Only.EscalationLevel, h.NextDue));
        Assert.Equal(4, h.Notices.Select(n => n.Id).Distinct().Count());
    }

    [Fact]
    public void Escalation_Acknowledged_TakesNoFurtherStep()
    {
        var h = new MachineHarness(Rule(new EscalateAction("standard", null, [], []))) { Now = Ten.AddMinutes(1), Policies = Standard() };
        h.Take(Episode("tampering", 0, null));
        h.WakeAt(h.NextDue!.Value);
        h.Act(IncidentVerb.Acknowledge);
        Assert.Null(h.NextDue);
        h.WakeAt(h.Now.AddDays(1));
        Assert.Single(h.Notices);
    }

    [Fact]
    public void Escalation_WithoutAPolicy_TellsItsRecipientsOnce()
    {
        var h = new MachineHarness(Rule(new EscalateAction(null, TimeSpan.FromMinutes(30), ["team:boss"],
            ["sms"]))) { Now = Ten.AddMinutes(1) };
        h.Take(Episode("tampering", 0, null));
        h.WakeAt(Ten.AddMinutes(30));
        Assert.Empty(h.Notices);
        h.WakeAt(Ten.AddMinutes(31));
        Assert.Equal("sms", Assert.Single(Assert.Single(h.Notices).Via));
        h.WakeAt(Ten.AddDays(1));
        Assert.Single(h.Notices);
    }

    [Fact]
    public void Escalation_WhosePolicyCannotBeRead_WaitsAndGoesOn()
    {
        var h = new MachineHarness(Rule(new EscalateAction("standard", null, [], []))) { Now = Ten.AddMinutes(1) };
        h.Take(Episode("tampering", 0, null));
        h.WakeAt(h.NextDue!.Value);
        Assert.Empty(h.Notices);
        h.Policies = Standard();
        for (var i = 0; i < 3 && !h.Notices.Any(); i++)
            h.WakeAt(h.NextDue!.Value.AddMinutes(6));
        Assert.Equal(["Escalated team:l1"], h.Told);
    }

    internal static ImmutableDictionary<string, EscalationPolicy?> Standard() => ImmutableDictionary<string, EscalationPolicy?>.Empty.Add(
        "standard",
        new EscalationPolicy(
            "Standard",
            [new EscalationLevel(TimeSpan.FromMinutes(5), ["team:l1"], []),
                new EscalationLevel(TimeSpan.FromMinutes(10), ["schedule:night"], [])],
            TimeSpan.FromMinutes(15), 2, null));
}
