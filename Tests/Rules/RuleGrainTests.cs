using EsoCore.Grains.Rules;
using EsoCore.Rules;
using EsoCore.Tests.Devices;
using EsoCore.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static EsoCore.Tests.Rules.DeviceRulesTests;

namespace EsoCore.Tests.Rules;

/// <summary>Rules, their set, and what silos hold of it.</summary>
public sealed class RuleGrainTests
{
    private const string Hot = """{"type":"threshold","metric":"temp","above":80}""";

    private static IRuleSetGrain Set(DeviceHarness harness) => harness.Grains.GetGrain<IRuleSetGrain>(harness.ProjectId.ToString("D"));

    [Fact]
    public async Task BuiltInRule_EditedAndTakenAway_StaysSoThroughARestart()
    {
        await using var harness = await DeviceHarness.Start();
        var view = (await Rule(harness, "sd_error").Get())!;
        Assert.Equal((0, true), (view.Rule.Version, view.IsBuiltIn));

        Assert.Equal(EditOutcome.VersionMismatch, (await Rule(harness, "sd_error").Put(view.Rule.Value, 7, onlyCreate: false)).Outcome);
        var changed = await Rule(harness, "sd_error").Put(view.Rule.Value with { Enabled = false }, 0, onlyCreate: false);
        Assert.Equal((EditOutcome.Changed, 1), (changed.Outcome, changed.Current!.Version));
        Assert.Equal(EditOutcome.Deleted, (await Rule(harness, "sd_error").Delete(1)).Outcome);
        Assert.Equal(EditOutcome.NotFound, (await Rule(harness, "sd_error").Delete(null)).Outcome);

        await harness.Restart();
        Assert.Null(await Rule(harness, "sd_error").Get());
        Assert.DoesNotContain((await Set(harness).GetIfChanged(-1))!.Rules, rule => rule.Id == "sd_error");
        var again = await Rule(harness, "sd_error").Put(view.Rule.Value, null, onlyCreate: true);
        Assert.Equal((EditOutcome.Created, 3), (again.Outcome, again.Current!.Version));
    }

    [Fact]
    public async Task Set_MovesItsVersionWithEveryEdit_AndByNothingElse()
    {
        await using var harness = await DeviceHarness.Start();
        Assert.Equal(0, (await Set(harness).GetIfChanged(-1))!.Version);
        Assert.Null(await Set(harness).GetIfChanged(0));

        await Put(harness, "hot", Hot);
        var first = (await Set(harness).GetIfChanged(0))!;
        Assert.Equal(DefaultRules.All.Count + 1, first.Rules.Length);
        await Rule(harness, "hot").Put(RuleSeeds.Definition(Hot), null, onlyCreate: false); // Nothing changes.
        Assert.Null(await Set(harness).GetIfChanged(first.Version));
        await Rule(harness, "hot").Delete(null);
        var gone = (await Set(harness).GetIfChanged(first.Version))!;
        Assert.True(gone.Version > first.Version);

        await harness.Restart();
        Assert.Null(await Set(harness).GetIfChanged(gone.Version));
    }

