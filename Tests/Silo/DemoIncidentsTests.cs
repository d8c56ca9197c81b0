using EsoCore.Feed;
using EsoCore.Silo.Demo;
using Xunit;

namespace EsoCore.Tests.Silo;

public sealed class DemoIncidentsTests
{
    [Fact]
    public void LineOf_AnIncidentThatOpens_NamesIt()
    {
        Assert.Equal("  incident (critical): Power outage: DEMO-003", Line(FeedKinds.Incident, 1, "open"));
        Assert.Null(Line(FeedKinds.Incident, 2, "open"));
        Assert.Null(Line(FeedKinds.Incident, 1, "resolved"));
        Assert.Null(Line(FeedKinds.Twin, 1, "open"));
    }

    [Fact]
    public void Banner_SaysWhereIncidentsAre()
    {
        var output = new StringWriter();
        var device = new DemoDevice(Guid.NewGuid(), Guid.NewGuid(), "s", "DEMO-001", "door", "HALL", "DOOR_1");
        DemoBanner.Write(output, "http://127.0.0.1:8080", new DemoState(Guid.NewGuid(), Guid.NewGuid(), "s", [device]), "demo.env");
        Assert.Contains("http://127.0.0.1:8080/api/incidents\n", output.ToString());
    }

    private static string? Line(string kind, int version, string status) => DemoIncidents.LineOf(new FeedEntry(
        $"x:{version}", kind, null, null,
        new JsonText($$"""{"version":{{version}},"status":"{{status}}","severity":"critical","title":"Power outage: DEMO-003"}""")));
}
