using EsoCore.Devices;
using EsoCore.Incidents;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>Why an incident is to tell nobody.</summary>
/// <param name="Until">When that ends; null: nobody knows.</param>
internal sealed record Muted(string Reason, DateTimeOffset? Until);

/// <summary>Whether an incident is to tell nobody at a time, and why.</summary>
internal static class Muting
{
    /// <summary>Why, or null when it is not muted.</summary>
    public static Muted? Why(Incident incident, NotificationBook book, DeviceFacts? device, DateTimeOffset at)
    {
        if (device?.Status == DeviceStatus.Maintenance)
            return new Muted("the device is in maintenance", null);
        foreach (var (id, window) in book.Windows)
        {
            if (Concerns(window, incident) && Holds(window, at))
                return new Muted($"maintenance window {id}", window.Weekly is { } weekly ? WallClock.EndOf(weekly, at) : window.To);
        }

        foreach (var (id, silence) in book.Silences)
        {
            if (at >= silence.From && at < silence.To && Matches(silence.Matchers, incident, device))
                return new Muted($"silence {id}", silence.To);
        }

        return null;
    }

    private static bool Concerns(MaintenanceWindowDefinition window, Incident incident) =>
        Names(window.Sites, SiteOf(incident)) || window.Devices.Contains(incident.Source.DeviceId);

    private static bool Holds(MaintenanceWindowDefinition window, DateTimeOffset at) =>
        window.Weekly is { } weekly ? WallClock.Holds(weekly, at) : at >= window.From && at < window.To;

    private static bool Matches(SilenceMatchers matchers, Incident incident, DeviceFacts? device) =>
        (matchers.Rules.IsEmpty || Names(matchers.Rules, incident.RuleId))
        && (matchers.Severities.IsEmpty || Names(matchers.Severities, incident.Severity))
        && (matchers.Sites.IsEmpty || Names(matchers.Sites, SiteOf(incident)))
        && (matchers.Devices.IsEmpty || matchers.Devices.Contains(incident.Source.DeviceId))
        && (matchers.Assets.IsEmpty || Names(matchers.Assets, AssetOf(incident)))
        && matchers.Tags.All(tag => device is not null && device.Tags.TryGetValue(tag.Key, out var value) && value == tag.Value);

    /// <summary>An incident about a site is at it, whichever device told of it.</summary>
    private static string? SiteOf(Incident incident) =>
        incident.Subject.StartsWith("site:", StringComparison.Ordinal) ? incident.Subject[5..] : incident.Source.SiteId;

    private static string? AssetOf(Incident incident) =>
        incident.Subject.StartsWith("asset:", StringComparison.Ordinal) ? incident.Subject[6..] : incident.Source.AssetId;

    private static bool Names(ImmutableArray<string> list, string? id) => id is not null && list.Contains(id, StringComparer.Ordinal);
}
