using System.Collections.Immutable;
using System.Text.Json;
using EsoCore.Escalation;
using EsoCore.Grains.Projects;
using EsoCore.History;
using EsoCore.Notifications;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>The notifier under a clock that the test moves.</summary>
public sealed partial class NotifierGrainTests : IAsyncLifetime
{
    private NotifierCluster _cluster = null!;

    public async Task InitializeAsync()
    {
        _cluster = await NotifierCluster.StartAsync();
        await _cluster.AddPerson("max", "max@example.com");
        await _cluster.SetTeam("safety", "person:max");
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Enqueue_Critical_IsSentAfterASecondAndRecordedAfterThat()
    {
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
        Assert.Empty(_cluster.Mail.Sent);
        _cluster.Time.Advance(TimeSpan.FromSeconds(1));
        var (message, at) = (await _cluster.Mail.Until(1))[0];
        Assert.Equal(("max@example.com", "[critical] Power outage", Notices.Noon.AddSeconds(1)), (message.To, message.Subject, at));
        Assert.True(message.Access.Trusted);
        await _cluster.Work.Until(() => _cluster.Work.Items.Any(i => i.Status == "delivered"));
        var item = Assert.Single(_cluster.Work.Items);
        Assert.Equal((message.Key, "notifier/team:safety", "critical", "HALL"), (item.Id, item.Owner, item.Severity, item.SiteId));
        Assert.Equal("notification.delivered", Assert.Single(_cluster.Work.Log).Action);
    }

    [Fact]
    public async Task Enqueue_TheSameNoticeAgain_TellsOnce()
    {
        var notice = Notices.Of(Notices.Incident());
        await _cluster.Safety.Enqueue([notice]);
        await _cluster.Safety.Enqueue([notice, notice]);
        _cluster.Time.Advance(TimeSpan.FromSeconds(1));
        await _cluster.Mail.Until(1);
        await _cluster.Safety.Enqueue([notice]);
        _cluster.Time.Advance(TimeSpan.FromMinutes(10));
        await _cluster.Work.Until(() => _cluster.Work.Items.All(i => i.Status == "delivered"));
        Assert.Single(_cluster.Mail.Sent);
    }

    [Fact]
    public async Task CrashBetweenSendAndRecord_SendsAgainUnderTheSameKey()
    {
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
        _cluster.Work.Fault = commit =>
            commit.Items.Any(i => i.Status == "delivered") ? new StorageUnavailableException("the process dies here") : null;
        _cluster.Time.Advance(TimeSpan.FromSeconds(1));
        var first = (await _cluster.Mail.Until(1))[0].Message;
        await _cluster.Cluster.RestartAsync();
        Assert.Equal("pending", Assert.Single(_cluster.Work.Items).Status);
        _cluster.Work.Fault = null;

        // Nobody calls the notifier: its reminder wakes it.
        await _cluster.Pass(() => _cluster.Work.Items.All(i => i.Status == "delivered"));
        Assert.InRange(_cluster.Mail.Sent.Length, 2, 3);
        Assert.All(_cluster.Mail.Sent, sent =>
            Assert.Equal((first.Key, first.Subject, first.Text), (sent.Message.Key, sent.Message.Subject, sent.Message.Text)));
    }

    [Fact]
    public async Task PlannedStop_MessageOnItsWay_IsRecordedAndNotSentAgain()
    {
        var answer = new TaskCompletionSource<Grains.Notifications.SendResult>();
        _cluster.Mail.Answer = _ => answer.Task;
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
        _cluster.Time.Advance(TimeSpan.FromSeconds(1));
        await _cluster.Mail.Until(1);
        var stopping = _cluster.Cluster.RestartAsync();
        await Turns.Pass(1_000);
        answer.SetResult(Grains.Notifications.SendResult.Delivered("ok"));
        await stopping;
        Assert.Equal("delivered", Assert.Single(_cluster.Work.Items).Status);
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident(title: "Another"))]);
        await _cluster.Pass(() => _cluster.Work.Items.Count(i => i.Status == "delivered") == 2);
        Assert.Equal(2, _cluster.Mail.Sent.Length);
    }

    [Fact]
    public async Task CrashBeforeTheMessageIsMade_LosesNoNotice()
    {
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident("low"))]);
        await _cluster.Cluster.RestartAsync();
        await _cluster.Pass(() => _cluster.Work.Items.Any(i => i.Status == "delivered"));
        Assert.Single(_cluster.Mail.Sent);
    }

    [Fact]
    public async Task NothingPending_TheReminderGoes()
    {
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
        Assert.Single(await _cluster.Cluster.Reminders(_cluster.Safety));
        await _cluster.Pass(() => _cluster.Work.Items.Any(i => i.Status == "delivered"));
        await Turns.Until(async () => (await _cluster.Cluster.Reminders(_cluster.Safety)).Count == 0, () =>
        {
            _cluster.Time.Advance(TimeSpan.FromSeconds(10));
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task StorageAway_TheCallerHearsOfItAndALaterCallIsTaken()
    {
        _cluster.Work.Fault = _ => new StorageUnavailableException("away");
        var notice = Notices.Of(Notices.Incident());
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _cluster.Safety.Enqueue([notice]));
        _cluster.Work.Fault = null;
        await _cluster.Safety.Enqueue([notice]);
        await _cluster.Pass(() => _cluster.Mail.Sent.Length == 1);
    }

    [Fact]
    public async Task SecondActivation_WroteInBetween_NothingIsLost()
    {
        var first = Notices.Of(Notices.Incident("low", title: "First"));
        await _cluster.Safety.Enqueue([first]);
        var stored = (await _cluster.Work.Load(Notices.Project, "notifier/team:safety", default))!;
        Assert.True(await _cluster.Work.Commit(new(Notices.Project, "notifier/team:safety", stored.Version, stored.Body, [], []), default));
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident("low", title: "Second"))]);
        await _cluster.Pass(() => _cluster.Mail.Sent.Length == 1);
        Assert.Contains("First", _cluster.Mail.Sent[0].Message.Text);
        Assert.Contains("Second", _cluster.Mail.Sent[0].Message.Text);
    }

    [Fact]
    public async Task Storm_OfAThousand_IsAHandfulOfMessagesAndCriticalWithinASecond()
    {
        var given = new Dictionary<string, DateTimeOffset>();
        for (var second = 0; second < 10; second++)
        {
            var critical = second is 2 or 7;
            if (critical)
                given[$"Critical {second}"] = _cluster.Time.GetUtcNow();
            var notices = Enumerable.Range(0, 100).Select(i => Notices.Of(critical && i == 50
                ? Notices.Incident("critical", title: $"Critical {second}")
                : Notices.Incident("medium", title: $"Incident {second}/{i}")));
            await Task.WhenAll(notices.Select(notice => _cluster.Safety.Enqueue([notice])));
            _cluster.Time.Advance(TimeSpan.FromSeconds(1));
            await _cluster.Mail.Until(given.Count);
            await _cluster.Work.Until(() => _cluster.Work.Items.Count(i => i.Status == "delivered") == given.Count);
        }

        foreach (var (title, at) in given)
        {
            var sent = _cluster.Mail.Sent.Single(s => s.Message.Subject.EndsWith(title, StringComparison.Ordinal));
            Assert.InRange((sent.At - at).TotalSeconds, 0, 1);
        }

        await _cluster.Pass(() => _cluster.Mail.Sent.Length > given.Count && _cluster.Work.Items.All(i => i.Status == "delivered"));
        Assert.Equal(3, _cluster.Mail.Sent.Length);
        var told = _cluster.Work.Items.Sum(i => System.Text.Json.JsonDocument.Parse(i.Body).RootElement.GetProperty("total").GetInt32());
        Assert.Equal(1_000, told);
        Assert.InRange(_cluster.Work.Commits, 1, 300); // Callers of one moment share commits; how many are of one moment is the engine's.
    }

    [Fact]
    public async Task PoisonedWebhook_StopsNothingElse()
    {
        await _cluster.AddWebhook("hook");
        await _cluster.SetTeam("safety", "channel:hook", "person:max");
        _cluster.Webhook.Answer = _ => throw new InvalidOperationException("a fault of the sender");
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
        await _cluster.Pass(() => _cluster.Mail.Sent.Length == 1 && _cluster.Webhook.Sent.Length >= 3);
        Assert.Single(_cluster.Webhook.Sent.Select(s => s.Message.Key).Distinct());
        Assert.Contains("\"type\":\"notification\"", _cluster.Webhook.Sent[0].Message.Payload);
    }

    [Fact]
    public async Task SlowTarget_KeepsNothingElseWaiting()
    {
        await _cluster.AddWebhook("hook");
        await _cluster.SetTeam("safety", "channel:hook", "person:max");
        var never = new TaskCompletionSource<Grains.Notifications.SendResult>();
        _cluster.Webhook.Answer = _ => never.Task;
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
        _cluster.Time.Advance(TimeSpan.FromSeconds(1));
        await _cluster.Mail.Until(1);
        for (var i = 2; i <= 10; i++)
        {
            await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
            _cluster.Time.Advance(TimeSpan.FromSeconds(1));
            await _cluster.Mail.Until(i);
        }

        Assert.Equal(new Grains.Notifications.NotificationOptions().MaxInFlight, _cluster.Webhook.Sent.Length);
        never.SetResult(Grains.Notifications.SendResult.Retryable("at last"));
    }

    [Fact]
    public async Task InstallationMail_ThatRefusesItsLogin_IsTriedAgain()
    {
        _cluster.Mail.Answer = _ => Task.FromResult(Grains.Notifications.SendResult.Permanent("login: 535", channelRefused: true));
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
        await _cluster.Pass(() => _cluster.Mail.Sent.Length >= 2);
        _cluster.Mail.Answer = _ => Task.FromResult(Grains.Notifications.SendResult.Delivered("ok"));
        await _cluster.Pass(() => _cluster.Work.Items.All(i => i.Status == "delivered"));
    }

    [Theory]
    [InlineData(false, "cannot be read")]
    [InlineData(true, "there is no such schedule")]
    public async Task Schedule_DamagedOrDeleted_TheOwnerIsToldInstead(bool isDeleted, string reason)
    {
        await _cluster.AddPerson("boss", "boss@example.com");
        await _cluster.SetTeam("owner", "person:boss");
        await _cluster.Cluster.Stores.Write(Notices.Project, "on-call-schedule", "night", "{not json", 0, default);
        await _cluster.SetTeam("safety", "person:max", "schedule:night");
        if (isDeleted)
            await _cluster.Cluster.Stores.Write(Notices.Project, "on-call-schedule", "night", null, 1, default);
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
        await _cluster.Pass(() => _cluster.Mail.Sent.Length == 2);
        Assert.Equal(["boss@example.com", "max@example.com"], _cluster.Mail.Sent.Select(s => s.Message.To).Order());
        Assert.Contains(reason, _cluster.Work.Log.Single(l => l.Action == "notification.schedule_failed").Body);
    }

    [Fact]
    public async Task Policy_ThatNamesAPersonMadeElsewhereAMomentAgo_IsTaken()
    {
        Task<EditResult<EscalationPolicy>> Put(string id, string to)
        {
            var policy = new EscalationPolicy(id, [new EscalationLevel(TimeSpan.Zero, [to], [])], null, 0, null);
            return _cluster.Grains.GetGrain<IEscalationPolicyGrain>(NotifierCluster.Key(id)).Put(policy, null, true);
        }

        await Put("first", "person:max"); // Now the book is read, and in force while the clock stands.
        Assert.Equal(EditOutcome.Invalid, (await Put("second", "person:eva")).Outcome);
        var eva = JsonSerializer.Serialize(new PersonDefinition("Eva", null, null, null, null, null), ResourceJson.Options);
        await _cluster.Cluster.Stores.Write(Notices.Project, "person", "eva", eva, 0, default);
        Assert.Equal(EditOutcome.Created, (await Put("second", "person:eva")).Outcome);
    }

    [Fact]
    public async Task MessageThatCannotBeHandedOver_IsTriedAgain()
    {
        await _cluster.AddWebhook("hook");
        await _cluster.SetTeam("safety", "channel:hook");
        var stored = (await _cluster.Cluster.Stores.Find(Notices.Project, "channel", "hook", default))!;
        _cluster.Cluster.Keys.Fault = new InvalidOperationException("the keys are away");
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
        await _cluster.Pass(() => _cluster.Work.Items.Any(i => i.Body.Contains("the keys are away")));
        _cluster.Cluster.Keys.Fault = null;
        await _cluster.Pass(() => _cluster.Webhook.Sent.Length == 1);
    }

    [Fact]
    public async Task PoisonedTemplate_StopsNothing()
    {
        var stored = NotificationTemplates.Broken;
        await _cluster.Cluster.Stores.Write(Notices.Project, "template", "email.opened", stored, 0, default);
        await _cluster.Cluster.Stores.Write(Notices.Project, "silence", "bad", "{not json", 0, default);
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
        await _cluster.Pass(() => _cluster.Work.Items.Any(i => i.Status == "delivered"));
        var delivery = (await Project.ListDeliveries(new DeliveryFilter(null, null, null, null), new PageRequest())).Items.Single();
        Assert.StartsWith("the template fails", delivery.TemplateFault);
        Assert.Contains("Mains voltage", delivery.Text);
    }

    [Fact]
    public async Task Silence_MadeNow_IsInForceAtOnce()
    {
        var matchers = new SilenceMatchers(["power_outage"], [], [], [], [], ImmutableSortedDictionary<string, string>.Empty);
        var silence = new SilenceDefinition(matchers, Notices.Noon, Notices.Noon.AddHours(1), "works", "me");
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident("low", "sd_error"))]); // So that the silo has a book already.
        Assert.Equal(EditOutcome.Created,
            (await _cluster.Grains.GetGrain<ISilenceGrain>(NotifierCluster.Key("s")).Put(silence, null, true)).Outcome);
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
        Assert.Contains("silence s", _cluster.Work.Log.Single(l => l.Action == "notification.muted").Body);
    }

    [Fact]
    public async Task DeadDelivery_SentAgain_KeepsItsKeyAndSaysWhoAsked()
    {
        _cluster.Mail.Answer = _ => Task.FromResult(Grains.Notifications.SendResult.Permanent("550 no such user"));
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
        await _cluster.Pass(() => _cluster.Work.Items.Any(i => i.Status == "dead"));
        var dead = (await Project.ListDeliveries(new DeliveryFilter("dead", null, null, null), new PageRequest())).Items.Single();
        Assert.Equal(("refused", "550 no such user", 1), (dead.Reason, dead.Detail, dead.Attempts));

        _cluster.Mail.Answer = _ => Task.FromResult(Grains.Notifications.SendResult.Delivered("250 ok"));
        Assert.Equal(EditOutcome.Changed, (await Project.SendAgain(dead.Id, "key:k")).Outcome);
        await _cluster.Work.Until(() => _cluster.Work.Items.All(i => i.Status == "delivered"));
        Assert.Equal(dead.Id, _cluster.Mail.Sent[1].Message.Key);
        Assert.Equal("key:k", _cluster.Work.Log.Single(l => l.Action == "notification.sent_again").Actor);
        Assert.Equal(EditOutcome.Invalid, (await Project.SendAgain(dead.Id, "key:k")).Outcome);
        Assert.Equal(EditOutcome.NotFound, (await Project.SendAgain(Guid.NewGuid(), "key:k")).Outcome);
        Assert.Equal(EditOutcome.NotFound,
            (await _cluster.Grains.GetGrain<INotifierGrain>(NotifierCluster.Key("team:it")).SendAgain(dead.Id, "x")).Outcome);
    }

    [Fact]
    public async Task DeadDelivery_SentAgainByTwoAtOnce_IsSentOnce()
    {
        _cluster.Mail.Answer = _ => Task.FromResult(Grains.Notifications.SendResult.Permanent("550 no such user"));
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]);
        await _cluster.Pass(() => _cluster.Work.Items.Any(i => i.Status == "dead"));
        var dead = Assert.Single(_cluster.Work.Items);
        _cluster.Mail.Answer = _ => Task.FromResult(Grains.Notifications.SendResult.Delivered("250 ok"));

        // The second has read that it is dead, and comes to its turn only once it was delivered for the first.
        var (read, held) = (new TaskCompletionSource(), new TaskCompletionSource());
        var reads = 0;
        _cluster.Work.BeforeFind = async () =>
        {
            if (Interlocked.Increment(ref reads) != 1)
                return;
            read.SetResult();
            await held.Task;
        };
        var second = _cluster.Safety.SendAgain(dead.Id, "key:second");
        await read.Task;
        await _cluster.Safety.SendAgain(dead.Id, "key:first");
        await _cluster.Work.Until(() => _cluster.Work.Items.All(i => i.Status == "delivered"));
        held.SetResult();
        await second;
        await _cluster.Safety.Enqueue([Notices.Of(Notices.Incident())]); // A turn more.
        await _cluster.Pass(() => _cluster.Mail.Sent.Length >= 3 && _cluster.Work.Items.All(i => i.Status == "delivered"));
        Assert.Equal(2, _cluster.Mail.Sent.Count(s => s.Message.Key == dead.Id)); // The refused one, and the one for the first.
        Assert.Equal("key:first", _cluster.Work.Log.Single(l => l.Action == "notification.sent_again").Actor);
    }

    private INotificationsGrain Project => _cluster.Grains.GetGrain<INotificationsGrain>(Notices.Project.ToString("D"));
}

/// <summary>Templates as they may stand in a store.</summary>
internal static class NotificationTemplates
{
    public const string Broken = """{"subject":"{{title}}","text":"{{#each notices}}"}""";
}
