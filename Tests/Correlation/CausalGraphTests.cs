using EsoCore.Correlation;
using EsoCore.Grains.Correlation;
using EsoCore.Grains.Incidents;
using EsoCore.Incidents;
using EsoCore.Rules;
using EsoCore.Wire;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Correlation;

public sealed class CausalGraphTests
{
    /// <summary>Events that neither bring anything about nor follow from anything: good news, and the machine's ordinary work.</summary>
    private static readonly string[] Alone = ["connectivity_restored", "power_restored", "ota_completed", "cycle_open", "cycle_close"];

    [Fact]
    public void EveryKnownEvent_IsThoughtOf() =>
        Assert.Equal(Alone.Order(), KnownEvents.All.Select(e => e.Name).Where(n => !CausalGraph.Knows(n)).Order());

    [Fact]
    public void Graph_HasNoCircles() =>
        Assert.All(CausalGraph.Effects.Keys, cause => Assert.False(CausalGraph.Causes(cause, cause), cause));

    [Fact]
    public void Depth_OfAnEffect_IsGreaterThanThatOfEachCause() => Assert.All(
        CausalGraph.Effects.SelectMany(e => e.Value.Select(effect => (e.Key, effect))),
        edge => Assert.True(CausalGraph.Depth(edge.effect) > CausalGraph.Depth(edge.Key), $"{edge}"));

    [Theory]
    [InlineData("power_outage", "sync_backlog", true)]
    [InlineData("sync_backlog", "power_outage", false)]
    [InlineData("connectivity_lost", "device_offline", true)]
    [InlineData("enclosure_opened", "config_changed", true)]
    [InlineData("over_torque", "sync_failed", false)]
    [InlineData("unheard_of", "sync_failed", false)]
    public void Causes_AlongAnyPath_IsTold(string cause, string effect, bool expected) =>
        Assert.Equal(expected, CausalGraph.Causes(cause, effect));

    [Fact]
    public void Judge_CauseThatCameLate_TakesInWhatWasThere()
    {
        var offline = Incident("device_offline", 5, null);
        Assert.Null(Judge(offline)[offline.Id].CauseId);
        var power = Incident("power_outage", 0, null, severity: "critical");
        var verdicts = Judge(offline, power);
        Assert.Equal((power.Id, true), (verdicts[offline.Id].CauseId, verdicts[offline.Id].IsHeld));
        Assert.Equal((null, 1), (verdicts[power.Id].CauseId, verdicts[power.Id].Consequences));
    }

    [Fact]
    public void Judge_SeveralCauses_TakesTheNearestAndCountsUpwards()
    {
        var (power, lost, sync) = (Incident("power_outage", 0, null), Incident("connectivity_lost", 1, null),
            Incident("sync_failed", 2, null));
        var verdicts = Judge(sync, power, lost);
        Assert.Equal((lost.Id, power.Id), (verdicts[sync.Id].CauseId, verdicts[lost.Id].CauseId));
        Assert.Equal((2, 1), (verdicts[power.Id].Consequences, verdicts[lost.Id].Consequences));
    }

    [Fact]
    public void Judge_OutsideTheWindowOrOnAnotherDevice_IsNoConsequence()
    {
        var power = Incident("power_outage", 0, 10);
        var (late, early) = (Incident("sync_failed", 30, null), Incident("backup_activated", -5, null));
        var other = Incident("device_offline", 5, null, device: Guid.NewGuid());
        Assert.All([late, early, other], i => Assert.Null(Judge(power, i)[i.Id].CauseId));
    }

    [Fact]
    public void Judge_CauseOver_HoldsForAMomentAndNoLonger()
    {
        var power = Incident("power_outage", 0, 10) with { ResolvedAt = Ten.AddMinutes(10) };
        var lost = Incident("connectivity_lost", 1, null);
        var just = CauseFinder.Judge([power, lost], Ten.AddMinutes(11))[lost.Id];
        Assert.Equal((power.Id, true, Ten.AddMinutes(10) + CauseFinder.Aftermath), (just.CauseId, just.IsHeld, just.RecheckAt));
        var later = CauseFinder.Judge([power, lost], just.RecheckAt!.Value)[lost.Id];
        Assert.Equal((power.Id, false, null), (later.CauseId, later.IsHeld, later.RecheckAt));
    }

    [Fact]
    public void Judge_CauseWithoutAnEndOfItsOwn_HoldsForAWhileAfterItWasLastSeen()
    {
        var power = Incident("power_outage", 0, null) with { Lasts = false };
        var lost = Incident("connectivity_lost", 1, null);
        var just = CauseFinder.Judge([power, lost], Ten.AddMinutes(2))[lost.Id];
        Assert.Equal((true, Ten + CauseFinder.Lag + CauseFinder.Aftermath), (just.IsHeld, just.RecheckAt));
        var later = CauseFinder.Judge([power, lost], just.RecheckAt!.Value)[lost.Id];
        Assert.Equal((power.Id, false, null), (later.CauseId, later.IsHeld, later.RecheckAt));
    }

    [Fact]
    public void Judge_SuppressedCause_HoldsNothing()
    {
        var power = Incident("power_outage", 0, null) with { Status = IncidentStatus.Suppressed };
        var lost = Incident("connectivity_lost", 1, null);
        Assert.Equal((power.Id, false), (Judge(power, lost)[lost.Id].CauseId, Judge(power, lost)[lost.Id].IsHeld));
    }

    [Fact]
    public void Judge_CriticalWhereItsCauseIsNot_IsNotHeld()
    {
        var (edge, stop) = (Incident("safety_edge_triggered", 0, null),
            Incident("emergency_stop_activated", 0.1, null, severity: "critical"));
        var verdict = Judge(edge, stop)[stop.Id];
        Assert.Equal((edge.Id, false), (verdict.CauseId, verdict.IsHeld));
    }

