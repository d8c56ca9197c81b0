using System.Collections.Immutable;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Rules.Evaluation;
using EsoCore.Rules;
using EsoCore.Sites;
using Xunit;
using static EsoCore.Tests.Rules.RuleSeeds;

namespace EsoCore.Tests.Rules;

/// <summary>Rules over events.</summary>
public sealed class EventRulesTests
{
    [Fact]
    public void Event_OnItsOwn_IsOverAsItHappens()
    {
        var rule = Rule("""{"type":"event","types":["tamper_detected"]}""");
        var episode = Assert.Single(Tell(rule, [Event("tamper_detected", 5, """{"who":"x"}""")]));
        Assert.Equal((false, Start.AddSeconds(5), Start.AddSeconds(5), TimeSpan.Zero), (
            episode.Lasts, episode.Start, episode.End, episode.HoldFor));
        Assert.Equal(("tamper_detected", """{"who":"x"}""", 1), (episode.Cause, episode.Meta, episode.Count));
    }

    [Theory]
    [InlineData("connectivity_lost", "", 1)]
    [InlineData("power_outage", "", 1)]
    [InlineData("safe_shutdown_initiated", "", 1)]
    [InlineData("supercap_low", """{"voltage":3.9}""", 1)]
    [InlineData("safety_edge_triggered", "", 0)]
    [InlineData("emergency_stop_activated", "", 1)]
    [InlineData("light_curtain_breach", "", 1)]
    [InlineData("server_unreachable", """{"retry_count":6}""", 1)]
    [InlineData("sensor_fault", """{"sensor_id":"T-1"}""", 1)]
    [InlineData("tamper_detected", "", 1)]
    [InlineData("sd_error", "", 1)]
    public void Workflow_OneTrigger_TellsItsEpisode(string id, string meta, int expected)
    {
        var rule = new CompiledRule(id, 0, DefaultRules.All[id]);
        var closed = OperatingHours.Of(
            new SiteDefinition("Hall", null, "UTC", ImmutableSortedDictionary<string, ImmutableArray<OpenHours>>.Empty));
        var told = Tell(rule, [Event(id, 0, meta, "critical")], surroundings: Surroundings(closed, Rated("supercap_v", 5)));
        Assert.Equal(expected, told.Count);
        Assert.All(told, episode => Assert.Equal((id, DefaultRules.All[id].Severity), (episode.Cause, episode.Severity)));
    }

    [Theory]
    [InlineData("""{"voltage":3.9}""", true, 3.9)]
    [InlineData("""{"voltage":4.1}""", false, null)]
    [InlineData("""{"volts":1}""", true, null)]
    [InlineData("", true, null)]
    public void Where_VoltageBelow80PercentOfRated_Holds(string meta, bool holds, double? value)
    {
        var rule = new CompiledRule("supercap_low", 0, DefaultRules.All["supercap_low"]);
        var told = Tell(rule, [Event("supercap_low", 0, meta)], surroundings: Surroundings(rated: Rated("supercap_v", 5)));
        Assert.Equal(holds, told.Count == 1);
        if (holds)
            Assert.Equal(value, told[0].Value);
    }

    [Theory]
    [InlineData("""{"retry_count":5}""", 0)]
    [InlineData("""{"retry_count":6}""", 1)]
    [InlineData("""{"retry_count":"6"}""", 0)]
    [InlineData("", 0)]
    public void Where_RetryCountAbove5_Holds(string meta, int expected) =>
        Assert.Equal(expected,
            Tell(new CompiledRule("server_unreachable", 0, DefaultRules.All["server_unreachable"]), [Event("server_unreachable", 0, meta)])
            .Count);

    [Theory]
    [InlineData("over_torque", "", 1)]
    [InlineData("cycle_close", """{"peak_torque_nm":34}""", 0)]
    [InlineData("cycle_close", """{"peak_torque_nm":36}""", 1)]
    public void OverTorque_OfACycleOrSaidByTheDevice_IsTold(string type, string meta, int expected)
    {
        var rule = new CompiledRule("over_torque", 0, DefaultRules.All["over_torque"]);
        Assert.Equal(expected, Tell(rule, [Event(type, 0, meta)], surroundings: Surroundings(rated: Rated("over_torque_nm", 35))).Count);
    }