    [Fact]
    public async Task Set_IsListedInPages()
    {
        await using var harness = await DeviceHarness.Start();
        var ids = new List<string>();
        string? after = null;
        do
        {
            var page = await Set(harness).List(new PageRequest(7, after));
            Assert.InRange(page.Items.Length, 1, 7);
            ids.AddRange(page.Items.Select(rule => rule.Id));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(DefaultRules.All.Keys.Order(StringComparer.Ordinal), ids);
    }

    [Fact]
    public async Task Put_FaultyRule_IsRefusedWithAllFaults()
    {
        await using var harness = await DeviceHarness.Start();
        var result = await Rule(harness, "bad").Put(RuleSeeds.Definition("{}") with { Name = "" }, null, onlyCreate: true);
        Assert.Equal(EditOutcome.Invalid, result.Outcome);
        Assert.Equal(["name", "condition.type"], result.Errors.Select(error => error.Field));
    }

    [Fact]
    public async Task Try_RuleOverStoredData_GivesItsEpisodesAndSavesNothing()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice();
        await harness.Upload(
            device, Records.Point("temp", 0, 90), Records.Point("temp", 60, 70), Records.Event("power_outage", 5),
            Records.Event("power_restored", 65),
            Records.Window("vibration", 3, 0.8));
        var trials = harness.Grains.GetGrain<IRuleTrialGrain>(IRuleTrialGrain.Key);
        async Task<RuleTrial> Try(string condition) =>
            await trials.Try(harness.Scope, RuleSeeds.Definition(condition), Records.Start, Records.Start.AddHours(1));

        var hot = await Try(Hot);
        Assert.Equal((1, 2, false), (hot.Devices, hot.Records, hot.Cut));
        Assert.Equal((Records.Start, Records.Start.AddSeconds(60)), (hot.Episodes[0].Episode.Start, hot.Episodes[0].Episode.End));
        Assert.Equal($"device:{device:D}", hot.Episodes[0].Subject);
        Assert.Equal(Records.Start.AddSeconds(65), Assert.Single((await Try("""{"type":"event","types":["power_outage"]}""")).Episodes)
            .Episode.End);
        Assert.Single((await Try("""{"type":"window_statistic","metric":"vibration","stat":"rms","above":0.5}""")).Episodes);
        Assert.Single((await Try("""{"type":"missing_data","metric":"temp","silent_s":1800}""")).Episodes);
        Assert.Equal("condition.type", Assert.Single((await Try("""{"type":"device_state","state":"offline"}""")).Errors).Field);
        var pattern = await trials.Try(
            harness.Scope, DefaultRules.All[DefaultRules.FleetPattern], Records.Start, Records.Start.AddHours(1));
        Assert.Equal("condition.type", Assert.Single(pattern.Errors).Field);
        Assert.Equal("condition.metric", (await Try("""{"type":"threshold","above":1}""")).Errors[0].Field);

        var elsewhere = await trials.Try(new Scope(Guid.NewGuid()), RuleSeeds.Definition(Hot), Records.Start, Records.Start.AddHours(1));
        Assert.Equal(0, elsewhere.Devices);
    }

    [Fact]
    public async Task Try_BurstInTheMiddleOfTheSpan_IsFoundThereAndEnds()
    {
        const double Day = 86_400;
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice();
        await harness.Upload(device,
        [
            .. Enumerable.Range(1, 6).Select(i => Records.Event("sensor_fault", -i * 3 * Day)),
            .. Enumerable.Range(0, 20).Select(i => Records.Event("sensor_fault", (-8 * Day) - (i * 60))),
        ]);
        var tried = await harness.Grains.GetGrain<IRuleTrialGrain>(IRuleTrialGrain.Key).Try(
            harness.Scope, DefaultRules.All["event_anomaly"], Records.Start.AddDays(-20), Records.Start);
        var episode = Assert.Single(tried.Episodes).Episode;
        Assert.InRange(episode.Start, Records.Start.AddDays(-8), Records.Start.AddDays(-7));
        Assert.InRange(episode.End!.Value, episode.Start, Records.Start.AddDays(-5));
    }

    [Fact]
    public async Task Try_OverSeveralDevices_TellsWhenEnoughOfThemBegan()
    {
        await using var harness = await DeviceHarness.Start();
        foreach (var minute in (int[])[0, 20, 21])
        {
            await harness.Upload(
                await harness.AddDevice(serial: $"D-{minute}"), Records.Event("power_outage", (minute * 60) - 3_600),
                Records.Event("power_restored", (30 * 60) - 3_600));
        }

        async Task<RuleTrial> Try(int count) => await harness.Grains.GetGrain<IRuleTrialGrain>(IRuleTrialGrain.Key).Try(
            harness.Scope, DefaultRules.All["power_outage"] with
            {
                Condition = new JsonText($$$"""
                    {"type":"devices","count":{{{count}}},"within_s":300,
                    "of":{"type":"event","types":["power_outage"],"restored_by":["power_restored"]}}
                    """),
                Subject = SubjectKind.Project,
                Actions = [],
            }, Records.Start.AddHours(-1), Records.Start);

        Assert.Empty((await Try(3)).Episodes); // All three at once, but not within five minutes of each other.
        var both = Assert.Single((await Try(2)).Episodes).Episode;
        Assert.Equal(Records.Start.AddMinutes(-40), both.Start);
        Assert.StartsWith("2 devices: ", both.Text);
    }

