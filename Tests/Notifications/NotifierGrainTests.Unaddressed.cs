using System.Text.Json;
using EsoCore.Notifications;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>Messages that had nowhere to go.</summary>
public sealed partial class NotifierGrainTests
{
    [Fact]
    public async Task NoChannel_NamesWhoCouldNotBeReached_AndCannotBeSentAgainAsLongAsThereIsNone()
    {
        var dead = await Unaddressed(Notices.Of(Notices.Incident()));
        Assert.Equal(("no_channel", "team:safety", null, null), (dead.Reason, dead.Recipient, dead.Person, dead.Channel));
        Assert.Equal(new DeliveryAddressee("person:max", "Max"), Assert.Single(dead.MeantFor!.Value));
        Assert.Contains("\"meant_for\":[\"person:max\"]", _cluster.Work.Log.Single(l => l.Action == "notification.dead").Body);

        var refused = await Project.SendAgain(dead.Id, "key:k");
        Assert.Equal(EditOutcome.NotPossible, refused.Outcome);
        Assert.Contains("person:max", Assert.Single(refused.Errors).Message);
        Assert.Equal(DeliveryStatus.Dead, (await Project.FindDelivery(dead.Id))!.Status);
        Assert.DoesNotContain(_cluster.Work.Log, l => l.Action == "notification.sent_again");
    }

    [Fact]
    public async Task NoChannel_SentAgainOnceThereAreChannels_IsWordedForEachAndTheEndFollows()
    {
        var incident = Notices.Incident();
        var dead = await Unaddressed(Notices.Of(incident));
        await _cluster.AddWebhook("hook");
        await _cluster.SetTeam("safety", "person:max", "channel:hook");
        await SetMax(new PersonDefinition("Max", "max@example.com", null, null, null, null));

        var again = await Project.SendAgain(dead.Id, "key:k");
        Assert.Equal((EditOutcome.Changed, "smtp", "max", "max@example.com"),
            (again.Outcome, again.Current!.Value.Channel, again.Current.Value.Person, again.Current.Value.Address));
        await _cluster.Work.Until(() => _cluster.Work.Items.Count(i => i.Status == "delivered") == 2);
        Assert.Equal(dead.Id, Assert.Single(_cluster.Mail.Sent).Message.Key);
        var hook = Assert.Single(_cluster.Webhook.Sent).Message;
        using var payload = JsonDocument.Parse(hook.Payload);
        Assert.Equal(hook.Key, payload.RootElement.GetProperty("id").GetGuid());
        Assert.Equal(incident.Id,
            payload.RootElement.GetProperty("notices")[0].GetProperty("incident").GetProperty("id").GetGuid());
        var line = _cluster.Work.Log.Single(l => l.Action == "notification.sent_again");
        Assert.Equal(("key:k", true), (line.Actor, line.Body.Contains("no_channel")));
        Assert.Equal(2, _cluster.Work.Items.Length);
        Assert.Null((await Project.FindDelivery(dead.Id))!.MeantFor);
        Assert.Equal(EditOutcome.Invalid, (await Project.SendAgain(dead.Id, "key:k")).Outcome);

        await _cluster.Safety.Enqueue([Notices.Of(incident, NoticeKind.Resolved)]);
        await _cluster.Pass(() => _cluster.Mail.Sent.Length == 2 && _cluster.Webhook.Sent.Length == 2);
    }

    [Fact]
    public async Task NoChannel_SentAgainByTwoAtOnce_IsSentOnce()
    {
        var dead = await Unaddressed(Notices.Of(Notices.Incident()));
        await SetMax(new PersonDefinition("Max", "max@example.com", null, null, null, null));
        var answers = await Task.WhenAll(Project.SendAgain(dead.Id, "key:a"), Project.SendAgain(dead.Id, "key:b"));
        Assert.Contains(answers, a => a.Outcome == EditOutcome.Changed);
        await _cluster.Work.Until(() => _cluster.Work.Items.All(i => i.Status == "delivered"));
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]); // A turn more.
        await _cluster.Pass(() => _cluster.Work.Items.Count(i => i.Status == "delivered") == 2);
        Assert.Single(_cluster.Mail.Sent, s => s.Message.Key == dead.Id);
    }

    /// <summary>A message to somebody who has but a number, in a project without a channel for text messages.</summary>
    private async Task<Delivery> Unaddressed(Notice notice)
    {
        await SetMax(new PersonDefinition("Max", null, "+4917012345", null, null, null));
        await _cluster.Safety.Enqueue([notice]);
        await _cluster.Pass(() => _cluster.Work.Items.Any(i => i.Status == "dead"));
        return (await Project.ListDeliveries(new DeliveryFilter("dead", null, null, null), new PageRequest())).Items.Single();
    }

    private async Task SetMax(PersonDefinition max) => Assert.Equal(
        EditOutcome.Changed, (await _cluster.Grains.GetGrain<IPersonGrain>(NotifierCluster.Key("max")).Put(max, null, false)).Outcome);
}
