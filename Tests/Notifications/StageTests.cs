using System.Collections.Immutable;
using EsoCore.Devices;
using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>The stages, as the pure functions that they are.</summary>
public sealed partial class StageTests
{
    private readonly NotificationOptions _options = new();

    private readonly NotifierPipeline _pipeline = new(new TemplateRenderer());
    private readonly NotifierState _state = new();
    private NotificationBook _book = Book(new PersonDefinition("Max", "max@example.com", "+491701234567", null, null, null));

    [Fact]
    public void Mute_DeviceInMaintenance_TellsNobodyButTheTrail()
    {
        var device = Guid.NewGuid();
        var facts = new Dictionary<Guid,
            DeviceFacts> { [device] = new(DeviceStatus.Maintenance, ImmutableSortedDictionary<string, string>.Empty) };
        var turn = Run([Notices.Of(Notices.Incident(device: device))], devices: facts);
        Assert.Equal("notification.muted", Assert.Single(turn.Log).Action);
        Assert.Contains("the device is in maintenance", turn.Log[0].Body);
        Assert.Empty(_state.Groups);
    }

    [Theory]
    [InlineData("critical", "power_outage", "HALL", true)]
    [InlineData("low", "power_outage", "HALL", false)]
    [InlineData("critical", "sd_error", "HALL", false)]
    [InlineData("critical", "power_outage", "YARD", false)]
    public void Mute_Silence_ConcernsOnlyWhatAllItsMatchersMatch(string severity, string rule, string site, bool isMuted)
    {
        var matchers = new SilenceMatchers(["power_outage"], ["critical"], ["HALL"], [], [], ImmutableSortedDictionary<string,
            string>.Empty);
        _book = _book with { Silences = _book.Silences.Add("s",
            new SilenceDefinition(matchers, Notices.Noon, Notices.Noon.AddHours(1), "why", "me")) };
        Run([Notices.Of(Notices.Incident(severity, rule, site))]);
        Assert.Equal(isMuted, _state.Groups.Count == 0);
    }

    [Fact]
    public void Mute_SilenceOfATag_AsksTheDevice()
    {
        var device = Guid.NewGuid();
        var tags = ImmutableSortedDictionary<string, string>.Empty.Add("line", "7");
        var matchers = new SilenceMatchers([], [], [], [], [], tags);
        _book = _book with { Silences = _book.Silences.Add("s",
            new SilenceDefinition(matchers, Notices.Noon, Notices.Noon.AddHours(1), "why", "me")) };
        var notice = Notices.Of(Notices.Incident(device: device));
        Assert.Single(Run([notice], devices: new Dictionary<Guid, DeviceFacts> { [device] = new(DeviceStatus.Active, tags) }).Log);
        Assert.Empty(Run([notice]).Log);
    }

    [Fact]
    public void Mute_SilenceThatIsOver_IsNone()
    {
        var matchers = new SilenceMatchers(["power_outage"], [], [], [], [], ImmutableSortedDictionary<string, string>.Empty);
        _book = _book with { Silences = _book.Silences.Add("s",
            new SilenceDefinition(matchers, Notices.Noon.AddHours(-1), Notices.Noon, "why", "me")) };
        Run([Notices.Of(Notices.Incident())]);
        Assert.Single(_state.Groups);
    }

    [Fact]
    public void Deduplicate_KnownId_IsTakenOnce()
    {
        var notice = Notices.Of(Notices.Incident());
        Run([notice, notice]);
        var again = Run([notice]);
        Assert.False(again.HasChanged);
        Assert.Single(Assert.Single(_state.Groups.Values).Shown);
    }

    [Fact]
    public void Group_Critical_WaitsASecondAndTakesTheOthersAlong()
    {
        Run([Notices.Of(Notices.Incident("low", title: "Low"))]);
        Assert.Equal(Notices.Noon + _options.GroupWait, Assert.Single(_state.Groups.Values).DueAt);
        Run([Notices.Of(Notices.Incident())], at: 5);
        Assert.Equal(Notices.Noon.AddSeconds(5) + _options.CriticalWait, Assert.Single(_state.Groups.Values).DueAt);
        Assert.Empty(Run([], at: 5.9).Changed);
        var delivery = Assert.Single(Run([], at: 6).Changed.Values);
        Assert.Equal(["Power outage", "Low"], delivery.Notices.Select(n => n.Title));
        Assert.Equal(2, delivery.Total);
        Assert.Equal("[critical] 2 notices: Power outage", delivery.Subject);
    }