    [Fact]
    public void Judge_SiteAsAWhole_TakesInItsDevices()
    {
        var site = Incident("site_devices_lost", 0, null) with { Subject = "site:HALL" };
        var (a, b) = (Incident("device_offline", 0, null, device: Guid.NewGuid()),
            Incident("power_outage", 1, null, severity: "critical", device: Guid.NewGuid()));
        var verdicts = Judge(site, a, b);
        Assert.All([a, b], i => Assert.Equal((site.Id, true), (verdicts[i.Id].CauseId, verdicts[i.Id].IsHeld)));
        Assert.Equal(2, verdicts[site.Id].Consequences);
        var custom = Incident("over_torque", 0, null) with { Subject = "site:HALL", Id = Guid.NewGuid() };
        var own = Incident("over_torque", 0, null);
        Assert.Equal(custom.Id, Judge(custom, own)[own.Id].CauseId);
    }

    [Fact]
    public void Judge_LongAfterTheLastDeviceOfASiteWasLost_IsTroubleOfItsOwn()
    {
        var site = Incident("site_devices_lost", 0, null) with { Subject = "site:HALL", LastAt = Ten.AddMinutes(20) };
        var (early, late) = (Incident("power_outage", 29, null, severity: "critical", device: Guid.NewGuid()),
            Incident("power_outage", 31, null, severity: "critical", device: Guid.NewGuid()));
        var verdicts = Judge(site, early, late);
        Assert.Equal((site.Id, true), (verdicts[early.Id].CauseId, verdicts[early.Id].IsHeld));
        Assert.Equal((null, false), (verdicts[late.Id].CauseId, verdicts[late.Id].IsHeld));

        // Nor is it taken in when the last straggler is back.
        verdicts = Judge(site with { EndedAt = Ten.AddDays(3) }, early, late);
        Assert.Equal((site.Id, null), (verdicts[early.Id].CauseId, verdicts[late.Id].CauseId));
    }

    [Fact]
    public void Neighbours_LongAfterASitesIncident_AreThoseOfTheDeviceAlone()
    {
        var site = Incident("site_devices_lost", 0, 60) with { Subject = "site:HALL" };
        var storm = Enumerable.Range(0, 1_000).Select(i => Incident("device_offline", i % 50, 60, device: WorkIds.Of("d", i))).ToList();
        var lost = Incident("connectivity_lost", 600, null);
        var (old, late) = (Incident("sync_failed", 500, 501), Incident("sync_failed", 601, null));
        List<Incident> all = [site, .. storm, lost, old, late];
        Assert.Equal(new[] { lost, old, late }.Select(i => i.Id).Order(), Neighbours(all, late).Select(i => i.Id).Order());
        Assert.Equal(1_001, Neighbours(all, storm[7]).Count);
        Assert.Equal(1_001, Neighbours(all, site).Count);
    }

    /// <summary>Whatever changes, judging the neighbours alone comes to what judging all comes to, and nothing else changes.</summary>
    [Fact]
    public void Neighbours_JudgedAlone_FareAsAmongAll()
    {
        string[] words = ["power_outage", "connectivity_lost", "device_offline", "sync_failed", "over_torque"];
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var all = Enumerable.Range(0, 40).Select(n => Made(random, words) with { Id = WorkIds.Of(seed, n) }).ToList();
            var before = CauseFinder.Judge(all, Ten.AddDays(1));
            var (at, changed) = (random.Next(all.Count), all.ToList());
            changed[at] = Made(random, words) with { Id = all[at].Id, Subject = all[at].Subject };
            var after = CauseFinder.Judge(changed, Ten.AddDays(1));
            var judged = CauseFinder.Judge(Neighbours(changed, all[at], changed[at]), Ten.AddDays(1));
            foreach (var (id, verdict) in after)
                Assert.Equal(verdict, judged.GetValueOrDefault(id) ?? before[id]);
        }
    }

    private static Incident Made(Random random, string[] words)
    {
        var start = random.Next(600);
        var made = Incident(
            words[random.Next(words.Length)], start, random.Next(3) == 0 ? null : start + random.Next(30),
            device: WorkIds.Of("d", random.Next(8)));
        return random.Next(6) == 0 ? made with { Cause = "site_devices_lost", Subject = "site:HALL" } : made;
    }

    private static List<Incident> Neighbours(IEnumerable<Incident> all, params Incident[] seeds) => CauseNeighbours.Of(
        seeds, [.. all.Where(CauseFinder.IsWide)],
        all.Where(i => !CauseFinder.IsWide(i)).GroupBy(i => i.Source.DeviceId).ToDictionary(g => g.Key, g => g.ToList()));

    private static Dictionary<Guid, CauseVerdict> Judge(params Incident[] incidents) => CauseFinder.Judge(incidents, Ten.AddMinutes(40));

    private static Incident Incident(string word, double start, double? end, string severity = "high", Guid? device = null) => new(
        WorkIds.Of(word, start, device ?? Logger), 1, Guid.Empty, word, SubjectKey.Device(device ?? Logger).ToString(),
        end is null ? IncidentStatus.Open : IncidentStatus.Resolved, severity, word, word, word, null, 0, Source(device),
        Ten.AddMinutes(start),
        Ten.AddMinutes(start), Ten.AddMinutes(end ?? start), end is { } e ? Ten.AddMinutes(e) : null, null, null, null, null, 1, 0, null,
        null, 0, "")
    {
        Lasts = true,
    };
}
