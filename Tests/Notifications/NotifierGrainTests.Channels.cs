using System.Collections.Immutable;
using EsoCore.Grains.Projects;
using EsoCore.History;
using EsoCore.Notifications;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>What becomes of channels.</summary>
public sealed partial class NotifierGrainTests
{
    [Fact]
    public async Task Channel_RefusedTooOften_IsDisabledAndTheOwnerIsTold()
    {
        await _cluster.AddWebhook("hook");
        await _cluster.SetTeam("safety", "channel:hook");
        await _cluster.SetTeam("owner", "person:max");
        _cluster.Webhook.Answer = _ => Task.FromResult(Grains.Notifications.SendResult.Permanent("410 gone", channelRefused: true));
        IChannelGrain channel = null!;
        for (var i = 0; i < IChannelGrain.MaxFaults; i++)
        {
            channel = _cluster.Grains.GetGrain<IChannelGrain>(NotifierCluster.Key("hook"));
            Assert.True((await channel.Get())!.Value.Enabled);
            await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
            // One message is tried several times before it counts.
            await _cluster.Pass(() => _cluster.Work.Items.Count(d => d.Status == "dead") == i + 1);
            Assert.Equal((i + 1) * Grains.Notifications.NotificationLimits.RefusedAttempts, _cluster.Webhook.Sent.Length);
            if (i == 2)
            {
                await _cluster.Work.Until(() => _cluster.Work.Faults("hook") == 3);
                await _cluster.Cluster.RestartAsync(); // A channel seldom used is forgotten in between; its count is not.
            }
        }

        await _cluster.Pass(() => _cluster.Mail.Sent.Length == 1);
        Assert.Equal("[high] The channel 'hook' is disabled", _cluster.Mail.Sent[0].Message.Subject);
        var disabled = (await channel.Get())!;
        await Turns.Until(async () => !(disabled = (await channel.Get())!).Value.Enabled); // It tells the owner first and writes last.
        Assert.Contains("410 gone", disabled.Value.DisabledReason);
        Assert.Single(_cluster.Work.Log, l => l.Action == "channel.disabled");

        await channel.Put(disabled.Value with { Enabled = true }, new ChannelSecrets(), disabled.Version, false);
        var enabled = (await channel.Get())!.Value;
        Assert.Equal((true, null, null), (enabled.Enabled, enabled.DisabledReason, enabled.DisabledAt));
        Assert.Equal("url secret", string.Join(' ', enabled.Secrets)); // They stayed.
    }

    [Fact]
    public async Task Channel_RefusedForSomeMinutes_LosesNoMessageAndStaysInUse()
    {
        await _cluster.AddWebhook("hook");
        await _cluster.SetTeam("safety", "channel:hook");
        _cluster.Webhook.Answer = _ => Task.FromResult(Grains.Notifications.SendResult.Permanent("404 no such page", channelRefused: true));
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
        await _cluster.Pass(() => _cluster.Webhook.Sent.Length == 3);
        _cluster.Webhook.Answer = _ => Task.FromResult(Grains.Notifications.SendResult.Delivered("ok"));
        await _cluster.Pass(() => _cluster.Work.Items.Single().Status == "delivered");
        Assert.Equal(0, _cluster.Work.Faults("hook"));
    }

    [Fact]
    public async Task Channel_Secrets_AreSealedAtRestAndOpenOnlyForTheirOwn()
    {
        var made = await _cluster.AddWebhook("hook");
        Assert.Equal("https://example.com", made.Value.Target);
        var stored = (await _cluster.Cluster.Stores.Find(Notices.Project, "channel", "hook", default))!.Body;
        Assert.DoesNotContain("0123456789abcdef", stored);
        Assert.DoesNotContain("token", stored);

        // Copied to another channel, they open no more.
        await _cluster.Cluster.Stores.Write(Notices.Project, "channel", "copy", stored, 0, default);
        var tested = await _cluster.Grains.GetGrain<IChannelGrain>(NotifierCluster.Key("copy")).Test(null);
        Assert.Equal("permanent", tested!.Outcome);
        Assert.Empty(_cluster.Webhook.Sent);
        Assert.Equal("delivered", (await _cluster.Grains.GetGrain<IChannelGrain>(NotifierCluster.Key("hook")).Test(null))!.Outcome);
        Assert.Equal("https://example.com/hook/token", _cluster.Webhook.Sent[0].Message.Access.Secrets.Url);
    }

    [Fact]
    public async Task Channel_Faulty_NamesEveryFault()
    {
        var definition = new ChannelDefinition("", ChannelKinds.Email, true, new ChannelSettings(["x"], Port: 0), null, [], null, null);
        var result = await _cluster.Grains.GetGrain<IChannelGrain>(NotifierCluster.Key("mail"))
            .Put(definition, new ChannelSecrets(), null, true);
        Assert.Equal(["name", "settings.host", "settings.port", "settings.from", "settings.to[0]"], result.Errors.Select(e => e.Field));
        definition = new ChannelDefinition("x", ChannelKinds.Sms, true, new ChannelSettings([], Method: "DELETE"), null, [], null, null);
        var secrets = new ChannelSecrets("ftp://x", Headers: ImmutableSortedDictionary<string, string>.Empty.Add("Host", "a\r\nb"));
        result = await _cluster.Grains.GetGrain<IChannelGrain>(NotifierCluster.Key("gate")).Put(definition, secrets, null, true);
        Assert.Equal(["url", "settings.method", "settings.body", "headers.Host", "headers.Host"], result.Errors.Select(e => e.Field));
    }
}
