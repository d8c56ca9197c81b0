using EsoCore.Notifications;

namespace EsoCore.Api;

/// <summary>A silence.</summary>
/// <param name="CreatedBy">The key that made it.</param>
internal sealed record SilenceBody(string Id, SilenceMatchers Matchers, DateTimeOffset From, DateTimeOffset To, string Comment,
    string CreatedBy)
{
    public SilenceBody(Versioned<SilenceDefinition> silence)
        : this(silence.Id, silence.Value.Matchers, silence.Value.From, silence.Value.To, silence.Value.Comment, silence.Value.CreatedBy)
    {
    }
}

/// <summary>A new silence.</summary>
/// <param name="Id">Minted when absent.</param>
/// <param name="To">At most a year after from.</param>
/// <param name="Comment">Why.</param>
internal sealed record NewSilenceForm(string? Id, SilenceMatchersForm Matchers, DateTimeOffset From, DateTimeOffset To, string Comment);

/// <summary>A change of a silence: what is absent stays; matchers are replaced as a whole.</summary>
internal sealed record SilenceForm(SilenceMatchersForm? Matchers, DateTimeOffset? From, DateTimeOffset? To, string? Comment);

/// <summary>What a silence concerns: lists restrict, together; at least one.</summary>
internal sealed record SilenceMatchersForm(
    ImmutableArray<string>? Rules, [property: SeverityWord] ImmutableArray<string>? Severities, ImmutableArray<string>? Sites,
    ImmutableArray<Guid>? Devices, ImmutableArray<string>? Assets, ImmutableSortedDictionary<string, string>? Tags);

/// <summary>A page of silences.</summary>
internal sealed record SilenceList(IEnumerable<SilenceBody> Silences) : DocumentList;

/// <summary>A maintenance window.</summary>
internal sealed record MaintenanceWindowBody(
    string Id, string Name, ImmutableArray<string> Sites, ImmutableArray<Guid> Devices, DateTimeOffset? From, DateTimeOffset? To,
    WeeklyHours? Weekly)
{
    public MaintenanceWindowBody(Versioned<MaintenanceWindowDefinition> window)
        : this(window.Id, window.Value.Name, window.Value.Sites, window.Value.Devices, window.Value.From, window.Value.To,
            window.Value.Weekly)
    {
    }
}

/// <summary>A new maintenance window, at sites or devices: <c>from</c> and <c>to</c> for once, or <c>weekly</c>.</summary>
/// <param name="Id">Minted when absent.</param>
internal sealed record NewMaintenanceWindowForm(
    string? Id, string Name, ImmutableArray<string>? Sites, ImmutableArray<Guid>? Devices, DateTimeOffset? From, DateTimeOffset? To,
    WeeklyHoursForm? Weekly);

/// <summary>A change of a maintenance window: what is absent stays, what is null is cleared.</summary>
internal sealed record MaintenanceWindowForm(
    string? Name, ImmutableArray<string>? Sites, ImmutableArray<Guid>? Devices, DateTimeOffset? From, DateTimeOffset? To,
    WeeklyHoursForm? Weekly);

/// <summary>Hours by the wall clock of a time zone.</summary>
/// <param name="Days">On which it begins; at least one.</param>
/// <param name="From">HH:mm.</param>
/// <param name="To">HH:mm, at most 24:00; not after from: on the next day.</param>
/// <param name="TimeZone">An IANA time zone; default UTC.</param>
internal sealed record WeeklyHoursForm([property: Weekday] ImmutableArray<string> Days, string From, string To, string? TimeZone);

/// <summary>A page of maintenance windows.</summary>
internal sealed record MaintenanceWindowList(IEnumerable<MaintenanceWindowBody> MaintenanceWindows) : DocumentList;

/// <summary>What is to tell nobody, <c>/api/silences</c> and <c>/api/maintenance-windows</c>.</summary>
internal static class MutingRoutes
{
    public static DocumentRoutes<SilenceDefinition, SilenceDefinition> Silences { get; } = new(
        "/api/silences", "Silences", "silence", ("Silence", "Silences"),
        (grains, key) =>
        {
            var grain = grains.GetGrain<ISilenceGrain>(key);
            return new(grain.Get, grain.Put, grain.Delete);
        },
        (project, page) => project.ListSilences(page), ReadSilence,
        silence => new SilenceBody(silence), silences => new SilenceList(silences.Select(s => new SilenceBody(s))));

    public static DocumentRoutes<MaintenanceWindowDefinition, MaintenanceWindowDefinition> Windows { get; } = new(
        "/api/maintenance-windows", "Maintenance windows", "maintenance window", ("MaintenanceWindow", "MaintenanceWindows"),
        (grains, key) =>
        {
            var grain = grains.GetGrain<IMaintenanceWindowGrain>(key);
            return new(grain.Get, grain.Put, grain.Delete);
        },
        (project, page) => project.ListMaintenanceWindows(page), (form, current, _) => ReadWindow(form, current),
        window => new MaintenanceWindowBody(window),
        windows => new MaintenanceWindowList(windows.Select(w => new MaintenanceWindowBody(w))));

    private static SilenceDefinition ReadSilence(JsonForm form, SilenceDefinition? current, Caller caller)
    {
        foreach (var name in current is null ? new[] { "matchers", "from", "to" } : [])
        {
            if (!form.Has(name))
                form.Fault(name, "is required");
        }

        var matchers = form.Child("matchers") is { } given ? ReadMatchers(given) : current?.Matchers;
        return new SilenceDefinition(
            matchers ?? new SilenceMatchers([], [], [], [], [], ImmutableSortedDictionary<string, string>.Empty),
            form.Time("from") ?? current?.From ?? default,
            form.Time("to") ?? current?.To ?? default,
            form.Text("comment", 512, required: current is null || form.IsNull("comment")) ?? current?.Comment ?? "",
            current?.CreatedBy ?? $"key:{caller.Key.KeyId:D}");
    }

    private static SilenceMatchers ReadMatchers(JsonForm form) => new(
        form.ListOr("rules", SilenceMatchers.MaxEach, 128, null),
        form.ListOr("severities", SilenceMatchers.MaxEach, 16, null),
        form.ListOr("sites", SilenceMatchers.MaxEach, 128, null),
        form.IdsOr("devices", SilenceMatchers.MaxEach, null),
        form.ListOr("assets", SilenceMatchers.MaxEach, 128, null),
        form.TextMap("tags", 128) ?? ImmutableSortedDictionary<string, string>.Empty);

    private static MaintenanceWindowDefinition ReadWindow(JsonForm form, MaintenanceWindowDefinition? current) => new(
        form.Text("name", 128, required: current is null || form.IsNull("name")) ?? current?.Name ?? "",
        form.ListOr("sites", SilenceMatchers.MaxEach, 128, current?.Sites),
        form.IdsOr("devices", SilenceMatchers.MaxEach, current?.Devices),
        form.IsNull("from") ? null : form.Time("from") ?? current?.From,
        form.IsNull("to") ? null : form.Time("to") ?? current?.To,
        form.IsNull("weekly") ? null : form.Child("weekly") is { } weekly ? ReadWeekly(weekly) : current?.Weekly);

    private static WeeklyHours ReadWeekly(JsonForm form) => new(
        form.ListOr("days", 7, 3, null),
        form.Text("from", 5, required: true) ?? "",
        form.Text("to", 5, required: true) ?? "",
        form.Text("time_zone", 64) ?? "UTC");
}
