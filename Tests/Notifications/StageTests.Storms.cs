using System.Collections.Immutable;
using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>Storms: what messages name of them, and what the state holds.</summary>
public sealed partial class StageTests
{
    [Theory]
    [InlineData("email", 84)]
    [InlineData("ticket", 84)]
    [InlineData("slack", 84)]
    [InlineData("webhook", 84)]
    [InlineData("teams", 70)]
    [InlineData("sms", 5)]
    public void Group_StormOfCriticalOnes_NamesEachAsFarAsTheChannelCarries(string kind, int named)
    {
        _book = _book with
        {
            Channels = _book.Channels.Add("out", Channel(kind, to: kind is "email" or "sms" ? "x" : null)),
            Teams = _book.Teams.SetItem("safety", new TeamDefinition("Safety", ["channel:out"], [], null)),
        };
        var (power, lost) = ("Power outage: SN-", "Connection lost: SN-");
        Run([.. Enumerable.Range(0, 1_000).Select(i => Notices.Of(
            i % 12 == 0 ? Notices.Incident(title: $"{power}{i:0000}") : Notices.Incident("medium", title: $"{lost}{i:0000}")))]);
        var delivery = Assert.Single(Run([], at: 1).Changed.Values);
        var critical = Enumerable.Range(0, 84).Select(i => $"Power outage: SN-{i * 12:0000}").ToList();
        Assert.True(critical.Count(title => delivery.Text.Contains(title)) is var count && count >= named, $"{count}: {delivery.Text}");
        Assert.Contains("more", delivery.Text);
        Assert.Equal(kind == "sms", !delivery.Text.Contains("/api/incidents?from="));
        Assert.True(delivery.Text.Length <= (kind == "sms" ? 200 : MessageBounds.Of(kind).Text));
        if (kind != "webhook")
            return;
        var payload = System.Text.Json.JsonDocument.Parse(delivery.Payload).RootElement;
        Assert.Equal((20, 500, 1_000), (payload.GetProperty("notices").GetArrayLength(), payload.GetProperty("named").GetArrayLength(),
            payload.GetProperty("total").GetInt32()));
        Assert.All(critical, title => Assert.Contains(title, delivery.Payload));
        Assert.Equal("/api/incidents?from=2025-01-15T12:00:00Z", payload.GetProperty("query").GetString());
    }

    [Fact]
    public void Group_OfASite_AsksForItsIncidentsSinceTheFirstBegan()
    {
        var early = Notices.Incident("low") with { StartedAt = Notices.Noon.AddDays(-2) };
        Run([.. new[] { early, Notices.Incident() }.Select(i => Notices.Of(i) with { GroupKey = "site:HALL 1/A" })]);
        var own = new TemplateDefinition("s", "{{query}} {{named}} {{unnamed}}");
        _book = _book with { Templates = _book.Templates.Add("email.group", own) };
        Assert.Equal("/api/incidents?site=HALL%201%2FA&from=2025-01-13T12:00:00Z 0 0", Assert.Single(Run([], at: 1).Changed.Values).Text);
    }

    [Fact]
    public void Group_LongTextsAndTitles_StayWithinEachChannelsBound()
    {
        foreach (var kind in ChannelKinds.All)
        {
            var incident = Notices.Incident(title: new string('t', 256)) with { Text = new string('x', 1_024), Meta = "" };
            var many = Enumerable.Range(0, NotificationLimits.ShownNotices).Select(_ => Notices.Of(incident)).ToList();
            var named = Enumerable.Range(0, NotificationLimits.NamedNotices).Select(_ => NoticeKeeper.Line(many[0])).ToList();
            var bounds = MessageBounds.Of(kind);
            var data = TemplateContext.Of("team:it", many, 5_000, named, "/api/incidents", bounds);
            var rendered = new TemplateRenderer().Render(DefaultTemplates.Id(kind, DefaultTemplates.Group), null, data, bounds.Text);
            Assert.Null(rendered.Fault);
            Assert.Contains("more", rendered.Text);
            Assert.True(kind != "sms" || rendered.Text.Length <= 200);
        }
    }