    [Fact]
    public void Restored_InOneBatch_TellsTheWholeEpisode()
    {
        var rule = Rule("""{"type":"event","types":["connectivity_lost"],"lasting_s":300}""");
        var episode = Assert.Single(
            Tell(rule, [Event("connectivity_lost", 0), Event("connectivity_lost", 60), Event("connectivity_restored", 400)]));
        Assert.Equal((true, Start, Start.AddSeconds(400), TimeSpan.FromMinutes(5), 2), (
            episode.Lasts, episode.Start, episode.End, episode.HoldFor, episode.Count));
    }

    [Fact]
    public void Restored_EndComesLater_TellsTheSameEpisodeAnew()
    {
        var rule = Rule("""{"type":"event","types":["power_outage"]}""");
        var begun = Assert.Single(Tell(rule, [Event("power_outage", 0)]));
        Assert.Null(begun.End);
        var ended = Assert.Single(Tell(rule, [Event("power_restored", 90)], [Event("power_outage", 0)]));
        Assert.Equal((begun.EpisodeId, Start.AddSeconds(90), "Power outage; it lasted 90 s."), (ended.EpisodeId, ended.End, ended.Text));
    }

    [Fact]
    public void Restored_EarlierStartComesLate_WithdrawsTheLaterOne()
    {
        var rule = Rule("""{"type":"event","types":["power_outage"]}""");
        var later = Assert.Single(Tell(rule, [Event("power_outage", 100)]));
        var told = Tell(rule, [Event("power_outage", 50)], [Event("power_outage", 100)]);
        Assert.Equal([(2, 50.0), (0, 100.0)], told.Select(e => (e.Count, (e.Start - Start).TotalSeconds)));
        Assert.Equal(later.EpisodeId, told[1].EpisodeId);
    }

    [Fact]
    public void Restored_SameSensor_EndsOnlyItsOwn()
    {
        var rule = new CompiledRule("sensor_fault", 0, DefaultRules.All["sensor_fault"]);
        var run = Run(RuleMemory.Empty, Start, null, rule);
        EventRules.Evaluate(
            run, rule,
            [
                Event("sensor_fault", 0, """{"sensor_id":"A"}"""), Event("sensor_fault", 1, """{"sensor_id":"B"}"""),
                Event("sensor_restored", 5, """{"sensor_id":"A"}"""),
            ],
            [], Surroundings());
        Assert.Equal([Start.AddSeconds(5), null], run.Told.Select(t => t.Episode.End));
        Assert.Equal(["B"], run.After.Mutes.Where(m => m.IsMuted).Select(m => m.Sensor));
    }

    [Fact]
    public void Restored_WithoutASensor_EndsTheMutesOfAll()
    {
        var rule = new CompiledRule("sensor_fault", 0, DefaultRules.All["sensor_fault"]);
        var run = Run(RuleMemory.Empty, Start, null, rule);
        EsoCore.Grains.Storage.NewEvent[] faults =
            [Event("sensor_fault", 0, """{"sensor_id":"A"}"""), Event("sensor_fault", 1, """{"sensor_id":"B"}""")];
        EventRules.Evaluate(run, rule, [.. faults], [], Surroundings());
        Assert.Equal(2, run.After.Mutes.Count(m => m.IsMuted));
        run = Run(run.After, Start, null, rule);
        EventRules.Evaluate(run, rule, [Event("sensor_restored", 5)], [.. faults], Surroundings());
        Assert.DoesNotContain(run.After.Mutes, m => m.IsMuted);
    }

    [Fact]
    public void EndWithoutRule_RuleGone_EndsItsMutes()
    {
        var rule = new CompiledRule("sensor_fault", 0, DefaultRules.All["sensor_fault"]);
        var run = Run(RuleMemory.Empty, Start, null, rule);
        EventRules.Evaluate(run, rule, [Event("sensor_fault", 0, """{"sensor_id":"A"}""")], [], Surroundings());
        var still = Run(run.After, Start, null, rule);
        still.EndWithoutRule();
        Assert.Single(still.After.Mutes);
        var gone = Run(run.After, Start, null);
        gone.EndWithoutRule();
        Assert.Empty(gone.After.Mutes);
    }

