using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using EsoCore.Correlation;
using EsoCore.Escalation;
using EsoCore.Events;
using EsoCore.Firmware;
using EsoCore.Grains.Events;
using EsoCore.Grains.Incidents;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Storage;
using EsoCore.Incidents;
using EsoCore.Rules;
using EsoCore.Tests.Support;
using EsoCore.Tickets;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Incidents;

public sealed partial class IncidentGrainTests : IAsyncLifetime
{
    private readonly Guid _project = Guid.NewGuid();
    private readonly FakeRuleBooks _rules = new();
    private readonly FakeOutlet _outlet = new();
    private readonly Dictionary<string, TransitionSource> _sources = [];
    private GrainCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await GrainCluster.StartAsync(Ten.AddMinutes(10), services =>
    {
        services.AddSingleton<IRuleBooks>(_rules);
        services.AddSingleton<IIncidentOutlet>(_outlet);
    });

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    private IIncidentListGrain Lists => _cluster.Client.GetGrain<IIncidentListGrain>($"{_project:D}");

    [Fact]
    public async Task Episode_OfAStream_OpensAnIncidentAndIsConfirmed()
    {
        _rules.Set("tamper", Rule(Notify("team:security"), new TicketAction("site_visit", TimeSpan.FromDays(2), null)));
        await Deliver("tamper", Episode("tampering", 0, null));
        var incident = Assert.Single((await All()).Items);
        Assert.Equal((IncidentStatus.Open, "tamper", 1), (incident.Status, incident.RuleId, incident.Count));
        await Until(() => _outlet.Taken.Length == 1);
        Assert.Equal(["Opened team:security"], _outlet.Told);
        await WaitFor(async () => (await Tickets()).Items.Length == 1);
        var ticket = (await Tickets()).Items[0];
        Assert.Equal(("site_visit", incident.Id, TicketStatus.Open), (ticket.Kind, ticket.IncidentId, ticket.Status));
        var details = (await Lists.Find(incident.Id))!;
        Assert.Equal(["incident.opened"], details.Trail.Select(t => t.Action));
        Assert.Equal("rule:tamper", details.Trail[0].Actor);
        Assert.Contains(_outlet.Entries, e => e.Id == $"{incident.Id:D}:1");
    }

    [Fact]
    public async Task Transitions_RepeatedAfterARestart_ChangeNothing()
    {
        _rules.Set("tamper", Rule(Notify("team:security")));
        var source = SourceOf("tamper");
        var (open, over) = (source.Next(Episode("tampering", 0, null)), source.Next(Episode("tampering", 0, 5)));
        await Deliver(open, over);
        var before = Assert.Single((await All()).Items);
        Assert.Equal(IncidentStatus.Resolved, before.Status);
        await _cluster.RestartAsync();
        await Deliver(open);
        Assert.Equal(before, Assert.Single((await All()).Items));
        await Until(() => _outlet.Taken.Length >= 1);
        Assert.Equal(_outlet.Taken.Length, _outlet.Taken.Select(t => t.Notice.Id).Distinct().Count());
    }

    [Fact]
    public async Task StateThatCameToRest_HearsItsDeviceAgain()
    {
        _rules.Set("tamper", Rule(Notify("team:security")));
        var owner = $"incident/tamper/{SubjectKey.Device(Logger)}";
        await Deliver("tamper", Episode("tampering", 0, null));
        await Until(() => _outlet.Taken.Length == 1);
        Assert.False(_cluster.Stores.ComeToRest(_project, owner));
        await Deliver("tamper", Episode("tampering", 0, 5));
        await Until(() => _outlet.Taken.Length == 2);

        await _cluster.RestartAsync();
        await Until(() => _cluster.Stores.ComeToRest(_project, owner));
        await _cluster.RestartAsync();
        Assert.True((await _cluster.Stores.Load(_project, owner, default))!.Body.Length < 500);

        // Its next transition names the one before it, and is no gap; its next incident is another.
        await Deliver("tamper", Episode("tampering", 600, null));
        Assert.Equal([IncidentStatus.Open, IncidentStatus.Resolved], (await All()).Items.Select(i => i.Status));
    }

