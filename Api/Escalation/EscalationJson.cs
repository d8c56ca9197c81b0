using System.Text.Json.Serialization;
using EsoCore.Escalation;

namespace EsoCore.Api;

/// <summary>
/// Hours in which notices of little weight wait. <c>days</c>: those on which they begin; empty: every day. <c>below</c>: severities below
/// it.
/// </summary>
internal sealed record QuietBody(
    string TimeZone, string From, string To, [property: Weekday] ImmutableArray<string>? Days,
    [property: Words("low", "medium", "high", "critical")] string Below);

/// <summary>
/// A level of an escalation policy: seconds after the one above it (or the opening), whom to tell, by which kinds of channels.
/// </summary>
internal sealed record LevelBody(
    long AfterS, ImmutableArray<string> To, [property: ChannelKind] ImmutableArray<string>? Via);

/// <summary>An escalation policy.</summary>
internal sealed record PolicyBody(
    string Id, string Name, IEnumerable<LevelBody> Levels, long? RepeatEveryS, int MaxRepeats, QuietBody? Quiet)
{
    public PolicyBody(Versioned<EscalationPolicy> policy)
        : this(
            policy.Id, policy.Value.Name, policy.Value.Levels.Select(l => new LevelBody((long)l.After.TotalSeconds, l.To, l.Via)),
            (long?)policy.Value.RepeatEvery?.TotalSeconds, policy.Value.MaxRepeats, EscalationForms.ToBody(policy.Value.Quiet))
    {
    }
}

/// <summary>A page of escalation policies.</summary>
internal sealed record PolicyList(IEnumerable<PolicyBody> EscalationPolicies) : DocumentList;

/// <summary>A new escalation policy; its id is minted when absent.</summary>
internal sealed record NewPolicyBody(
    string? Id, string Name, ImmutableArray<LevelBody> Levels, long? RepeatEveryS, int? MaxRepeats, QuietBody? Quiet);

/// <summary>A change of an escalation policy: what is absent stays, what is null is cleared; levels are replaced as a whole.</summary>
internal sealed record PolicyChangeBody(string? Name, ImmutableArray<LevelBody>? Levels, long? RepeatEveryS, int? MaxRepeats,
    QuietBody? Quiet);

/// <summary>People who take turns of <c>every</c> days or weeks, handing over at a wall clock's time.</summary>
internal sealed record LayerBody(
    string? Name, ImmutableArray<string> People, RotationUnit? Unit, int? Every, DateOnly StartsOn, string? HandOver);

/// <summary>Somebody stands in for all layers.</summary>
internal sealed record OverrideBody(string Person, DateTimeOffset From, DateTimeOffset To);

/// <summary>An on-call schedule.</summary>
internal sealed record ScheduleBody(
    string Id, string Name, string TimeZone, IEnumerable<LayerBody> Layers, IEnumerable<OverrideBody> Overrides, QuietBody? Quiet)
{
    public ScheduleBody(Versioned<OnCallSchedule> schedule)
        : this(
            schedule.Id, schedule.Value.Name, schedule.Value.TimeZone,
            schedule.Value.Layers.Select(l => new LayerBody(l.Name, l.People, l.Unit, l.Every, l.StartsOn, l.HandOver)),
            schedule.Value.Overrides.Select(o => new OverrideBody(o.Person, o.From, o.To)), EscalationForms.ToBody(schedule.Value.Quiet))
    {
    }
}

/// <summary>A page of on-call schedules.</summary>
internal sealed record ScheduleList(IEnumerable<ScheduleBody> Schedules) : DocumentList;

/// <summary>A new on-call schedule; its id is minted when absent.</summary>
internal sealed record NewScheduleBody(
    string? Id, string Name, string? TimeZone, ImmutableArray<LayerBody> Layers, ImmutableArray<OverrideBody>? Overrides, QuietBody? Quiet);

