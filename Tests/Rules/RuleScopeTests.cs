using System.Collections.Immutable;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Rules;
using EsoCore.Rules;
using EsoCore.Tests.Devices;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static EsoCore.Tests.Rules.DeviceRulesTests;
using static EsoCore.Tests.Rules.RuleSeeds;

namespace EsoCore.Tests.Rules;

/// <summary>Which devices a rule concerns, by the scope that people gave it.</summary>
public sealed class RuleScopeTests
{
    private const string Hot = """{"type":"threshold","metric":"temp","above":80}""";
    private static readonly Guid Other = Guid.Parse("0190b5c2-0000-7000-8000-000000000009");

    /// <summary>Sites, models and devices (own: the device asked about) of which one is enough; tags, of which all are needed.</summary>
    [Theory]
    [InlineData("", "", "", "", true)]
    [InlineData("HALL", "", "", "", true)]
    [InlineData("YARD", "", "", "", false)]
    [InlineData("YARD,HALL", "", "", "", true)]
    [InlineData("hall", "", "", "", false)]
    [InlineData("", "DOOR", "", "", true)]
    [InlineData("", "PUMP", "", "", false)]
    [InlineData("", "PUMP,DOOR", "", "", true)]
    [InlineData("", "", "own", "", true)]
    [InlineData("", "", "other", "", false)]
    [InlineData("", "", "other,own", "", true)]
    [InlineData("", "", "", "line=2", true)]
    [InlineData("", "", "", "line=3", false)]
    [InlineData("", "", "", "owner=2", false)]
    [InlineData("", "", "", "line=2,shift=night", true)]
    [InlineData("", "", "", "line=2,shift=day", false)]
    [InlineData("HALL", "DOOR", "own", "line=2", true)]
    [InlineData("YARD", "DOOR", "own", "line=2", false)]
    [InlineData("HALL", "PUMP", "own", "line=2", false)]
    [InlineData("HALL", "DOOR", "other", "line=2", false)]
    [InlineData("HALL", "DOOR", "own", "line=3", false)]
    public void Scope_AllPartsThatItNames_MustHoldOfTheDevice(string sites, string models, string devices, string tags, bool concerns)
    {
        var book = Book(("scoped", Scoped(sites, models, devices, tags)), ("all", RuleScope.All));
        string[] expected = concerns ? ["all", "scoped"] : ["all"];
        Assert.Equal(expected, Ids(book, Traits()));
        Assert.Equal(expected, Ids(book, Traits())); // Also of what was compiled for the first.
    }

    [Fact]
    public void Device_ThatMovesOrChangesItsTags_GetsTheRulesOfItsNewTraits()
    {
        var book = Book(
            ("at_hall", Scoped("HALL", "", "", "")), ("at_yard", Scoped("YARD", "", "", "")), ("doors", Scoped("", "DOOR", "", "")),
            ("line_2", Scoped("", "", "", "line=2")), ("own_at_hall", Scoped("HALL", "", "own", "")),
            ("own_on_line_2", Scoped("", "", "own", "line=2")));
        var traits = Traits();
        Assert.Equal(["at_hall", "doors", "line_2", "own_at_hall", "own_on_line_2"], Ids(book, traits));
        Assert.Equal(["at_yard", "doors", "line_2", "own_on_line_2"], Ids(book, traits with { SiteId = "YARD" }));
        Assert.Equal(["doors", "line_2", "own_on_line_2"], Ids(book, traits with { SiteId = null }));
        Assert.Equal(["at_hall", "doors", "own_at_hall"], Ids(book, traits with { Tags = Tags("line=3") }));
        Assert.Equal(["at_hall", "line_2", "own_at_hall", "own_on_line_2"], Ids(book, traits with { Model = "PUMP" }));
        Assert.Equal(["at_hall", "doors", "line_2"], Ids(book, traits, Other));
        Assert.Equal(["at_hall", "doors", "line_2", "own_at_hall", "own_on_line_2"], Ids(book, traits));
    }

