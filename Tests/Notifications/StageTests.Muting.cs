using System.Collections.Immutable;
using EsoCore.Devices;
using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>What is muted, and told when it outlasts that.</summary>
public sealed partial class StageTests
{
    [Fact]
    public void Mute_WindowThatEndsFirst_IsToldAfterIt()
    {
        Silence(Notices.Noon.AddHours(1));
        var notice = Notices.Of(Notices.Incident());
        var muted = Run([notice]);
        Assert.Contains("2025-01-15T13:00:00", Assert.Single(muted.Log).Body);
        Assert.True(_state.IsBusy); // So that somebody wakes it.
        Assert.Empty(Run([], at: 3_599).Log);
        Assert.Empty(_state.Groups);
        Run([], at: 3_600);
        Assert.Empty(_state.Held);
        var told = Assert.Single(Run([], at: 3_601).Changed.Values);
        Assert.Equal("[critical] Power outage", told.Subject);
        Assert.False(Run([notice], at: 3_602).HasChanged); // It was told by now.
    }

    [Fact]
    public void Mute_IncidentThatEndsWithin_IsNeverTold()
    {
        Silence(Notices.Noon.AddHours(1));
        var incident = Notices.Incident();
        Run([Notices.Of(incident)]);
        Run([Notices.Of(incident, NoticeKind.Resolved)], at: 60);
        Assert.Empty(_state.Held);
        Run([], at: 3_600);
        Assert.Empty(_state.Groups);

        Run([Notices.Of(incident)], at: 100);
        Run([Notices.Of(incident, NoticeKind.Resolved)], at: 3_600); // Both at one time.
        Assert.Empty(_state.Groups);
    }

    [Fact]
    public void Group_EndThatWaitsAsItsIncidentBeginsAgain_IsNotTold()
    {
        var incident = Notices.Incident();
        Run([Notices.Of(incident)]);
        Deliver(Run([], at: 1));
        Run([Notices.Of(incident, NoticeKind.Resolved)], at: 60);
        Run([Notices.Of(incident, NoticeKind.Reopened)], at: 90);
        var told = Assert.Single(Deliver(Run([], at: 91)));
        Assert.Equal(NoticeKind.Reopened, Assert.Single(told.Notices).Kind);
        Assert.DoesNotContain("Resolved", told.Text);
    }

    [Fact]
    public void Address_ChannelThatStandsInATeam_IsToldWhateverKindsAreAskedFor()
    {
        _book = _book with
        {
            Channels = _book.Channels.Add("hook", Channel("webhook")),
            Teams = _book.Teams.SetItem("safety", new TeamDefinition("Safety", ["person:max", "channel:hook"], [], null)),
        };
        Run([Notices.Of(Notices.Incident(), NoticeKind.Opened, "sms", "email")]);
        Assert.Equal(["email", "webhook"], Deliver(Run([], at: 1)).Select(d => d.Kind).Order());
    }

    [Fact]
    public void Mute_SilenceThatPeopleEndBeforeItsTime_HoldsNothingForLong()
    {
        Silence(Notices.Noon.AddDays(7));
        Run([Notices.Of(Notices.Incident())]);
        _book = _book with { Silences = _book.Silences.Clear() };
        var later = MuteStage.JudgedEvery.TotalSeconds;
        Run([], at: later);
        Assert.Single(Run([], at: later + 1).Changed.Values);
    }

    [Fact]
    public void Mute_WhatEndsAndBeginsAgainInOneTurn_IsHeld()
    {
        Silence(Notices.Noon.AddHours(1));
        var incident = Notices.Incident();
        Run([Notices.Of(incident, NoticeKind.Resolved), Notices.Of(incident, NoticeKind.Reopened)]);
        Assert.Equal(NoticeKind.Reopened, Assert.Single(_state.Held).Notice.Kind);
    }

    [Fact]
    public void Mute_EscalationWithinAWindow_StandsForTheOpeningAndIsJudgedAgain()
    {
        Silence(Notices.Noon.AddHours(1));
        var incident = Notices.Incident();
        Run([Notices.Of(incident)]);
        Run([Notices.Of(incident, NoticeKind.Escalated)], at: 600);
        Silence(Notices.Noon.AddHours(2));
        Assert.Empty(Run([], at: 3_600).Log); // It was said once.
        Assert.Equal(Notices.Noon.AddHours(1) + MuteStage.JudgedEvery, Assert.Single(_state.Held).Until);
        Run([], at: 7_200);
        var told = Assert.Single(Run([], at: 7_201).Changed.Values);
        Assert.Equal(NoticeKind.Escalated, Assert.Single(told.Notices).Kind);
    }

    [Fact]
    public void Mute_TwoActionsByOtherChannels_AreBothToldAfterIt()
    {
        _book = _book with { Channels = _book.Channels.Add("gate", Channel("sms")) };
        Silence(Notices.Noon.AddHours(1));
        var incident = Notices.Incident();
        Run([Notices.Of(incident, NoticeKind.Opened, "sms"), Notices.Of(incident, NoticeKind.Opened, "email")]);
        Run([Notices.Of(incident, NoticeKind.Escalated, "sms")], at: 600); // It stands for the opening by the same channels alone.
        Assert.Equal(2, _state.Held.Count);
        Run([], at: 3_600);
        var told = Run([], at: 3_601).Changed.Values.Select(d => (d.Kind, d.Notices.Single().Kind));
        Assert.Equal([("email", NoticeKind.Opened), ("sms", NoticeKind.Escalated)], told.Order());
    }

    [Fact]
    public void Mute_DeviceThatLeavesMaintenance_IsToldSoon()
    {
        var device = Guid.NewGuid();
        var facts = new DeviceFacts(DeviceStatus.Maintenance, ImmutableSortedDictionary<string, string>.Empty);
        Run([Notices.Of(Notices.Incident(device: device))], devices: new Dictionary<Guid, DeviceFacts> { [device] = facts });
        var later = MuteStage.JudgedEvery.TotalSeconds;
        Run([], at: later, devices: new Dictionary<Guid, DeviceFacts> { [device] = facts with { Status = DeviceStatus.Active } });
        Assert.Single(Run([], at: later + 1).Changed.Values);
    }

    [Fact]
    public void Mute_Thousands_HoldsTheGravestWithinBounds()
    {
        Silence(Notices.Noon.AddHours(1));
        for (var i = 0; i < 1_000; i++)
        {
            var incident = Notices.Incident(i == 900 ? "critical" : "low", title: $"Incident {i}");
            var turn = Run([Notices.Of(incident with { Text = new string('x', 10_000), Meta = new string('y', 10_000) })]);
            Assert.Equal(i < NotificationLimits.HeldNotices || i == 900, turn.Log.Any(l => l.Body.Contains("\"held\":true")));
        }

        Assert.Equal(NotificationLimits.HeldNotices, _state.Held.Count);
        Assert.Contains(_state.Held, h => h.Notice.Incident.Title == "Incident 900");
        Assert.InRange(NotificationJson.Write(_state).Length, 0, 300_000);
    }
}