    [Fact]
    public async Task SiloThatDies_BetweenCommitAndHandingOn_HandsOnAfterwardsUnderTheSameIds()
    {
        _rules.Set("tamper", Rule(Notify("team:security", "person:ann")));
        _outlet.IsAway = true;
        await Deliver("tamper", Episode("tampering", 0, null));
        await Until(() => _outlet.Tried.Length == 2);
        await _cluster.RestartAsync();
        _outlet.IsAway = false;
        await Advance(() => _outlet.Taken.Length >= 2);
        Assert.Equal(2, _outlet.Tried.Select(t => t.Notice.Id).Distinct().Count());
        Assert.Equal(["Opened person:ann", "Opened team:security"], _outlet.Told.Order());
    }

    [Fact]
    public async Task Receiver_ThatDiesBeforeItAnswers_GetsTheSameAgain()
    {
        _rules.Set("tamper", Rule(Notify("team:security")));
        _outlet.DiesAfter = true;
        await Deliver("tamper", Episode("tampering", 0, null));
        await Until(() => _outlet.Taken.Length == 1);
        _outlet.DiesAfter = false;
        await Advance(() => _outlet.Taken.Length >= 2);
        Assert.Single(_outlet.Taken.Select(t => t.Notice.Id).Distinct());
        Assert.Single(_outlet.Told);
    }

    [Fact]
    public async Task Escalation_ThroughRestartsAndWakeUpsTooMany_TakesEachStepOnce()
    {
        var policy = new EscalationPolicy(
            "P", [new(TimeSpan.FromMinutes(30), ["team:it"], []), new(TimeSpan.FromMinutes(30), ["team:owner"], [])], TimeSpan.FromHours(1),
            1, null);
        var edit = await _cluster.Client.GetGrain<IEscalationPolicyGrain>(ProjectKey.Of(_project, "p")).Put(policy, null, true);
        Assert.Equal(EditOutcome.Created, edit.Outcome);
        _rules.Set("tamper", Rule(new EscalateAction("p", null, [], [])));
        await Deliver("tamper", Episode("tampering", 0, null));
        await _cluster.RestartAsync();

        // Past the first step, and no further: the second is due half an hour later.
        await _cluster.Move(TimeSpan.FromMinutes(31), () => _outlet.Taken.Length >= 1, TimeSpan.FromMinutes(1));
        await _cluster.RestartAsync();
        var grain = _cluster.Client.GetGrain<IRemindable>(Grain("tamper").GetGrainId());
        await Task.WhenAll(grain.ReceiveReminder("wake", default), grain.ReceiveReminder("wake", default));
        Assert.Equal(["Escalated team:it"], _outlet.Told);
        await Advance(() => _outlet.Taken.Length >= 3, TimeSpan.FromMinutes(1));
        Assert.Equal(["Escalated team:it", "Escalated team:owner", "Repeated team:owner"], _outlet.Told);
        Assert.Equal(3, _outlet.Taken.Length);
        await WaitFor(async () => (await _cluster.Reminders(Grain("tamper"))).Count == 0);
    }

    [Fact]
    public async Task Escalation_WithADamagedPolicy_TellsTheOwner()
    {
        await _cluster.Stores.Write(_project, ResourceKinds.EscalationPolicy, "torn", "{not json", 0, default);
        _rules.Set("tamper", Rule(new EscalateAction("torn", null, [], [])));
        await Deliver("tamper", Episode("tampering", 0, null));
        await Until(() => _outlet.Taken.Length >= 1);
        Assert.Equal(["Escalated team:owner"], _outlet.Told);
        var details = (await Lists.Find((await All()).Items[0].Id))!;
        Assert.Contains("torn is gone or damaged", details.Trail.Single(t => t.Action == "incident.policy_failed").Body.Value);
    }

