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

/// <summary>
/// A silence, whole or in part. <c>matchers</c>, <c>from</c>, <c>to</c> and <c>comment</c> are needed for a new one.
/// </summary>
internal sealed record SilenceForm(string? Id, SilenceMatchersForm? Matchers, DateTimeOffset? From, DateTimeOffset? To, string? Comment);

/// <summary>What a silence concerns: lists restrict, together; at least one.</summary>
internal sealed record SilenceMatchersForm(
    ImmutableArray<string>? Rules, ImmutableArray<string>? Severities, ImmutableArray<string>? Sites, ImmutableArray<Guid>? Devices,
    ImmutableArray<string>? Assets, ImmutableSortedDictionary<string, string>? Tags);

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

/// <summary>A maintenance window, whole or in part: <c>from</c> and <c>to</c> for once, or <c>weekly</c>.</summary>
internal sealed record MaintenanceWindowForm(
    string? Id, string? Name, ImmutableArray<string>? Sites, ImmutableArray<Guid>? Devices, DateTimeOffset? From, DateTimeOffset? To,
    WeeklyHours? Weekly);

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
