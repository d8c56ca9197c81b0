using EsoCore.Feed;
using EsoCore.Silo.Demo;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Silo;

public sealed class DemoIncidentsTests
{
    [Fact]
    public void LineOf_AnIncidentThatOpens_SaysWhenAndWhereToLookItUp()
    {
        Assert.Equal("  14:30:22  incident (critical): Power outage: DEMO-003  /api/incidents/i-1", Line(FeedKinds.Incident, 1, "open"));
        Assert.Null(Line(FeedKinds.Incident, 2, "open"));
        Assert.Null(Line(FeedKinds.Incident, 1, "resolved"));
        Assert.Null(Line(FeedKinds.Twin, 1, "open"));
    }

    [Fact]
    public void Banner_SaysWhereIncidentsAre()
    {
        var output = new StringWriter();
        var device = new DemoDevice(Guid.NewGuid(), Guid.NewGuid(), "s", "DEMO-001", "door", "HALL", "DOOR_1");
        var state = new DemoState(Guid.NewGuid(), Guid.NewGuid(), "s", [device]);
        DemoBanner.Write(output, "http://127.0.0.1:8080", state, "demo.env", new FakeTimeProvider());
        Assert.Contains("http://127.0.0.1:8080/api/incidents\n", output.ToString());
        Assert.Contains("12:00:00  EsoCore runs at", output.ToString());
        Assert.Contains($"{state.ProjectId:D}", output.ToString());
    }

    private static string? Line(string kind, int version, string status)
    {
        var body = $$"""
            {"version":{{version}},"status":"{{status}}","id":"i-1","severity":"critical","title":"Power outage: DEMO-003",
             "opened_at":"2025-01-15T14:30:22.5Z"}
            """;
        return DemoIncidents.LineOf(new FeedEntry($"x:{version}", kind, null, null, new JsonText(body)), new FakeTimeProvider());
    }
}
