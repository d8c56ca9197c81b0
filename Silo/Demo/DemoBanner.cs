using System.Globalization;

namespace EsoCore.Silo.Demo;

/// <summary>What the demo tells whoever started it.</summary>
internal static class DemoBanner
{
    public static void Write(TextWriter output, string url, DemoState state, string envPath, TimeProvider time)
    {
        var device = state.Devices[0];
        var projectKey = $"{state.ProjectKeyId:D}:{state.ProjectKeySecret}";
        output.WriteLine($"""

              {TimeOfDay(time.GetUtcNow(), time)}  EsoCore runs at {url} with {state.Devices.Count} simulated devices uploading
                        to the project {state.ProjectId:D}.

              The live twin of one of them ({device.Serial}, a {device.Machine}):
                curl -s -u '{projectKey}' {url}/api/devices/{device.DeviceId:D}/twin

              Its site and its machine:
                curl -s -u '{projectKey}' {url}/api/sites/{device.SiteId}
                curl -s -u '{projectKey}' {url}/api/assets/{device.AssetId}

              Now and then something goes wrong with them and becomes an incident, told below with its path; the first within minutes:
                curl -s -u '{projectKey}' {url}/api/incidents

              Every route: {url}/docs     Keys for scripts: . {envPath}
              This is a demo: anyone who reaches it can make projects. Stop it with Ctrl+C.

            """);
    }

    /// <summary>A time as the logs on the terminal show theirs: of this machine, without the day.</summary>
    public static string TimeOfDay(DateTimeOffset at, TimeProvider time) =>
        TimeZoneInfo.ConvertTime(at, time.LocalTimeZone).ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}