    [Fact]
    public void Group_BusyGroup_GathersForFiveMinutesExceptCritical()
    {
        Run([Notices.Of(Notices.Incident("high"))]);
        Assert.Single(Run([], at: 30).Changed);
        Run([Notices.Of(Notices.Incident("high"))], at: 40);
        Assert.Equal(Notices.Noon.AddSeconds(330), Assert.Single(_state.Groups.Values).DueAt);
        Run([Notices.Of(Notices.Incident())], at: 50);
        Assert.Equal(Notices.Noon.AddSeconds(51), Assert.Single(_state.Groups.Values).DueAt);
    }

    [Fact]
    public void Group_AtRest_IsForgotten()
    {
        Run([Notices.Of(Notices.Incident())]);
        Run([], at: 1);
        Assert.Single(_state.Groups);
        Run([], at: 302);
        Assert.Empty(_state.Groups);
    }

    [Fact]
    public void Group_Thousands_ShowTheGravestAndCountTheRest()
    {
        for (var i = 0; i < 2_000; i++)
            Run([Notices.Of(Notices.Incident(i == 1_500 ? "critical" : "medium", title: $"Incident {i}"))]);
        var delivery = Assert.Single(Run([], at: 1).Changed.Values);
        Assert.Equal((2_000, NotificationLimits.ShownNotices, "Incident 1500"),
            (delivery.Total, delivery.Notices.Length, delivery.Notices[0].Title));
        Assert.Contains("[medium] Incident 519\n", delivery.Text);
        Assert.Contains("and 1480 more", delivery.Text);
        Assert.Contains("All 2000: /api/incidents?", delivery.Text);
        Assert.True(NotificationJson.Write(_state).Length < 400_000);
    }

    [Fact]
    public void Resolved_GoesWhereTheOpeningWentAndNowhereElse()
    {
        var incident = Notices.Incident();
        Run([Notices.Of(incident)]);
        Assert.Equal("max@example.com", Assert.Single(Deliver(Run([], at: 1))).To);
        _book = _book with { Teams = _book.Teams.SetItem("safety", new TeamDefinition("Safety", ["person:max", "person:eva"], [], null)) };
        _book = _book with { People = _book.People.Add("eva", new PersonDefinition("Eva", "eva@example.com", null, null, null, null)) };
        Run([Notices.Of(incident, NoticeKind.Resolved)], at: 400);
        Assert.Equal("max@example.com", Assert.Single(Deliver(Run([], at: 430))).To);
        var foreign = Run([Notices.Of(Notices.Incident(), NoticeKind.Resolved)], at: 1_000);
        Assert.Equal("notification.not_told", Assert.Single(foreign.Log).Action);
        Assert.DoesNotContain(_state.Groups.Values, g => g.DueAt is not null);
    }

    [Fact]
    public void Address_EmptyTeam_FallsBackToTheOwner_AndWithoutOneIsDead()
    {
        _book = NotificationBook.BuiltIn with
        {
            Teams = BuiltInTeams.All.SetItem("owner", new TeamDefinition("Owner", [], [], "boss@example.com")),
        };
        Run([Notices.Of(Notices.Incident())]);
        Assert.Equal(("boss@example.com", "smtp"), Assert.Single(Deliver(Run([], at: 1))) is var told ? (told.To, told.Channel) : default);

        _book = NotificationBook.BuiltIn;
        Run([Notices.Of(Notices.Incident())], at: 2);
        var dead = Assert.Single(Run([], at: 3).Changed.Values);
        Assert.Equal((DeliveryStatus.Dead, "no_recipient"), (dead.Status, dead.Reason));
        Assert.DoesNotContain(dead.Id, _state.Deliveries.Keys);
    }