    [Fact]
    public void Count_WithinTheWindow_TellsOneEpisodeAStretch()
    {
        var rule = Rule("""{"type":"event","types":["safety_edge_triggered"],"count":3,"within_s":600}""");
        Assert.Empty(Tell(rule,
            [Event("safety_edge_triggered", 0), Event("safety_edge_triggered", 500), Event("safety_edge_triggered", 1000)]));
        var episode = Assert.Single(Tell(rule, [.. Enumerable.Range(0, 5).Select(i => Event("safety_edge_triggered", i * 100))]));
        Assert.Equal((5, 5.0, 3.0, false), (episode.Count, episode.Value, episode.Limit, episode.Lasts));
        Assert.Equal(Start.AddSeconds(200), episode.Start);
        Assert.Equal("5 times safety edge triggered within 10 min; the limit is 3.", episode.Text);
    }

    [Fact]
    public void ManyEventsInOneBatch_BeyondTheLimit_AreToldTogether()
    {
        var rule = Rule("""{"type":"event","types":["tamper_detected"]}""");
        var told = Tell(rule, [.. Enumerable.Range(0, 250).Select(i => Event("tamper_detected", i))]);
        Assert.Equal(RuleLimits.MaxEpisodesABatch + 1, told.Count);
        Assert.Equal(250, told.Sum(e => e.Count));
    }

    [Fact]
    public void CategoryAndSeverity_AskForNoName()
    {
        var rule = Rule("""{"type":"event","categories":["security"],"min_severity":"high"}""");
        Assert.Single(Tell(rule,
            [Event("door_forced", 0, category: "security"), Event(
            "door_forced", 1, category: "security", severity: "low"), Event("x", 2)]));
        Assert.Single(new DeviceRules([rule]).OfEvent("door_forced"));
    }

    [Fact]
    public void Scope_Assets_ConcernsOnlyTheirEvents()
    {
        var rule = Rule("""{"type":"event","types":["over_torque"]}""", change: r =>
            r with { Subject = SubjectKind.Asset, Scope = RuleScope.All with { Assets = ["R1"] } });
        var run = Run(RuleMemory.Empty, Start, null, rule);
        EventRules.Evaluate(run, rule,
            [Event("over_torque", 0, asset: "R1"), Event("over_torque", 1, asset: "R2"), Event("over_torque", 2)], [], Surroundings());
        Assert.Equal("asset:R1", Assert.Single(run.Told).Subject.ToString());
    }

    // Berlin, open 08:00-18:00 from Monday to Friday. On 29 March 2026 clocks go from 02:00 to 03:00; on 25 October back again.
    [Theory]
    [InlineData("2026-03-27T07:30:00Z", true)] // Friday 08:30, still winter time
    [InlineData("2026-03-27T06:30:00Z", false)] // 07:30
    [InlineData("2026-03-30T06:30:00Z", true)] // Monday 08:30, summer time by now
    [InlineData("2026-03-30T16:30:00Z", false)] // 18:30
    [InlineData("2026-03-28T12:00:00Z", false)] // Saturday
    [InlineData("2026-10-26T07:30:00Z", true)] // Monday 08:30, winter time again
    [InlineData("2026-10-26T06:30:00Z", false)]
    [InlineData("2026-10-25T00:30:00Z", true)] // Sunday 02:30 for the first time
    [InlineData("2026-10-25T01:30:00Z", true)] // and for the second
    public void OperatingHours_OverChangesToDaylightSaving_FollowTheClockOnTheWall(string time, bool open)
    {
        var week = ImmutableSortedDictionary<string, ImmutableArray<OpenHours>>.Empty.Add("sun", [new OpenHours("02:00", "03:00")]);
        foreach (var day in new[] { "mon", "tue", "wed", "thu", "fri" })
            week = week.Add(day, [new OpenHours("08:00", "18:00")]);
        var hours = OperatingHours.Of(new SiteDefinition("Hall", null, "Europe/Berlin", week));
        Assert.Equal(open, hours.IsOpen(DateTimeOffset.Parse(time)));
    }

    [Fact]
    public void OutsideOperatingHours_SiteOpenOrWithoutHours_TellsNothing()
    {
        var rule = new CompiledRule("light_curtain_breach", 0, DefaultRules.All["light_curtain_breach"]);
        Assert.Empty(Tell(rule, [Event("light_curtain_breach", 0)]));
        var closed = OperatingHours.Of(
            new SiteDefinition("Hall", null, "UTC", ImmutableSortedDictionary<string, ImmutableArray<OpenHours>>.Empty));
        Assert.Single(Tell(rule, [Event("light_curtain_breach", 0)], surroundings: Surroundings(closed)));
    }
}
