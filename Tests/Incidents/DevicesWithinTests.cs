using EsoCore.Grains.Correlation;
using EsoCore.Grains.Incidents;
using EsoCore.Grains.Rules;
using EsoCore.Incidents;
using EsoCore.Rules;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Incidents;

/// <summary>Rules over several devices within a time.</summary>
public sealed class DevicesWithinTests
{
    private const int Day = 24 * 60;

    [Fact]
    public void Lasting_DaysApart_MakeNoIncidentInAnyOrder()
    {
        RuleEpisode[] episodes = [.. Enumerable.Range(0, 8).Select(i => Lost(i, -i * Day))];
        for (var seed = 0; seed < 20; seed++)
        {
            var h = Site(TimeSpan.FromHours(1));
            Play(h, episodes, seed);
            Assert.Empty(h.Incidents);
        }
    }

    [Fact]
    public void Events_WithoutAQuietTime_DaysApart_MakeNoIncidentInAnyOrder()
    {
        RuleEpisode[] episodes = [.. Enumerable.Range(0, 8).Select(i => Blip("over_heat", -i * Day, device: Device(i)))];
        for (var seed = 0; seed < 20; seed++)
        {
            var h = Site(null);
            Play(h, episodes, seed);
            Assert.Empty(h.Incidents);
        }
    }

    [Fact]
    public void Events_WithoutAQuietTime_Together_AreOpenUntilPeopleSaySo()
    {
        RuleEpisode[] episodes = [.. Enumerable.Range(0, 5).Select(i => Blip("over_heat", i * 2, device: Device(i)))];
        for (var seed = 0; seed < 20; seed++)
        {
            var h = Site(null);
            Play(h, episodes, seed);
            Assert.Equal((IncidentStatus.Open, 5, Ten), (h.Only.Status, h.Only.Count, h.Only.StartedAt));
        }
    }

    [Fact]
    public void FourAwayForWeeks_AndAFifth_IsNone_AndFiveMoreAreOneOfFive()
    {
        RuleEpisode[] old = [.. Enumerable.Range(0, 9).Select(i => Lost(i, -(i + 7) * Day))];
        RuleEpisode[] together = [.. Enumerable.Range(20, 5).Select(i => Lost(i, i - 20))];
        for (var seed = 0; seed < 20; seed++)
        {
            var h = Site(TimeSpan.FromHours(1));
            Play(h, [.. old, together[0]], seed);
            Assert.Empty(h.Incidents);
            Play(h, [.. together[1..]], seed);
            Assert.Equal((IncidentStatus.Open, 5, Ten), (h.Only.Status, h.Only.Count, h.Only.StartedAt));
            Assert.StartsWith("5 devices", h.Only.Text);

            // Those that were away before neither belong to it nor keep it open.
            h.Take(together[2] with { End = Ten.AddMinutes(30) });
            Assert.Equal((IncidentStatus.Resolved, Ten.AddMinutes(30)), (h.Only.Status, h.Only.EndedAt));
        }
    }

    [Fact]
    public void OneOfThem_LostAgainSoonAfterTheEnd_ReopensIt()
    {
        var h = Site(TimeSpan.FromHours(1));
        Play(h, [.. Enumerable.Range(0, 5).Select(i => Lost(i, i))], 1);
        h.Take(Lost(2, 2) with { End = Ten.AddMinutes(30) });
        h.Take(Lost(2, 40));
        Assert.Equal((IncidentStatus.Open, 1, 6), (h.Only.Status, h.Only.Reopened, h.Only.Count));
    }

    [Fact]
    public void ResolvedByAPerson_WithinTheTimeInWhichTheyBegin_StaysSo()
    {
        var h = Site(TimeSpan.FromHours(1));
        h.Now = Ten.AddMinutes(5);
        Play(h, [.. Enumerable.Range(0, 5).Select(i => Lost(i, i))], 1);
        h.Act(IncidentVerb.Resolve);
        h.WakeAt(h.Now.AddMinutes(1));
        Assert.Equal(IncidentStatus.Resolved, h.Only.Status);
        h.Take(Lost(6, 6));
        Assert.Equal((IncidentStatus.Resolved, 5), (h.Only.Status, h.Only.Count));
    }

    [Fact]
    public void OneIsBackAWeekLater_WhileItGoesOn_DangerAtAnotherDeviceIsNotHeldBack()
    {
        var h = Site(TimeSpan.FromHours(1));
        Play(h, [.. Enumerable.Range(0, 8).Select(i => Lost(i, i))], 1);
        h.Now = Ten.AddDays(7);
        h.Take(Lost(0, 0) with { End = h.Now });
        Assert.Equal((IncidentStatus.Open, Ten.AddMinutes(7)), (h.Only.Status, h.Only.LastAt));
        var other = new MachineHarness(Rule(), SubjectKey.Device(Device(99))) { Now = h.Now };
        other.Take(Episode("power_outage", 7 * Day + 1, null, severity: "critical", device: Device(99)));
        var verdict = CauseFinder.Judge([h.Only, other.Only], h.Now.AddMinutes(1))[other.Only.Id];
        Assert.Equal((null, false), (verdict.CauseId, verdict.IsHeld));
    }

    private static MachineHarness Site(TimeSpan? resolveAfter) => new(
        Rule() with { Subject = SubjectKind.Site, ResolveAfter = resolveAfter }, new SubjectKey(SubjectKind.Site, "HALL"),
        new DevicesLimit(5, TimeSpan.FromMinutes(10)), "site_devices_lost")
    {
        Now = Ten.AddHours(1),
    };

    private static Guid Device(int i) => WorkIds.Of("d", i);

    private static RuleEpisode Lost(int device, double minute) => Episode("device_offline", minute, null, device: Device(device));

    private static void Play(MachineHarness h, RuleEpisode[] episodes, int seed)
    {
        var shuffled = episodes.ToArray();
        new Random(seed).Shuffle(shuffled);
        foreach (var episode in shuffled)
            h.Take(episode);
    }
}