    [Fact]
    public void Address_KindsAskedFor_AreTakenWhereThereAreAny()
    {
        Run([Notices.Of(Notices.Incident(), NoticeKind.Opened, "sms", "email")]);
        Assert.Equal(["email"], Deliver(Run([], at: 1)).Select(d => d.Kind)); // There is no channel for text messages.
        _book = _book with { Channels = _book.Channels.Add("gate", Channel("sms")) };
        Run([Notices.Of(Notices.Incident(), NoticeKind.Opened, "sms", "email")], at: 2);
        Assert.Equal(["email", "sms"], Deliver(Run([], at: 3)).Select(d => d.Kind).Order());
        Run([Notices.Of(Notices.Incident(), NoticeKind.Opened, "slack")], at: 4);
        Assert.Equal(["email"], Deliver(Run([], at: 5)).Select(d => d.Kind)); // Rather by another way than not at all.
    }

    [Fact]
    public void Address_Schedule_AsksWhoIsOnCall()
    {
        _book = _book with { Teams = _book.Teams.SetItem("safety", new TeamDefinition("Safety", ["schedule:night"], [], null)) };
        Run([Notices.Of(Notices.Incident())]);
        var onCall = new Dictionary<string, OnCallNow> { ["night"] = new(["person:max"]) };
        Assert.Equal("max@example.com", Assert.Single(Deliver(Run([], at: 1, onCall: onCall))).To);
    }

    [Theory]
    [InlineData("there is no such schedule", "")]
    [InlineData(null, "")]
    [InlineData(null, "person:gone")]
    public void Address_ScheduleThatNamesNobody_TellsTheOwnerBesideTheOthersAndWhy(string? fault, string people)
    {
        _book = _book with
        {
            Teams = _book.Teams.SetItem("safety", new TeamDefinition("Safety", ["person:max", "schedule:night"], [], null))
                .SetItem("owner", new TeamDefinition("Owner", [], [], "boss@example.com")),
        };
        Run([Notices.Of(Notices.Incident())]);
        var onCall = new OnCallNow(people.Length == 0 ? [] : [people], Fault: fault);
        var turn = Run([], at: 1, onCall: new Dictionary<string, OnCallNow> { ["night"] = onCall });
        Assert.Equal(["boss@example.com", "max@example.com"], Deliver(turn).Select(d => d.To).Order());
        var line = Assert.Single(turn.Log);
        Assert.Equal("notification.schedule_failed", line.Action);
        Assert.Contains(fault ?? (people.Length == 0 ? "nobody is on duty" : "person:gone: there is no such person"), line.Body);
        Assert.Contains("\"schedule\":\"night\"", line.Body);
    }

    [Fact]
    public void Address_QuietHoursOfTheSchedule_HoldBackItsOwnButNotWhoIsNamedBeside()
    {
        // Noon UTC is 13:00 in Berlin.
        var duty = new EsoCore.Escalation.QuietHours("Europe/Berlin", "12:00", "15:00", [], "high");
        var onCall = new Dictionary<string, OnCallNow> { ["night"] = new(["person:max"], duty) };
        _book = _book with { Teams = _book.Teams.SetItem("safety", new TeamDefinition("Safety", ["schedule:night"], [], null)) };
        Run([Notices.Of(Notices.Incident("medium"))]);
        var turn = Run([], at: 30, onCall: onCall);
        Assert.Equal((Notices.Noon.AddHours(2), 0), (Assert.Single(turn.Changed.Values).NextAt, turn.ToSend.Count));
        Run([Notices.Of(Notices.Incident("critical"))], at: 60);
        Assert.Contains(Run([], at: 61, onCall: onCall).ToSend, d => d.Severity == "critical");

        var both = new TeamDefinition("Safety", ["schedule:night", "person:max"], [], null);
        _book = _book with { Teams = _book.Teams.SetItem("safety", both) };
        Run([Notices.Of(Notices.Incident("medium", title: "Beside"))], at: 400);
        Assert.Contains(Run([], at: 430, onCall: onCall).ToSend, d => d.Subject.Contains("Beside"));
    }

