using System.Collections.Immutable;
using System.Text.Json;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Rules;
using EsoCore.Tests.Api;
using EsoCore.Tests.Support;
using Xunit;
using static EsoCore.Tests.Rules.RuleSeeds;

namespace EsoCore.Tests.Rules;

/// <summary>Rules are refused with all their faults, by the server as by the published schema.</summary>
public sealed class RuleValidationTests
{
    public static TheoryData<string, string> Faulty => new()
    {
        { """{"type":"treshold","metric":"temp","above":1}""", "condition.type" },
        { """{"type":"threshold","above":1}""", "condition.metric" },
        { """{"type":"threshold","metric":"temp"}""", "condition.above" },
        { """{"type":"threshold","metric":"temp","abvoe":1,"below":2}""", "condition.abvoe" },
        { """{"type":"threshold","metric":"temp","above":{"percent":80}}""", "condition.above.rated" },
        { """{"type":"threshold","metric":"temp","above":1,"for_s":-1}""", "condition.for_s" },
        { """{"type":"rate_of_change","metric":"temp","above":1,"per":"day","period_s":60}""", "condition.per" },
        { """{"type":"window_statistic","metric":"vibration","stat":"median","above":1}""", "condition.stat" },
        { """{"type":"missing_data","metric":"temp"}""", "condition.silent_s" },
        { """{"type":"event"}""", "condition.types" },
        { """{"type":"event","types":["x"],"where":[{"meta":"a"}]}""", "condition.where[0].above" },
        { """{"type":"event","types":["x"],"count":0}""", "condition.count" },
        { """{"type":"event","types":["x"],"types":["x",1]}""", "condition" },
        { """{"type":"devices","count":1,"within_s":60,"of":{"type":"event","types":["x"]}}""", "condition.count" },
        { """{"type":"devices","count":2,"within_s":60,"of":{"type":"threshold","metric":"x","above":1}}""", "condition.of.type" },
        { """{"type":"device_state","state":"asleep"}""", "condition.state" },
        { """{"type":"anomaly","of":"events","types":[]}""", "condition.types" },
        { """{"type":"anomaly","of":"forecast","metric":"x","above":1,"below":0}""", "condition.above" },
        { """{"type":"fleet_pattern","devices":1}""", "condition.devices" },
        { """{"type":"fleet_pattern","within_s":90000}""", "condition.within_s" },
        { """{"type":"fleet_pattern","ratio":1,"firmware_devices":0.5}""", "condition.ratio" },
        { """{"type":"fleet_pattern","count":5}""", "condition.count" },
    };

    [Theory]
    [MemberData(nameof(Faulty))]
    public async Task A_faulty_condition_is_refused_under_its_path_and_by_the_schema(string condition, string field)
    {
        Assert.Contains(RuleValidator.Validate("r", Definition(condition)), error => error.Field == field);
        if (field == "condition")
            return; // A member that stands twice is no matter of a schema.
        Assert.NotEmpty(await Check($$"""{"name":"Test","condition":{{condition}}}"""));
    }

