using System.Collections.Immutable;
using EsoCore.Grains.Incidents;
using EsoCore.Grains.Storage;
using EsoCore.Incidents;
using EsoCore.Notifications;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>What becomes of a held notice whose incident turned out to be a consequence.</summary>
public sealed partial class NotifierGrainTests
{
    [Fact]
    public async Task Silence_DuringWhichAnIncidentBecameAConsequence_TellsOfItOnceItsCauseIsOver()
    {
        var matchers = new SilenceMatchers(["sync_failed"], [], [], [], [], ImmutableSortedDictionary<string, string>.Empty);
        var silence = new SilenceDefinition(matchers, Notices.Noon, Notices.Noon.AddHours(1), "works", "me");
        await _cluster.Grains.GetGrain<ISilenceGrain>(NotifierCluster.Key("s")).Put(silence, null, true);
        var outage = Notices.Incident() with { Lasts = true };
        var lost = Notices.Incident(rule: "connectivity_lost") with
        {
            CauseId = outage.Id, Status = IncidentStatus.Resolved, EndedAt = Notices.Noon,
        };
        var incident = Notices.Incident(rule: "sync_failed", title: "Sync failed");
        await _cluster.Safety.Enqueue([Notices.Of(incident)]);

        // Its own cause is over when the silence ends; the cause of that is not.
        await SetRows(0, outage, lost, incident with { CauseId = lost.Id });
        _cluster.Time.Advance(TimeSpan.FromHours(1));
        await HeldUntil("T13:15:");
        Assert.Empty(_cluster.Mail.Sent);

        await SetRows(1, outage with { Status = IncidentStatus.Resolved, EndedAt = Notices.Noon.AddMinutes(62) });
        _cluster.Time.Advance(TimeSpan.FromMinutes(15));
        await _cluster.Pass(() => _cluster.Mail.Sent.Length == 1);
        Assert.Equal("[critical] Sync failed", _cluster.Mail.Sent[0].Message.Subject);
    }

    /// <summary>Moves the clock on by some seconds at most until the one notice that is held is so until a time.</summary>
    private Task HeldUntil(string time)
    {
        var end = _cluster.Time.GetUtcNow().AddSeconds(30); // Far from the end of the minute that the time is told by.
        return Turns.Until(
            async () =>
            {
                var state = await _cluster.Work.Load(Notices.Project, "notifier/team:safety", default);
                var held = Grains.Notifications.NotificationJson.Read<Grains.Notifications.NotifierState>(state!.Body).Held;
                return held.SingleOrDefault()?.Until.ToString("O").Contains(time) == true;
            },
            async () =>
            {
                _cluster.Time.Advance(_cluster.Time.GetUtcNow() < end ? TimeSpan.FromSeconds(1) : TimeSpan.Zero);
                await Turns.Pass(100);
            });
    }

    /// <summary>Writes the rows of incidents, as their grains do.</summary>
    private async Task SetRows(long version, params ImmutableArray<Incident> incidents) => Assert.True(await _cluster.Work.Commit(
        new WorkCommit(Notices.Project, "incident/x", version, "{}", [.. incidents.Select(i => new WorkItem(
            WorkKinds.Incident, i.Id, "incident/x", WorkJson.WordOf(i.Status), i.Severity, i.RuleId, null, null, null, i.CauseId,
            i.StartedAt, WorkJson.Write(i)))], []),
        default));
}
