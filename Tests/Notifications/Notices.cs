using EsoCore.Incidents;
using EsoCore.Notifications;

namespace EsoCore.Tests.Notifications;

/// <summary>Notices for tests.</summary>
internal static class Notices
{
    public static readonly DateTimeOffset Noon = new(2025, 1, 15, 12, 0, 0, TimeSpan.Zero);

    public static readonly Guid Project = new("0193f2a0-0000-7000-8000-0000000000aa");

    public static Incident Incident(
        string severity = "critical", string rule = "power_outage", string? site = "HALL", Guid? device = null,
            string title = "Power outage",
        string subject = "device:x", string? asset = null) => new(
        Guid.NewGuid(), 1, Project, rule, subject, IncidentStatus.Open, severity, title, "Mains voltage was 0 V.", rule, null, 0,
        new EpisodeSource(device ?? Guid.Empty, "SN-1", "DOOR-2", "1.2.3", site, asset), Noon, Noon, Noon, null, null, null, null, null, 1,
            0, 0, 180, 0,
        """{"main_voltage":0}""");

    public static Notice Of(Incident incident, NoticeKind kind = NoticeKind.Opened, params string[] via) =>
        new(Guid.NewGuid(), kind, incident, [.. via], incident.Source.SiteId ?? Project.ToString("D"), Noon);
}