    [Fact]
    public void Address_QuietHours_LetTheUrgentThrough()
    {
        var quiet = new PersonQuietHours("22:00", "14:00", "Europe/Berlin", "high"); // Noon UTC is 13:00 in Berlin.
        _book = Book(new PersonDefinition("Max", "max@example.com", null, null, null, quiet));
        Run([Notices.Of(Notices.Incident("medium"))]);
        var turn = Run([], at: 30);
        Assert.Empty(turn.ToSend);
        Assert.Equal(Notices.Noon.AddHours(1), Assert.Single(turn.Changed.Values).NextAt);
        Assert.Single(Run([], at: 3_600).ToSend);
        Run([Notices.Of(Notices.Incident("high"))], at: 60);
        Assert.Contains(Run([], at: 330).ToSend, d => d.Severity == "high");
    }

    [Fact]
    public void Render_BrokenTemplate_FallsBackAndSaysSo()
    {
        _book = _book with { Templates = _book.Templates.Add("email.opened", new TemplateDefinition("{{title}}", "{{#each notices}}")) };
        Run([Notices.Of(Notices.Incident())]);
        var delivery = Assert.Single(Deliver(Run([], at: 1)));
        Assert.Equal("[critical] Power outage", delivery.Subject);
        Assert.Contains("Mains voltage was 0 V.", delivery.Text);
        Assert.StartsWith("the template fails: ", delivery.TemplateFault);
    }

    [Fact]
    public void Send_FailingTarget_IsTriedForADay()
    {
        Run([Notices.Of(Notices.Incident())]);
        var delivery = Assert.Single(Run([], at: 1).ToSend);
        for (var at = 1.0; ;)
        {
            var after = Run([], at: at, reports: [new SendReport(delivery.Id, SendResult.Retryable("away"))]).Changed[delivery.Id];
            Assert.Equal(DeliveryStatus.Pending, after.Status);
            Assert.True(after.NextAt!.Value - Notices.Noon.AddSeconds(at) <= _options.MaxRetry);
            at = (after.NextAt.Value - Notices.Noon).TotalSeconds + 0.001;
            if (Run([], at: at).Changed.GetValueOrDefault(delivery.Id) is not { } dead)
                continue;
            Assert.Equal("expired", dead.Reason);
            Assert.InRange(at, _options.MaxAge.TotalSeconds, (_options.MaxAge + _options.MaxRetry).TotalSeconds);
            break;
        }
    }

    [Fact]
    public void Send_Failures_WaitLongerEachTimeAndEndDead()
    {
        _options.MaxAttempts = 20;
        Run([Notices.Of(Notices.Incident())]);
        var delivery = Assert.Single(Run([], at: 1).ToSend);
        var (at, waits) = (1.0, new List<double>());
        for (var attempt = 1; attempt < _options.MaxAttempts; attempt++)
        {
            var after = Run([], at: at, reports: [new SendReport(delivery.Id, SendResult.Retryable("busy"))]).Changed[delivery.Id];
            Assert.Equal((DeliveryStatus.Pending, attempt), (after.Status, after.Attempts));
            waits.Add((after.NextAt!.Value - Notices.Noon).TotalSeconds - at);
            at = (after.NextAt.Value - Notices.Noon).TotalSeconds + 0.001; // A double may fall short of a tick.
            Assert.Equal(delivery.Id, Assert.Single(Run([], at: at).ToSend).Id);
        }

        Assert.InRange(waits[0], 3.7, 6.3);
        Assert.InRange(waits[3], 29.9, 50.1);
        Assert.InRange(waits[^1], 539, 901);
        var dead = Run([], at: at, reports: [new SendReport(delivery.Id, SendResult.Retryable("busy"))]).Changed[delivery.Id];
        Assert.Equal((DeliveryStatus.Dead, "too_many_attempts", "busy"), (dead.Status, dead.Reason, dead.Detail));
    }

    [Fact]
    public void Send_ByDefault_IsTriedForAsLongAsAMessageMayGetOld()
    {
        var options = new NotificationOptions();
        for (var i = 0; i < 100; i++)
        {
            var id = Guid.NewGuid();
            var tried = Enumerable.Range(1, options.MaxAttempts - 1)
                .Sum(attempt => SendStage.Backoff(options, id, attempt, null).TotalHours);
            Assert.True(tried > options.MaxAge.TotalHours, $"Dead after {tried} h.");
        }
    }

