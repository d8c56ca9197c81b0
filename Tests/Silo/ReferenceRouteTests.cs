using System.Text.Json;
using Xunit;

namespace EsoCore.Tests.Silo;

/// <summary>What schedules, teams, policies and rules name must be there when they are saved, through the whole server.</summary>
public sealed class ReferenceRouteTests : IAsyncLifetime
{
    private readonly string _data = Directory.CreateTempSubdirectory("esocore-references-").FullName;
    private RunningSilo _silo = null!;
    private SeededDevice _device = null!;

    public async Task InitializeAsync()
    {
        _silo = await RunningSilo.Start(_data, "--demo");
        _device = await _silo.Seed();
        await Good("/api/people", """{"id":"max","name":"Max"}""");
    }

    public async Task DisposeAsync()
    {
        await _silo.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Documents_MadeInTheOrderInWhichTheyNameEachOther_AreTaken()
    {
        await Good("/api/channels",
            """{"id":"hook","name":"H","kind":"webhook","url":"https://example.com","secret":"0123456789abcdef"}""");
        await Good("/api/schedules", """{"id":"night","name":"N","layers":[{"people":["max"],"starts_on":"2026-01-05"}]}""");
        await Good("/api/teams", """{"id":"crew","name":"C","members":["person:max","schedule:night","channel:hook"]}""");
        await Good("/api/escalation-policies",
            """{"id":"p","name":"P","levels":[{"to":["team:crew","team:owner","person:max","schedule:night","channel:hook"]}]}""");
        await Good("/api/rules", Rule(
            """{"type":"notify","to":["team:crew","team:safety","channel:hook"]},{"type":"escalate","policy":"p"}"""));
    }

    [Fact]
    public async Task Schedule_ThatNamesNobody_IsRefusedWithEachNameByItsField()
    {
        Assert.Equal(
            [
                "time_zone: must be an IANA time zone, e.g. Europe/Berlin or UTC",
                "layers[0].people[1]: names no person of this project: 'person:max'; give the id alone",
                "layers[0].people[2]: names no person of this project: 'gone'",
                "layers[1].people[0]: names no person of this project: 'gone'",
                "overrides[0].person: names no person of this project: 'eva'",
            ],
            await Faults("/api/schedules", """
                {"name":"N","time_zone":"Mars","layers":[{"people":["max","person:max","gone"],"starts_on":"2026-01-05"},
                {"people":["gone","max"],"starts_on":"2026-01-05"}],
                "overrides":[{"person":"eva","from":"2026-05-01T00:00:00Z","to":"2026-05-02T00:00:00Z"}]}
                """));
    }

    [Fact]
    public async Task Team_ThatNamesWhatIsNotThere_IsRefusedWithEachNameByItsField() => Assert.Equal(
        [
            "members[4]: must be person:<id>, schedule:<id> or channel:<id>",
            "via[0]: must be one of: email, slack, sms, teams, ticket, webhook",
            "members[1]: names no person of this project: 'gone'",
            "members[2]: names no schedule of this project: 'night'",
            "members[3]: names no channel of this project: 'hook'",
        ],
        await Faults("/api/teams",
            """{"name":"C","members":["person:max","person:gone","schedule:night","channel:hook","team:gone"],"via":["pigeon"]}"""));

    [Fact]
    public async Task Policy_ThatNamesWhatIsNotThere_IsRefusedWithEachNameByItsField() => Assert.Equal(
        ["levels[1].to[1]: names no team of this project: 'crew'", "levels[1].to[2]: names no schedule of this project: 'night'"],
        await Faults("/api/escalation-policies",
            """{"name":"P","levels":[{"to":["team:it"]},{"to":["person:max","team:crew","schedule:night"]}]}"""));

    [Fact]
    public async Task FaultsOfFormAndContent_AreToldTogether()
    {
        Assert.Equal(
            ["max_repeats: must be a whole number from 0 to 10000", "levels[0].to[0]: names no team of this project: 'crew'"],
            await Faults("/api/escalation-policies", """{"name":"P","max_repeats":"many","levels":[{"to":["team:crew"]}]}"""));
        Assert.Equal(
            ["quiet: must be an object", "layers[0].people[0]: names no person of this project: 'gone'"],
            await Faults("/api/schedules", """{"name":"N","layers":[{"people":["gone"],"starts_on":"2026-01-05"}],"quiet":5}"""));
        var (_, list) = await _silo.Send(HttpMethod.Get, "/api/schedules", _device.ProjectKey);
        Assert.Empty(list.GetProperty("schedules").EnumerateArray());
    }

    [Fact]
    public async Task Rule_ThatNamesWhatIsNotThere_IsRefusedWithEachNameByItsField() => Assert.Equal(
        [
            "actions[0].to[1]: names no channel of this project: 'hook'",
            "actions[1].policy: names no escalation policy of this project: 'p'",
            "actions[1].to[0]: names no person of this project: 'gone'",
            "actions[2].to[0]: names no team of this project: 'crew'",
        ],
        await Faults("/api/rules", Rule("""
            {"type":"notify","to":["team:maintenance","channel:hook"]},{"type":"escalate","policy":"p","to":["person:gone"]},
            {"type":"escalate","after_s":600,"to":["team:crew"]}
            """)));

    [Fact]
    public async Task Channels_OfUnknownKinds_AreRefusedInRulesAndPoliciesAsInTeams()
    {
        Assert.Equal(
            [
                "actions[0].via[0]: must be one of: email, slack, sms, teams, ticket, webhook",
                "actions[1].via: must name each kind once",
                "actions[2].to[0]: must be team:<id>, person:<id>, schedule:<id> or channel:<id>",
                "actions[2].via[0]: must be one of: email, slack, sms, teams, ticket, webhook",
                "actions[3].via: must hold at most 6",
                "actions[2].policy: names no escalation policy of this project: 'p'",
            ],
            await Faults("/api/rules", Rule("""
                {"type":"notify","to":["team:it"],"via":["e-mail"]},
                {"type":"escalate","after_s":600,"to":["team:it"],"via":["sms","sms"]},
                {"type":"escalate","policy":"p","to":["it"],"via":["phone"]},
                {"type":"notify","to":["team:it"],"via":["email","slack","sms","teams","ticket","webhook","phone"]}
                """)));
        Assert.Equal(
            ["levels[1].via[1]: must be one of: email, slack, sms, teams, ticket, webhook"],
            await Faults("/api/escalation-policies", """
                {"name":"P","levels":[{"to":["team:it"]},{"after_s":60,"to":["team:it"],"via":["sms","phone"]}]}
                """));
    }

    [Fact]
    public async Task WhoWasTakenAway_MayStayButNotComeAnew()
    {
        await Good("/api/teams", """{"id":"crew","name":"C","members":["person:max"]}""");
        await Good("/api/rules", Rule("""{"type":"notify","to":["person:max"]}"""));
        Assert.Equal(204, (await _silo.Send(HttpMethod.Delete, "/api/people/max", _device.ProjectKey)).Status);

        Assert.Equal(400, (await Change("/api/teams/crew", """{"members":["person:max","channel:none"]}""")).Status);
        Assert.Equal(200, (await Change("/api/teams/crew", """{"name":"Crew","via":["email"]}""")).Status);
        Assert.Equal(200, (await Change("/api/rules/r", """{"enabled":false}""")).Status);
        Assert.Equal(["members[0]: names no person of this project: 'max'"],
            await Faults("/api/teams", """{"name":"D","members":["person:max"]}"""));
    }

    [Fact]
    public async Task AnotherProjectsPeople_AreNobodyHere()
    {
        var other = await _silo.Seed();
        Assert.NotEqual(_device.ProjectKey, other.ProjectKey);
        var (status, answer) = await _silo.Send(
            HttpMethod.Post, "/api/teams", other.ProjectKey, """{"name":"C","members":["person:max"]}""");
        Assert.Equal((400, "members[0]"), (status, answer.GetProperty("errors")[0].GetProperty("field").GetString()));
    }

    private static string Rule(string actions) =>
        $$"""{"id":"r","name":"R","condition":{"type":"threshold","metric":"temp","above":80},"actions":[{{actions}}]}""";

    private async Task Good(string path, string json)
    {
        var (status, answer) = await _silo.Send(HttpMethod.Post, path, _device.ProjectKey, json);
        Assert.True(status == 201, $"{path}: {status} {answer}");
    }

    private Task<(int Status, JsonElement Json)> Change(string path, string json) =>
        _silo.Send(HttpMethod.Patch, path, _device.ProjectKey, json);

    /// <summary>Field and message of each fault for which a document is refused.</summary>
    private async Task<IEnumerable<string>> Faults(string path, string json)
    {
        var (status, answer) = await _silo.Send(HttpMethod.Post, path, _device.ProjectKey, json);
        Assert.Equal(400, status);
        return answer.GetProperty("errors").EnumerateArray()
            .Select(error => $"{error.GetProperty("field").GetString()}: {error.GetProperty("message").GetString()}");
    }
}