    [Fact]
    public void Rule_AboutSites_ConcernsNoDeviceWithoutOne()
    {
        var book = Book(SubjectKind.Site, ("site", RuleScope.All));
        Assert.Equal(["site"], Ids(book, Traits()));
        Assert.Empty(Ids(book, Traits() with { SiteId = null }));
    }

    [Fact]
    public void Devices_ThatTheSameRulesConcern_ShareWhatIsCompiled()
    {
        var book = Book(("other", Scoped("", "", "other", "")), ("all", RuleScope.All));
        var traits = Traits();
        Assert.Same(book.Of(traits, DeviceId), book.Of(traits, Guid.NewGuid()));
        Assert.NotSame(book.Of(traits, DeviceId), book.Of(traits, Other));
    }

    [Fact]
    public async Task Device_ThatLeavesTheScope_EndsWhatTheRuleHoldsOfItAndBeginsAnewWhenItComesBack()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice("HALL");
        await Put(harness, "hall", RuleScope.All with { Sites = ["HALL"] });
        await Put(harness, "line", RuleScope.All with { Tags = Tags("line=2") });
        await harness.Upload(device, Records.Point("temp", 0, 90));
        Assert.Null(Assert.Single((await Told(harness))[Key("hall")]).End);
        Assert.False((await Told(harness)).ContainsKey(Key("line")));

        await Change(new RegistrationChange(SiteId: "YARD", Tags: Tags("line=2")));
        await harness.Upload(device, Records.Point("temp", 5, 91));
        Assert.NotNull((await Told(harness))[Key("hall")][^1].End);
        Assert.Null(Assert.Single((await Told(harness))[Key("line")]).End);

        await Change(new RegistrationChange(SiteId: "HALL", Tags: Tags("line=3")));
        await harness.Upload(device, Records.Point("temp", 10, 92));
        Assert.NotNull((await Told(harness))[Key("line")][^1].End);
        var again = (await Told(harness))[Key("hall")];
        Assert.Equal((Records.Start.AddSeconds(10), null, 2), (
            again[^1].Start, (object?)again[^1].End, again.Select(episode => episode.EpisodeId).Distinct().Count()));

        string Key(string rule) => $"{harness.ProjectId:D}/{rule}/device:{device:D}";

        Task Change(RegistrationChange change) => harness.Device(device).ChangeRegistration(harness.Scope, change, null);
    }

    private static async Task Put(DeviceHarness harness, string id, RuleScope scope) => Assert.Equal(
        EditOutcome.Created, (await Rule(harness, id).Put(Definition(Hot) with { Scope = scope }, null, onlyCreate: true)).Outcome);

    private static DeviceTraits Traits() => new(
        ProjectId, "DOOR", "HALL", Tags("line=2,shift=night"), DeviceStatus.Active, "stable", false, ConfigSettings.Empty);

    private static RuleScope Scoped(string sites, string models, string devices, string tags) => RuleScope.All with
    {
        Sites = [.. Split(sites)],
        Models = [.. Split(models)],
        Devices = [.. Split(devices).Select(name => name == "own" ? DeviceId : Other)],
        Tags = Tags(tags),
    };

    private static ImmutableSortedDictionary<string, string> Tags(string tags) =>
        Split(tags).Select(tag => tag.Split('=')).ToImmutableSortedDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries);

    private static CompiledBook Book(params (string Id, RuleScope Scope)[] rules) => Book(SubjectKind.Device, rules);

    private static CompiledBook Book(SubjectKind subject, params (string Id, RuleScope Scope)[] rules) => new(
        new RuleBook(1, rules.ToImmutableSortedDictionary(
            rule => rule.Id,
            rule => new Versioned<RuleDefinition>(rule.Id, 1, Definition(Hot) with { Scope = rule.Scope, Subject = subject }),
            StringComparer.Ordinal)),
        NullLogger.Instance);

    private static IEnumerable<string> Ids(CompiledBook book, DeviceTraits traits, Guid? device = null) =>
        book.Of(traits, device ?? DeviceId).All.Select(rule => rule.Id).Order(StringComparer.Ordinal);
}