    [Fact]
    public void Send_RetryAfter_IsHeldWithinTheBound()
    {
        var id = Guid.NewGuid();
        Assert.Equal(TimeSpan.FromSeconds(60), SendStage.Backoff(_options, id, 1, TimeSpan.FromSeconds(60)));
        Assert.Equal(_options.MaxRetry, SendStage.Backoff(_options, id, 1, TimeSpan.FromDays(3)));
        Assert.InRange(SendStage.Backoff(_options, id, 1, TimeSpan.FromMilliseconds(1)).TotalSeconds, 3.7, 6.3);
    }

    [Fact]
    public void Send_OldOrForAChannelThatIsGone_IsDead()
    {
        Run([Notices.Of(Notices.Incident())]);
        Run([], at: 1);
        Assert.Equal("expired", Assert.Single(Run([], at: 90_000).Changed.Values).Reason);

        _book = _book with { Channels = _book.Channels.Add("mail", Channel("email")) };
        Run([Notices.Of(Notices.Incident())], at: 90_001);
        Run([], at: 90_002);
        _book = _book with { Channels = _book.Channels.SetItem("mail", Channel("email", isEnabled: false)) };
        Assert.Equal("channel_disabled", Assert.Single(Run([], at: 90_003).Changed.Values).Reason);
    }

    [Fact]
    public void State_WrittenAndRead_IsTheSame()
    {
        Run([Notices.Of(Notices.Incident()), Notices.Of(Notices.Incident("low"))]);
        Run([], at: 1);
        Run([Notices.Of(Notices.Incident("low"))], at: 2);
        var json = NotificationJson.Write(_state);
        Assert.Equal(json, NotificationJson.Write(NotificationJson.Read<NotifierState>(json)));
        Assert.Contains("later", NotificationJson.Write(NotificationJson.Read<NotifierState>(json[..^1] + ",\"later\":1}")));
    }

    [Fact]
    public void HasRoomFor_OneChannelFull_LeavesRoomForTheOthers()
    {
        var one = Run([Notices.Of(Notices.Incident())], at: 0).Changed.Values.Concat(Run([], at: 600).Changed.Values).First();
        _state.Deliveries.Clear();
        for (var i = 0; i < NotificationLimits.WaitingOfChannel; i++)
        {
            var id = Guid.NewGuid();
            _state.Deliveries.Add(id, one with { Id = id, Channel = "hook" });
        }

        Assert.Equal((false, true), (_state.HasRoomFor(one with { Channel = "hook" }), _state.HasRoomFor(one with { Channel = "mail" })));
    }

    private void Silence(DateTimeOffset to)
    {
        var matchers = new SilenceMatchers(["power_outage"], [], [], [], [], ImmutableSortedDictionary<string, string>.Empty);
        _book = _book with { Silences = _book.Silences.SetItem("s", new SilenceDefinition(matchers, Notices.Noon, to, "why", "me")) };
    }

    private static NotificationBook Book(PersonDefinition max) => NotificationBook.BuiltIn with
    {
        People = ImmutableSortedDictionary.Create<string, PersonDefinition>(StringComparer.Ordinal).Add("max", max),
        Teams = BuiltInTeams.All.SetItem("safety", new TeamDefinition("Safety", ["person:max"], [], null)),
    };

    private static StoredChannel Channel(string kind, bool isEnabled = true, string? to = null) =>
        new(new ChannelDefinition(kind, kind, isEnabled, new ChannelSettings(to is null ? [] : [to]), null, [], null, null), "");

    private static IEnumerable<DeliveryState> Deliver(NotifierTurn turn) => turn.Changed.Values;

    private NotifierTurn Run(
        Notice[] notices, double at = 0, SendReport[]? reports = null, IReadOnlyDictionary<Guid, DeviceFacts>? devices = null,
        IReadOnlyDictionary<string, OnCallNow>? onCall = null)
    {
        var turn = new NotifierTurn
        {
            ProjectId = Notices.Project,
            Recipient = "team:safety",
            Now = Notices.Noon.AddSeconds(at),
            State = _state,
            Book = _book,
            Options = _options,
            HasInstallationMail = true,
            Devices = devices ?? ImmutableDictionary<Guid, DeviceFacts>.Empty,
            OnCall = onCall ?? ImmutableDictionary<string, OnCallNow>.Empty,
            Arrived = [.. notices],
            Reports = [.. reports ?? []],
        };
        _pipeline.Run(turn);
        return turn;
    }
}
