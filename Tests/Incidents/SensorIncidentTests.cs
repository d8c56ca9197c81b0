using EsoCore.Grains.Incidents;
using EsoCore.Incidents;
using EsoCore.Rules;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Incidents;

/// <summary>When the sensors that a fault muted are looked at again.</summary>
public sealed class SensorIncidentTests
{
    [Fact]
    public void ResolvedByAPerson_EnablesEveryFaultUpToThen()
    {
        var h = Faults();
        h.Take(Fault("A", 0, null), Fault("B", 1, null));
        h.Now = Ten.AddMinutes(10);
        h.Act(IncidentVerb.Resolve);
        Assert.Equal([(Logger, Ten.AddMinutes(10))], Outs(h));
    }

    [Fact]
    public void RestoredWhileALaterFaultGoesOn_EnablesNothing()
    {
        var h = Faults();
        h.Now = Ten.AddDays(1);
        h.Take(Fault("A", 0, 10), Fault("A", 60, null));
        Assert.Equal([IncidentStatus.Resolved, IncidentStatus.Open], h.Incidents.Select(i => i.Status));
        Assert.Empty(Outs(h));
    }

    [Fact]
    public void WithoutAnEndOfTheirOwn_QuietEnablesFaultsUpToTheLast()
    {
        var h = Faults();
        h.Take(Blip("sensor_fault", 0), Blip("sensor_fault", 30));
        h.WakeAt(Ten.AddMinutes(90));
        Assert.Equal(IncidentStatus.Resolved, h.Only.Status);
        Assert.Equal([(Logger, Ten.AddMinutes(30))], Outs(h));
    }

    [Fact]
    public void TakenIntoAnother_EnablesNothing()
    {
        var h = Faults();
        h.Now = Ten.AddMinutes(50);
        h.Take(Fault("A", 0, 5), Fault("B", 30, null));
        h.Take(Fault("A", 15, 20));
        Assert.Equal((IncidentStatus.Open, 3), (h.Only.Status, h.Only.Count));
        Assert.Empty(Outs(h));
    }

    [Fact]
    public void OfSeveralDevices_EnablesThoseOfEach()
    {
        var (h, other) = (new MachineHarness(Rule(new DisableSensorAlertsAction()) with { Subject = SubjectKind.Site },
            new SubjectKey(SubjectKind.Site, "HALL")) { Now = Ten.AddMinutes(5) }, Guid.NewGuid());
        h.Take(Fault("A", 0, null), Episode("sensor_fault", 1, null, device: other));
        h.Act(IncidentVerb.Resolve);
        Assert.Equal(new[] { Logger, other }.Order(), Outs(h).Select(o => o.Device).Order());
    }

    private static MachineHarness Faults() => new(Rule(new DisableSensorAlertsAction())) { Now = Ten.AddMinutes(2) };

    private static RuleEpisode Fault(string sensor, double start, double? end) =>
        Episode("sensor_fault", start, end, id: $"{sensor} {start}") with { Meta = $$"""{"sensor_id":"{{sensor}}"}""" };

    private static List<(Guid Device, DateTimeOffset? UpTo)> Outs(MachineHarness h) =>
        [.. h.State.Outgoing.OfType<SensorOut>().Select(s => (s.DeviceId, s.UpTo))];
}