/// <summary>A change of a schedule: what is absent stays, what is null is cleared; layers and overrides are replaced as a whole.</summary>
internal sealed record ScheduleChangeBody(
    string? Name, string? TimeZone, ImmutableArray<LayerBody>? Layers, ImmutableArray<OverrideBody>? Overrides, QuietBody? Quiet);

/// <summary>Who is on duty at an instant.</summary>
internal sealed record OnCallBody(string ScheduleId, DateTimeOffset At, ImmutableArray<string> People)
{
    public OnCallBody(OnCallView view)
        : this(view.ScheduleId, view.At, view.People)
    {
    }
}

internal static class EscalationForms
{
    private const int MaxName = 128;

    public static QuietBody? ToBody(QuietHours? quiet) =>
        quiet is null ? null : new QuietBody(quiet.TimeZone, quiet.From, quiet.To, quiet.Days, quiet.Below);

    /// <summary>Reads a policy; what is absent stays as in <paramref name="current"/>, what is null is cleared.</summary>
    public static EscalationPolicy ReadPolicy(JsonForm form, EscalationPolicy? current)
    {
        var repeat = form.Whole("repeat_every_s", 0, 10_000_000);
        return new EscalationPolicy(
            form.Text("name", MaxName, required: current is null || form.IsNull("name")) ?? current?.Name ?? "",
            form.IsNull("levels") ? []
                : form.Has("levels") ? [.. FormPart.Of(form, "levels", 64).Select(ReadLevel)] : current?.Levels ?? [],
            form.IsNull("repeat_every_s") ? null : repeat is { } seconds ? TimeSpan.FromSeconds(seconds) : current?.RepeatEvery,
            form.IsNull("max_repeats") ? 0 : (int?)form.Whole("max_repeats", 0, 10_000) ?? current?.MaxRepeats ?? 0,
            ReadQuiet(form, current?.Quiet));
    }

    /// <summary>Reads a schedule; what is absent stays as in <paramref name="current"/>, what is null is cleared.</summary>
    public static OnCallSchedule ReadSchedule(JsonForm form, OnCallSchedule? current) => new(
        form.Text("name", MaxName, required: current is null || form.IsNull("name")) ?? current?.Name ?? "",
        form.IsNull("time_zone") ? "UTC" : form.Text("time_zone", 64) ?? current?.TimeZone ?? "UTC",
        form.IsNull("layers") ? [] : form.Has("layers") ? [.. FormPart.Of(form, "layers", 64).Select(ReadLayer)] : current?.Layers ?? [],
        form.IsNull("overrides") ? [] : form.Has("overrides")
            ? [.. FormPart.Of(form, "overrides", 1_000)
                .Select(o => new OnCallOverride(o.Text("person", MaxName), o.Time("from"), o.Time("to")))]
            : current?.Overrides ?? [],
        ReadQuiet(form, current?.Quiet));

    private static EscalationLevel ReadLevel(FormPart level) => new(
        TimeSpan.FromSeconds(level.Whole("after_s", 0, 10_000_000, 0)), level.Texts("to", 64, 256), level.Texts("via", 16, 32));

    private static OnCallLayer ReadLayer(FormPart layer) => new(
        layer.Text("name", MaxName, otherwise: layer.Path), layer.Texts("people", 256, MaxName), layer.Word("unit", RotationUnit.Weekly),
        (int)layer.Whole("every", 1, 1_000, 1), layer.Day("starts_on"), layer.Text("hand_over", 5, otherwise: "09:00"));

    private static QuietHours? ReadQuiet(JsonForm form, QuietHours? current)
    {
        if (form.IsNull("quiet"))
            return null;
        if (form.Child("quiet") is not { } quiet)
            return current;
        return new QuietHours(
            quiet.Text("time_zone", 64) ?? "UTC", quiet.Text("from", 5, required: true) ?? "", quiet.Text("to", 5, required: true) ?? "",
            quiet.TextList("days", 7, 3) ?? [], quiet.Text("below", 16, required: true) ?? "");
    }
}
