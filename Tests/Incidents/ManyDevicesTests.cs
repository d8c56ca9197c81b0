using EsoCore.Grains.Incidents;
using EsoCore.Grains.Rules;
using EsoCore.Incidents;
using EsoCore.Rules;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Incidents;

/// <summary>Rules over several devices where more are concerned than the episodes that are held of one.</summary>
public sealed class ManyDevicesTests
{
    private const int Many = 1_500;

    [Fact]
    public void TheNewestComeBack_StaysOpenWhileTheOthersAreAway()
    {
        var h = Lose(5, Many);
        Assert.StartsWith($"{Many} devices", h.Only.Text);
        Back(h, 900, Many);
        Assert.Equal(IncidentStatus.Open, h.Only.Status);
        Back(h, 4, 900);
        Assert.Equal((IncidentStatus.Resolved, (DateTimeOffset?)h.Now), (h.Only.Status, h.Only.EndedAt));
        Assert.DoesNotContain(h.Lines, line => line.Action is "incident.cut");
    }

    [Fact]
    public void ManyAreAsked_OpensAtTheirNumber()
    {
        var h = Lose(1_000, 999);
        Assert.Empty(h.Incidents);
        h.Take(Away(999));
        Assert.Equal(IncidentStatus.Open, h.Only.Status);
        Back(h, 0, 1);
        Assert.Equal(IncidentStatus.Resolved, h.Only.Status);
    }

    [Fact]
    public void ItsEpisodesAreForgottenForLaterOnes_StaysResolvedAndIsNotTakenBack()
    {
        var h = Lose(5, 20);
        var first = h.Only.Id;
        Back(h, 0, 20);
        h.HandOn();
        for (var i = 0; i < 2 * IncidentLimits.MaxEpisodesOfMany; i++)
        {
            h.Now += TimeSpan.FromHours(2);
            var minute = (h.Now - Ten).TotalMinutes;
            h.Take(Episode("device_offline", minute - 5, minute, device: WorkIds.Of("single", i)));
        }

        var last = h.Changes.Last(view => view.Id == first);
        Assert.Equal((IncidentStatus.Resolved, 20), (last.Status, last.Count));
        Assert.DoesNotContain("Withdrawn", last.Text);
        Assert.InRange(h.State.Episodes.Length, 1, IncidentLimits.MaxEpisodesOfMany);
    }

    [Fact]
    public void MoreThanAreHeld_SaysSoOnceAndIsBoundedInBytes()
    {
        var h = Lose(5, IncidentLimits.MaxEpisodesOfDevices + 10);
        h.Take(Away(IncidentLimits.MaxEpisodesOfDevices + 10));
        Assert.Single(h.Lines, line => line.Action == "incident.cut");
        Assert.InRange(WorkJson.Write(h.State).Length, 500_000, 1_500_000);
    }

    [Fact]
    public void Packed_IsReadAsItWas()
    {
        var episodes = Enumerable.Range(0, 600).Select(i => new HeldEpisode(
            WorkIds.Of(i), WorkIds.Of("d", i), Ten.AddSeconds(i), i % 2 == 0 ? null : Ten.AddSeconds(i + 5), i % 3 > 0,
            TimeSpan.FromSeconds(i), i % 5 == 0 ? "critical" : "info", null)).ToList();
        var (plain, packed) = PackedEpisodes.Split(episodes);
        Assert.Equal(PackedEpisodes.MaxPlain, plain.Length);
        Assert.Equal(episodes, plain.Concat(PackedEpisodes.Unpack(packed.Span)).OrderBy(e => e.Start));
        Assert.Throws<InvalidDataException>(() => PackedEpisodes.Unpack(packed.Span[..^1]));
        Assert.Throws<InvalidDataException>(() => PackedEpisodes.Unpack([9]));
    }

    private static MachineHarness Lose(int threshold, int devices)
    {
        var h = new MachineHarness(
            Rule() with { Subject = SubjectKind.Site }, new SubjectKey(SubjectKind.Site, "HALL"),
            new DevicesLimit(threshold, TimeSpan.FromMinutes(10)), "site_devices_lost")
        {
            Now = Ten.AddMinutes(10),
        };
        h.Take([.. Enumerable.Range(0, devices).Select(Away)]);
        return h;
    }

    private static RuleEpisode Away(int device) =>
        Episode("device_offline", device / 10_000.0, null, device: WorkIds.Of("d", device), id: "x");

    /// <summary>The devices of these numbers are back, ten minutes later.</summary>
    private static void Back(MachineHarness h, int from, int to)
    {
        h.Now += TimeSpan.FromMinutes(10);
        h.Take([.. Enumerable.Range(from, to - from).Select(i => Away(i) with { End = h.Now })]);
    }
}
