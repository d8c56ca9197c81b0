using System.Text.Json;
using System.Text.Json.Serialization;
using EsoCore.Sites;

namespace EsoCore.Api;

/// <summary>A site as people manage it.</summary>
internal record SiteBody(
    string Id, string Name, string? Address, string TimeZone, ImmutableSortedDictionary<string, ImmutableArray<OpenHours>>? OperatingHours)
{
    public SiteBody(Versioned<SiteDefinition> site)
        : this(site.Id, site.Value.Name, site.Value.Address, site.Value.TimeZone, site.Value.OperatingHours)
    {
    }
}

/// <summary>A site with its live counts: devices ever heard there, how many are online, and which.</summary>
internal sealed record LiveSiteBody : SiteBody
{
    public LiveSiteBody(SiteView view) : base(view.Site) =>
        (Devices, Online, Offline, OnlineDevices) = (view.Devices, view.Online, view.Offline, view.OnlineDevices);

    [JsonPropertyOrder(1)]
    public int Devices { get; }

    [JsonPropertyOrder(1)]
    public int Online { get; }

    [JsonPropertyOrder(1)]
    public int Offline { get; }

    [JsonPropertyOrder(1)]
    public ImmutableArray<Guid> OnlineDevices { get; }
}

/// <summary>A page of sites.</summary>
internal sealed record SiteList(IEnumerable<SiteBody> Sites) : DocumentList;

/// <summary>A new site. <c>id</c> is minted when absent.</summary>
internal sealed record NewSiteBody(
    string? Id, string Name, string? Address, string? TimeZone, ImmutableSortedDictionary<string, ImmutableArray<OpenHours>>? OperatingHours);

/// <summary>A change of a site: what is absent stays, what is null is cleared.</summary>
internal sealed record SiteChangeBody(
    string? Name, string? Address, string? TimeZone, ImmutableSortedDictionary<string, ImmutableArray<OpenHours>>? OperatingHours);

internal static class SiteForms
{
    private const string Hours = "operating_hours";

    /// <summary>Reads a site; what is absent stays as in <paramref name="current"/>, what is null is cleared.</summary>
    public static SiteDefinition Read(JsonForm form, SiteDefinition? current) => new(
        form.Text("name", 128, required: current is null || form.IsNull("name")) ?? current?.Name ?? "",
        form.IsNull("address") ? null : form.Text("address", 512) ?? current?.Address,
        form.IsNull("time_zone") ? "UTC" : form.Text("time_zone", 64) ?? current?.TimeZone ?? "UTC",
        form.IsNull(Hours) ? null : form.Child(Hours) is { } days ? ReadHours(form, days) : current?.OperatingHours);

    private static ImmutableSortedDictionary<string, ImmutableArray<OpenHours>> ReadHours(JsonForm form, JsonForm days)
    {
        var hours = ImmutableSortedDictionary.CreateBuilder<string, ImmutableArray<OpenHours>>(StringComparer.Ordinal);
        foreach (var day in days.Names)
        {
            if (days.Raw(day) is not { ValueKind: JsonValueKind.Array } spans)
            {
                days.Fault(day, "must be a list of {\"from\":\"HH:mm\",\"to\":\"HH:mm\"}");
                continue;
            }

            var list = ImmutableArray.CreateBuilder<OpenHours>();
            foreach (var span in spans.EnumerateArray())
            {
                if (TimeOfDay(span, "from") is { } from && TimeOfDay(span, "to") is { } to)
                    list.Add(new OpenHours(from, to));
                else
                    form.Fault($"{Hours}.{day}[{list.Count}]", "must be {\"from\":\"HH:mm\",\"to\":\"HH:mm\"}");
            }

            hours[day] = list.ToImmutable();
        }

        return hours.ToImmutable();
    }

    private static string? TimeOfDay(JsonElement span, string name) =>
        span.ValueKind == JsonValueKind.Object && span.TryGetProperty(name, out var value) ? JsonForm.ReadText(value, 5) : null;
}