    [Fact]
    public async Task Try_MetricOfTwoSeries_IsMissingOnlyWhileBothAreSilent()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice();
        await harness.Upload(
            device, Records.Point("temp", 0, 20), Records.Point("temp", 2_400, 20, "A"), Records.Point("temp", 3_500, 20));
        var tried = await harness.Grains.GetGrain<IRuleTrialGrain>(IRuleTrialGrain.Key).Try(
            harness.Scope, RuleSeeds.Definition("""{"type":"missing_data","metric":"temp","silent_s":1800}"""), Records.Start,
            Records.Start.AddHours(1));
        var episode = Assert.Single(tried.Episodes).Episode;
        Assert.Equal((Records.Start.AddSeconds(1_800), Records.Start.AddSeconds(2_400)), (episode.Start, episode.End));
    }

    [Fact]
    public async Task Books_AskTheSetOnceForManyCallers_AndKeepTheLastKnownWhileItIsAway()
    {
        var (time, grains) = (new FakeTimeProvider(), new SetFactory());
        var books = new RuleBooks(grains, time, NullLogger<RuleBooks>.Instance);
        var project = Guid.NewGuid();

        grains.Gate = new TaskCompletionSource();
        var asked = Enumerable.Range(0, 10).Select(_ => books.GetCompiled(project).AsTask()).ToList();
        grains.Gate.SetResult();
        var kept = await Task.WhenAll(asked);
        Assert.Equal(1, grains.Calls);
        Assert.All(kept, book => Assert.Same(kept[0], book));

        time.Advance(RuleBooks.MaxAge);
        Assert.Same(kept[0], await books.GetCompiled(project)); // The version stands: nothing is compiled anew.
        Assert.Equal(2, grains.Calls);

        grains.Away = true;
        time.Advance(RuleBooks.MaxAge);
        Assert.Same(kept[0], await books.GetCompiled(project));
        Assert.Same(kept[0].Book, await books.Get(project));
        Assert.Equal(3, grains.Calls);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await books.Get(Guid.NewGuid()));

        grains.Away = false;
        books.Forget(project);
        grains.Version = 1;
        Assert.Equal(1, (await books.Get(project)).Version);

        // Nobody waits for a grain that does not answer while a young enough book is known.
        grains.Gate = new TaskCompletionSource();
        grains.Version = 2;
        time.Advance(RuleBooks.MaxAge);
        Assert.Equal(1, (await books.Get(project)).Version);
        Assert.Equal(1, (await books.Get(project)).Version);
        time.Advance(RuleBooks.MaxServedAge);
        var waiting = books.Get(project).AsTask();
        Assert.False(waiting.IsCompleted);
        grains.Gate.SetResult();
        Assert.Equal(2, (await waiting).Version);
    }

    [Fact]
    public async Task Books_RuleThatCannotBeRead_StopsNothingButItself()
    {
        var grains = new SetFactory { Version = 4, Extra =
            [new Versioned<RuleDefinition>("broken", 1, RuleSeeds.Definition("""{"type":"of tomorrow"}"""))] };
        var books = new RuleBooks(grains, new FakeTimeProvider(), NullLogger<RuleBooks>.Instance);
        var kept = await books.GetCompiled(Guid.NewGuid());
        var traits = new EsoCore.Grains.Devices.DeviceTraits(
            Guid.NewGuid(), "M", "HALL", System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty,
            EsoCore.Devices.DeviceStatus.Active, "stable", false,
            EsoCore.Config.ConfigSettings.Empty);
        // Of the built-in ones, that over patterns in the fleet concerns no device.
        var concerning = DefaultRules.All.Values.Count(rule => rule.Enabled && rule.Subject != SubjectKind.Project);
        Assert.Equal(concerning, kept.Compiled.Of(traits, Guid.NewGuid()).All.Length);
    }

    private sealed class SetFactory : FakeGrainFactory, IRuleSetGrain
    {
        internal int Calls { get; private set; }

        internal long Version { get; set; }

        internal bool Away { get; set; }

        internal Versioned<RuleDefinition>[] Extra { get; init; } = [];

        internal TaskCompletionSource? Gate { get; set; }

        protected override object Find(Type type, string key) => this;

        public async Task<RuleSet?> GetIfChanged(long known)
        {
            Calls++;
            if (Gate is { } gate)
                await gate.Task;
            if (Away)
                throw new InvalidOperationException("The set is away.");
            return known == Version ? null
                : new RuleSet(Version,
                    [.. DefaultRules.All.Select(rule => new Versioned<RuleDefinition>(rule.Key, 0, rule.Value)), .. Extra]);
        }

        public Task Refresh() => Task.CompletedTask;

        public Task<Page<Versioned<RuleDefinition>>> List(PageRequest page) => throw new NotSupportedException();
    }
}