    [Fact]
    public async Task Acts_OfPeople_AreKeptWithWhoAndWhen()
    {
        _rules.Set("tamper", Rule(new EscalateAction(null, TimeSpan.FromMinutes(5), ["team:boss"], [])));
        await Deliver("tamper", Episode("tampering", 0, null));
        var incident = (await All()).Items[0];
        var acknowledged = await Grain("tamper").Act(new IncidentAct(incident.Id, IncidentVerb.Acknowledge, "key:7", null, null, 1));
        Assert.Equal((EditOutcome.Changed, 2L), (acknowledged.Outcome, acknowledged.Current!.Version));
        Assert.Equal((_cluster.Time.GetUtcNow(), "key:7"),
            (acknowledged.Current.Value.AcknowledgedAt, acknowledged.Current.Value.AcknowledgedBy));
        Assert.Equal(EditOutcome.VersionMismatch,
            (await Grain("tamper").Act(new(incident.Id, IncidentVerb.Resolve, "key:7", null, null, 1))).Outcome);
        Assert.Equal(EditOutcome.NotFound,
            (await Grain("tamper").Act(new(Guid.NewGuid(), IncidentVerb.Resolve, "key:7", null, null, null))).Outcome);
        await Grain("tamper").Act(new(incident.Id, IncidentVerb.Comment, "key:8", "looks fine", null, null));
        await Grain("tamper").Act(new(incident.Id, IncidentVerb.Resolve, "key:8", null, null, null));
        var details = (await Lists.Find(incident.Id))!;
        Assert.Equal((IncidentStatus.Resolved, "key:8"), (details.Incident.Status, details.Incident.ResolvedBy));
        Assert.Equal(
            ["incident.acknowledged", "incident.commented", "incident.opened", "incident.resolved"], details.Trail.Select(t => t.Action)
                .Order());
        Assert.Contains("looks fine", details.Trail.Single(t => t.Action == "incident.commented").Body.Value);
        _cluster.Time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(_outlet.Tried);
    }

    [Fact]
    public async Task Comment_OnAnOldIncident_LeavesTheReminderOfWhatIsDue()
    {
        _rules.Set("tamper", Rule(new EscalateAction(null, TimeSpan.FromMinutes(30), ["team:boss"], [])));
        for (var i = 0; i <= IncidentLimits.MaxIncidents; i++)
            await Deliver("tamper", Episode("tampering", (i - 20) * 100, (i - 20) * 100 + 5));
        await Deliver("tamper", Episode("tampering", 5, null));
        var oldest = (await All()).Items.MinBy(i => i.StartedAt)!;
        var owner = $"incident/tamper/{SubjectKey.Device(Logger)}";
        Assert.DoesNotContain($"{oldest.Id:D}", (await _cluster.Stores.Load(_project, owner, default))!.Body);
        Assert.Single(await _cluster.Reminders(Grain("tamper")));
        var commented = await Grain("tamper").Act(new(oldest.Id, IncidentVerb.Comment, "key:7", "seen", null, null));
        Assert.Equal(EditOutcome.Changed, commented.Outcome);
        Assert.Single(await _cluster.Reminders(Grain("tamper")));
        await _cluster.RestartAsync();
        await Advance(() => _outlet.Taken.Length >= 1, TimeSpan.FromMinutes(1));
        Assert.Equal(["Escalated team:boss"], _outlet.Told);
    }