    [Fact]
    public void State_OfTheWorstStorms_StaysBoundedInBytes()
    {
        _book = _book with
        {
            Channels = _book.Channels.Add("hook", Channel("webhook")),
            Teams = _book.Teams.SetItem("safety", new TeamDefinition("Safety", ["person:max", "channel:hook"], [], null)),
        };
        var told = 0;
        for (var round = 0; round < 8; round++)
        {
            Run([.. Enumerable.Range(0, 1_000).Select(i => Notices.Of(
                Notices.Incident("critical", site: null, title: new string('t', 256)) with
                {
                    Text = new string('x', 1_024), Meta = $$"""{"a":"{{new string('m', 4_000)}}"}""",
                }) with { GroupKey = $"site:{i % 300}" })], at: round);
            told += Run([], at: round + 1).Changed.Values.Count(d => d.Status == DeliveryStatus.Dead && d.Reason == "too_many_waiting");
            Assert.True(_state.Groups.Values.All(g => g.Shown.Count == 0));
        }

        Assert.True(told > 0); // What finds no room is a dead letter, not nothing.
        Assert.InRange(NotificationJson.Write(_state).Length, 1, 2 * (NotificationLimits.WaitingBytes + NotificationLimits.GatheredBytes));
        Run([.. Enumerable.Range(0, 5_000).Select(i => Notices.Of(Notices.Incident("low", title: new string('t', 256)) with
        {
            Text = new string('x', 1_024), Meta = new string('m', 4_096),
        }) with { GroupKey = $"site:{i % 300}" })], at: 100);
        var texts = _state.Groups.Values.Sum(g => g.Shown.Sum(n => n.Incident.Meta.Length + n.Incident.Text.Length));
        Assert.InRange(texts, 1, NotificationLimits.GatheredBytes);
        Assert.Equal(5_000, _state.Groups.Values.Sum(g => g.Shown.Count + g.Omitted));
        Assert.All(_state.Groups.Values, g => Assert.NotEmpty(g.Shown));
    }

    [Fact]
    public void Opened_OfManyTargets_IsForgottenOldestFirst()
    {
        ImmutableArray<string> targets = [.. Enumerable.Range(0, 64).Select(i => $"email:smtp:{new string('x', 200)}{i}@example.com")];
        Guid last = default;
        for (var i = 0; i < 1_000; i++)
            _state.Remember(last = Guid.NewGuid(), targets);
        Assert.InRange(NotificationJson.Write(_state).Length, 1, NotificationLimits.OpenedBytes * 11 / 10);
        Assert.NotNull(_state.OpeningOf(last));
    }

    [Fact]
    public void Group_EndsBeyondThoseInFull_AreNamedOnlyWhereTheirOpeningWent()
    {
        var incidents = Enumerable.Range(0, 30).Select(i => Notices.Incident(title: $"Incident {i:00}")).ToList();
        Run([.. incidents.Take(25).Select(i => Notices.Of(i))]);
        Run([], at: 1);
        Run([.. incidents.Skip(25).Select(i => Notices.Of(i))], at: 2);
        Run([.. incidents.Take(25).Select(i => Notices.Of(i, NoticeKind.Resolved))], at: 2);
        _book = _book with { Teams = _book.Teams.SetItem("safety", new TeamDefinition("Safety", ["person:max", "person:eva"], [], null)) };
        _book = _book with { People = _book.People.Add("eva", new PersonDefinition("Eva", "eva@example.com", null, null, null, null)) };
        var told = Run([], at: 3).Changed.Values.Where(d => d.CreatedAt == Notices.Noon.AddSeconds(3)).ToDictionary(d => d.Person!);
        Assert.Contains("[critical] Resolved: Incident 24", told["max"].Text);
        Assert.DoesNotContain("Resolved", told["eva"].Text);
    }

    [Fact]
    public void HasRoomFor_BytesOfOneChannel_LeaveRoomForTheOthers()
    {
        var one = Run([Notices.Of(Notices.Incident())], at: 0).Changed.Values.Concat(Run([], at: 600).Changed.Values).First();
        var large = new DeliveryState(
            one.Id, one.Recipient, null, "hook", "webhook", "", "s", new string('x', 300_000), "", "critical", [], 1, null, one.CreatedAt,
            null, null);
        _state.Deliveries.Clear();
        for (var i = 0; _state.HasRoomFor(large); i++)
        {
            Assert.True(i < 10);
            var id = Guid.NewGuid();
            _state.Deliveries.Add(id, large with { Id = id });
        }

        Assert.Equal((6, true), (_state.Deliveries.Count, _state.HasRoomFor(large with { Channel = "mail" })));
    }
}