    [Theory]
    [InlineData("""{"type":"threshold","metric":"temp","above":1,"clear_above":2}""", "condition.clear_above")]
    [InlineData("""{"type":"threshold","metric":"temp","above":1,"below":2}""", "condition.above")]
    [InlineData("""{"type":"threshold","metric":"temp","above":10,"below":0,"clear_above":-5}""", "condition.clear_above")]
    [InlineData("""{"type":"threshold","metric":"temp","above":10,"below":0,"clear_above":4,"clear_below":5}""", "condition.clear_above")]
    [InlineData("""{"type":"threshold","metric":"temp","above":10,"below":0,"clear_below":11}""", "condition.clear_below")]
    [InlineData("""{"type":"threshold","metric":"temp","above":1,"clear_below":2}""", "condition.clear_below")]
    [InlineData("""{"type":"window_statistic","metric":"v","stat":"bandpower","above":1}""", "condition.band")]
    [InlineData("""{"type":"event","types":["x"],"count":2}""", "condition.within_s")]
    [InlineData("""{"type":"event","types":["x"],"lasting_s":60}""", "condition.lasting_s")]
    [InlineData("""{"type":"event","types":["x"],"restored_by":["x"]}""", "condition.restored_by")]
    [InlineData("""{"type":"device_state","state":"low_disk"}""", "condition.used_percent")]
    [InlineData("""{"type":"devices","count":2,"within_s":60,"of":{"type":"event","types":["x"]}}""", "subject")]
    [InlineData("""{"type":"fleet_pattern"}""", "subject")]
    public void What_no_schema_can_say_is_refused_all_the_same(string condition, string field) =>
        Assert.Contains(RuleValidator.Validate("r", Definition(condition)), error => error.Field == field);

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var rule = Definition("""{"type":"threshold","metric":5,"above":"x","for_s":"y"}""") with
        {
            Name = "",
            Severity = "grave",
            Scope = RuleScope.All with { Sites = ["", "ok"] },
            ReopenWithin = TimeSpan.FromDays(31),
            Actions =
            [
                new NotifyAction(["safety"], []), new NotifyAction([], []), new TicketAction("party", TimeSpan.Zero, null),
                new EscalateAction(null, null, ["team:x"], []),
            ],
        };
        var fields = RuleValidator.Validate("a/b", rule).Select(error => error.Field).ToHashSet();
        Assert.Superset(
            new HashSet<string>
            {
                "id", "name", "severity", "scope.sites[0]", "reopen_within_s", "condition.metric", "condition.above", "condition.for_s",
                    "actions[0].to[0]",
                "actions[1].to", "actions[2].kind", "actions[2].due_in_s", "actions[3].after_s",
            },
            fields);
    }

    [Theory]
    [InlineData("""["email","slack","sms","teams","ticket","webhook"]""", true)]
    [InlineData("""["e-mail"]""", false)]
    [InlineData("""["sms","sms"]""", false)]
    public async Task Kinds_of_channels_are_those_that_there_are_in_the_schema_too(string via, bool isGood)
    {
        var actions = $$"""[{"type":"notify","to":["team:it"],"via":{{via}}}]""";
        var rule = $$"""{"name":"Test","condition":{"type":"threshold","metric":"temp","above":1},"actions":{{actions}}}""";
        Assert.Equal(isGood, (await Check(rule)).Count == 0);
    }

    [Fact]
    public async Task Every_default_rule_is_good_and_as_the_schema_says()
    {
        await using var door = await FrontDoor.Open();
        var list = (await door.Send(door.AsProject(HttpMethod.Get, "/api/rules?limit=1000"))).Is(200).Json.GetProperty("rules");
        Assert.Equal(DefaultRules.All.Count, list.GetArrayLength());
        foreach (var rule in list.EnumerateArray())
        {
            // What is ours in an answer is taken as well, and passed over.
            var own = rule.EnumerateObject().Where(member => member.Name is not ("version" or "built_in" or "incidents"))
                .ToDictionary(member => member.Name, member => member.Value);
            Assert.Empty(await Check(JsonSerializer.Serialize(own)));
        }

        Assert.All(DefaultRules.All, rule => Assert.Empty(RuleValidator.Validate(rule.Key, rule.Value)));
    }

    [Fact]
    public void Defaults_are_the_eleven_workflows_and_what_the_platform_looks_after()
    {
        string[] workflows =
        [
            "connectivity_lost", "power_outage", "safe_shutdown_initiated", "supercap_low", "safety_edge_triggered",
            "emergency_stop_activated",
            "light_curtain_breach", "server_unreachable", "sensor_fault", "tamper_detected", "sd_error",
        ];
        Assert.Superset(workflows.ToHashSet(), DefaultRules.All.Keys.ToHashSet());
        Assert.All(workflows, id => Assert.Contains(DefaultRules.All[id].Actions, action => action is NotifyAction));
        Assert.Equal(new DevicesLimit(5, TimeSpan.FromMinutes(10)), RuleAccess.DevicesOf(DefaultRules.All["site_devices_lost"]));
        Assert.Null(RuleAccess.DevicesOf(DefaultRules.All["power_outage"]));
        var escalation = Assert.Single(DefaultRules.All["connectivity_lost"].Actions.OfType<EscalateAction>());
        var lost = (EventCondition)ConditionReader.Read(DefaultRules.All["connectivity_lost"].Condition);
        Assert.Equal(TimeSpan.FromMinutes(30), lost.Lasting + escalation.After);
    }

    [Fact]
    public void Known_restoring_events_are_taken_unless_others_are_named()
    {
        static EventCondition Read(string text) => (EventCondition)ConditionReader.Read(new JsonText(text));
        Assert.Equal("power_restored", Assert.Single(Read("""{"type":"event","types":["power_outage","low_voltage"]}""").RestoredBy));
        Assert.Empty(Read("""{"type":"event","types":["power_outage","tamper_detected"]}""").RestoredBy);
        Assert.Empty(Read("""{"type":"event","types":["power_outage"],"restored_by":[]}""").RestoredBy);
    }

    [Fact]
    public void Fleet_pattern_with_a_scope_is_refused()
    {
        var rule = DefaultRules.All[DefaultRules.FleetPattern];
        Assert.Empty(RuleValidator.Validate("r", rule));
        Assert.Contains(
            RuleValidator.Validate("r", rule with { Scope = RuleScope.All with { Sites = ["HALL"] } }), error => error.Field == "scope");
    }

    private static async Task<List<string>> Check(string rule)
    {
        await using var door = await FrontDoor.Open();
        var schema = (await door.Send(door.AsProject(HttpMethod.Get, "/api/rules/schema"))).Is(200).Json;
        return new SchemaChecker(schema).Check(schema, JsonDocument.Parse(rule).RootElement, closed: false);
    }
}