    [Fact]
    public async Task Cause_ThatComesLate_TakesInWhatWasThere()
    {
        foreach (var word in new[] { "device_offline", "connectivity_lost", "power_outage" })
            _rules.Set(word, Rule(Notify($"team:{word}")) with { Name = word });
        await Deliver("device_offline", Episode("device_offline", 3, null));
        await Deliver("connectivity_lost", Episode("connectivity_lost", 2, null));
        await Deliver("power_outage", Episode("power_outage", 1, null, severity: "critical"));
        await WaitFor(async () => (await ByRule()).Values.Count(i => i.CauseId is not null) == 2);
        var incidents = await ByRule();
        Assert.Equal(2, incidents["power_outage"].Consequences);
        Assert.Equal(incidents["power_outage"].Id, incidents["connectivity_lost"].CauseId);
        Assert.Equal(incidents["connectivity_lost"].Id, incidents["device_offline"].CauseId);
        await Advance(() => _outlet.Taken.Length >= 1, TimeSpan.FromSeconds(1));
        _cluster.Time.Advance(TimeSpan.FromMinutes(1));
        await Task.WhenAll(incidents.Keys.Select(rule => Grain(rule).Judge([])));
        Assert.Equal(["Opened team:power_outage"], _outlet.Told);

        // The outage ends; the device stays away, and after a moment people hear of that.
        await Deliver("power_outage", Episode("power_outage", 1, 12, severity: "critical"));
        await Deliver("connectivity_lost", Episode("connectivity_lost", 2, 12));
        await Advance(() => _outlet.Told.Contains("Opened team:device_offline"), TimeSpan.FromSeconds(20));
        Assert.DoesNotContain("Opened team:connectivity_lost", _outlet.Told);
        Assert.Equal(3, (await All()).Items.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Outage_UploadedDaysLaterInAnyOrder_MakesTheSameTree(int seed)
    {
        RuleEpisode[] outage =
        [
            Episode("power_outage", 0, 120, severity: "critical"), Episode("backup_activated", 0.1, 120, severity: "medium"),
            Episode("connectivity_lost", 0.2, 122, holdMinutes: 5), Blip("sync_failed", 1), Blip("sync_failed", 6),
            Blip("supercap_low", 20, "high"),
            Episode("safe_shutdown_initiated", 25, 121), Episode("device_offline", 26, 122),
            Episode("power_outage", 130, 131, severity: "critical"),
        ];
        outage = [.. outage.Select(e => e with { Start = e.Start.AddDays(-3), End = e.End?.AddDays(-3) })];
        foreach (var word in outage.Select(e => e.Cause).Distinct())
            _rules.Set(word, Rule(Notify("team:a")) with { Name = word });
        new Random(seed).Shuffle(outage);
        foreach (var episode in outage)
            await Deliver(episode.Cause, episode);
        string[] expected =
        [
            "backup_activated < power_outage: Resolved, 1", "connectivity_lost < power_outage: Resolved, 1",
            "device_offline < connectivity_lost: Resolved, 1",
            "power_outage < : Resolved, 2", "safe_shutdown_initiated < supercap_low: Resolved, 1",
            "supercap_low < backup_activated: Resolved, 1",
            "sync_failed < connectivity_lost: Resolved, 2",
        ];
        await WaitFor(async () => (await Tree()).SequenceEqual(expected));
        await WaitFor(async () => (await ByRule())["power_outage"].Consequences == 6); // Told after the tree stands.
        await Advance(() => _outlet.Taken.Length >= 1);
        _cluster.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(["Opened team:a"], _outlet.Told);

        async Task<IEnumerable<string>> Tree()
        {
            var all = await All();
            return all.Items.Select(i => $"{i.RuleId} < {all.Items.FirstOrDefault(c => c.Id == i.CauseId)?.RuleId}: {i.Status}, {i.Count}")
                .Order();
        }
    }

    [Fact]
    public async Task Correlation_AfterARestart_KnowsTheIncidentsFromTheirRows()
    {
        _rules.Set("power_outage", Rule());
        _rules.Set("device_offline", Rule());
        await Deliver("power_outage", Episode("power_outage", 1, null, severity: "critical"));
        await _cluster.RestartAsync();
        await Deliver("device_offline", Episode("device_offline", 3, null));
        var incidents = await ByRule();
        Assert.Equal(incidents["power_outage"].Id, incidents["device_offline"].CauseId);
        await WaitFor(async () => (await ByRule())["power_outage"].Consequences == 1);
    }

    private async Task OverHeat(int devices, string firmware = "1.0")
    {
        for (var i = 0; i < devices; i++)
        {
            var device = WorkIds.Of("fleet", i);
            var source = Source(device, i % 2 == 0 ? "A" : "B", firmware);
            await Deliver("over_heat", Blip("over_heat", 5, device: device) with { Source = source }, device);
        }
    }

    private async Task AddDevice(Guid id, string firmware)
    {
        var stores = _cluster.Stores;
        var registration = Tests.Api.FakeGrains.Registration(_project) with { DeviceId = id, Serial = $"{id:D}", Model = "DOOR-2" };
        await stores.Create(registration, new NewKey(Guid.NewGuid(), _project, id, default, default, Ten), default);
        await stores.Commit(
            new DeviceCommit
            {
                DeviceId = id, DeviceNo = stores.Device(id)!.DeviceNo, ExpectedVersion = 0, Twin = default,
                Firmware = new FirmwareVersion(id, Ten, firmware, "heartbeat"),
            },
            default);
    }

    [Fact]
    public async Task PoisonedEpisode_StopsOnlyItself()
    {
        _rules.Set("tamper", Rule());
        var source = SourceOf("tamper");
        await Deliver(source.Next(new LeftSite()), source.Next(Episode("tampering", 0, null)));
        Assert.Single((await All()).Items);
    }

    private IIncidentGrain Grain(string rule) =>
        _cluster.Client.GetGrain<IIncidentGrain>(SubjectKey.Device(Logger).GrainKey(_project, rule));

    private async Task<Page<Incident>> All() =>
        await Lists.List(new IncidentFilter([], null, null, null, null, null, null, null, null), new PageRequest());

    private async Task<Dictionary<string, Incident>> ByRule() => (await All()).Items.ToDictionary(i => i.RuleId);

    private Task<Page<Ticket>> Tickets() => Lists.ListTickets(new TicketFilter([], null, null, null, null, null, null), new PageRequest());

    private TransitionSource SourceOf(string rule, Guid? device = null)
    {
        var key = SubjectKey.Device(device ?? Logger).GrainKey(_project, rule);
        if (!_sources.TryGetValue(key, out var source))
            _sources[key] = source = new TransitionSource(TransitionStreams.Incidents, key, device ?? Logger);
        return source;
    }

    private Task Deliver(string rule, RuleEpisode episode, Guid? device = null) =>
        Deliver(SourceOf(rule, device).Next(episode, episode.Start));

    private async Task Deliver(params ImmutableArray<OutboxEntry> entries)
    {
        _cluster.Stores.AddToOutbox(1, entries);
        await Publish(entries);
        await _cluster.Stores.Until(() => _cluster.Stores.Unconfirmed.IsEmpty);
    }

    private Task Publish(ImmutableArray<OutboxEntry> entries) =>
        Task.WhenAll(entries.GroupBy(e => e.Receiver).Select(g => TransitionPublisher.Send(
        _cluster.Client.GetStreamProvider(TransitionStreams.Provider), new ReceiverId(TransitionStreams.Incidents, g.Key),
        [.. g.Select(e => e.Transition)])));

    /// <summary>Moves the clock on until a condition holds, and lets other work go on meanwhile.</summary>
    private Task Advance(
        Func<bool> condition, TimeSpan? step = null, [CallerArgumentExpression(nameof(condition))] string description = "") =>
        _cluster.Run(condition, step ?? TimeSpan.FromSeconds(5), description);

    private Task Until(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string description = "") =>
        WaitFor(() => Task.FromResult(condition()), description);

    /// <summary>Lets what is due, and other work, go on until a condition holds.</summary>
    private Task WaitFor(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string description = "") => Turns.Until(
        condition,
        () =>
        {
            _cluster.Time.Advance(TimeSpan.Zero);
            return Task.CompletedTask;
        },
        description);
}
