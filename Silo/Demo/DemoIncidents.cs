using System.Text.Json;
using EsoCore.Feed;

namespace EsoCore.Silo.Demo;

/// <summary>
/// Says a line when an incident opens in the demo's project: what goes wrong with the simulated machines becomes one by itself.
/// </summary>
internal sealed class DemoIncidents(IGrainFactory grains, TimeProvider time, ILogger<DemoIncidents> log)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>Reads the project's feed until told to stop. What it misses is missing from the console alone.</summary>
    public async Task Watch(Guid projectId, TextWriter output, CancellationToken stopping)
    {
        var feed = grains.GetGrain<IFeedGrain>(projectId.ToString("D"));
        FeedPosition? after = null;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var page = await feed.Read(after, FeedLimits.MaxRead, FeedLimits.MaxWait, stopping);
                after = page.Position;
                foreach (var item in page.Items)
                {
                    if (LineOf(item.Entry, time) is { } line)
                        output.WriteLine(line);
                }
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                log.LogDebug(e, "The feed of the demo cannot be read; it is tried again");
                await Task.Delay(RetryAfter, time, stopping);
            }
        }
    }

    /// <summary>
    /// The line of an incident that has just opened, with the time of day that the logs beside it have and the path that shows it; null of
    /// anything else.
    /// </summary>
    internal static string? LineOf(FeedEntry entry, TimeProvider time)
    {
        if (entry.Kind != FeedKinds.Incident)
            return null;
        using var body = JsonDocument.Parse(entry.Body.ToString());
        var incident = body.RootElement;
        if (incident.GetProperty("version").GetInt64() != 1 || Text("status") != "open")
            return null;
        var opened = incident.GetProperty("opened_at").GetDateTimeOffset();
        return $"  {DemoBanner.TimeOfDay(opened, time)}  incident ({Text("severity")}): {Text("title")}  /api/incidents/{Text("id")}";

        string? Text(string name) => incident.GetProperty(name).GetString();
    }
}
