using EsoCore.Escalation;
using EsoCore.Grains.Notifications;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Sites;

namespace EsoCore.Grains.Escalation;

/// <summary>Checks what people say of policies and schedules. Every fault is named, not just the first.</summary>
internal static class EscalationValidator
{
    /// <summary>Levels of a policy.</summary>
    public const int MaxLevels = 10;

    /// <summary>Recipients of a level.</summary>
    public const int MaxRecipients = 16;

    /// <summary>Repeats of the last level.</summary>
    public const int MaxRepeats = 100;

    /// <summary>Layers of a schedule.</summary>
    public const int MaxLayers = 8;

    /// <summary>People of a layer.</summary>
    public const int MaxPeople = 64;

    /// <summary>Overrides of a schedule.</summary>
    public const int MaxOverrides = 200;

    /// <summary>Days or weeks of a turn.</summary>
    public const int MaxEvery = 52;

    /// <summary>The longest wait before a level or a repeat.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromDays(7);

    /// <summary>The shortest time between repeats.</summary>
    public static readonly TimeSpan MinRepeat = TimeSpan.FromMinutes(1);

    private static readonly string[] Kinds = ["team:", "person:", "schedule:", "channel:"];
    private static readonly string[] Severities = ["low", "medium", "high", "critical"];

    /// <summary>The faults of a policy; empty when it is good.</summary>
    public static ImmutableArray<FieldError> Validate(string id, EscalationPolicy policy)
    {
        var errors = new List<FieldError>();
        TextRules.Id(errors, "id", id);
        TextRules.Required(errors, "name", policy.Name);
        if (policy.Levels.IsDefaultOrEmpty || policy.Levels.Length > MaxLevels)
            errors.Add(new FieldError("levels", $"must hold 1 to {MaxLevels} levels"));
        for (var i = 0; i < (policy.Levels.IsDefault ? 0 : Math.Min(policy.Levels.Length, MaxLevels)); i++)
        {
            var level = policy.Levels[i];
            if (level.After < TimeSpan.Zero || level.After > MaxWait)
                errors.Add(new FieldError($"levels[{i}].after_s", $"must be 0 to {MaxWait.TotalSeconds} seconds"));
            Recipients(errors, $"levels[{i}].to", level.To);
            RecipientValidator.Via(errors, $"levels[{i}].via", level.Via);
        }

        if (policy.RepeatEvery is { } every && (every < MinRepeat || every > MaxWait))
            errors.Add(new FieldError("repeat_every_s", $"must be {MinRepeat.TotalSeconds} to {MaxWait.TotalSeconds} seconds, or null"));
        if (policy.MaxRepeats is < 0 or > MaxRepeats)
            errors.Add(new FieldError("max_repeats", $"must be 0 to {MaxRepeats}"));
        Quiet(errors, policy.Quiet);
        return [.. errors];
    }

    /// <summary>The faults of a schedule; empty when it is good.</summary>
    public static ImmutableArray<FieldError> Validate(string id, OnCallSchedule schedule)
    {
        var errors = new List<FieldError>();
        TextRules.Id(errors, "id", id);
        TextRules.Required(errors, "name", schedule.Name);
        Zone(errors, "time_zone", schedule.TimeZone);
        if (schedule.Layers.IsDefaultOrEmpty || schedule.Layers.Length > MaxLayers)
            errors.Add(new FieldError("layers", $"must hold 1 to {MaxLayers} layers"));
        for (var i = 0; i < (schedule.Layers.IsDefault ? 0 : Math.Min(schedule.Layers.Length, MaxLayers)); i++)
            Layer(errors, $"layers[{i}]", schedule.Layers[i]);
        if (!schedule.Overrides.IsDefault && schedule.Overrides.Length > MaxOverrides)
            errors.Add(new FieldError("overrides", $"must hold at most {MaxOverrides}"));
        for (var i = 0; i < (schedule.Overrides.IsDefault ? 0 : Math.Min(schedule.Overrides.Length, MaxOverrides)); i++)
        {
            TextRules.Required(errors, $"overrides[{i}].person", schedule.Overrides[i].Person);
            if (schedule.Overrides[i].From >= schedule.Overrides[i].To)
                errors.Add(new FieldError($"overrides[{i}].to", "must be later than from"));
        }

        Quiet(errors, schedule.Quiet);
        return [.. errors];
    }

    private static void Layer(List<FieldError> errors, string field, OnCallLayer layer)
    {
        TextRules.Required(errors, $"{field}.name", layer.Name);
        if (layer.People.IsDefaultOrEmpty || layer.People.Length > MaxPeople)
            errors.Add(new FieldError($"{field}.people", $"must hold 1 to {MaxPeople} people"));
        for (var i = 0; i < (layer.People.IsDefault ? 0 : Math.Min(layer.People.Length, MaxPeople)); i++)
            TextRules.Required(errors, $"{field}.people[{i}]", layer.People[i]);
        if (!Enum.IsDefined(layer.Unit))
            errors.Add(new FieldError($"{field}.unit", "must be daily or weekly"));
        if (layer.Every is < 1 or > MaxEvery)
            errors.Add(new FieldError($"{field}.every", $"must be 1 to {MaxEvery}"));
        if (!ZonedTime.TryParse(layer.HandOver, out _))
            errors.Add(new FieldError($"{field}.hand_over", "must be a time HH:mm"));
        if (layer.StartsOn.Year is < 2000 or > 2200)
            errors.Add(new FieldError($"{field}.starts_on", "must be a day between 2000 and 2200"));
    }

    private static void Quiet(List<FieldError> errors, QuietHours? quiet)
    {
        if (quiet is null)
            return;
        Zone(errors, "quiet.time_zone", quiet.TimeZone);
        if (!ZonedTime.TryParse(quiet.From, out var from))
            errors.Add(new FieldError("quiet.from", "must be a time HH:mm"));
        if (!ZonedTime.TryParse(quiet.To, out var to) || from == to)
            errors.Add(new FieldError("quiet.to", "must be a time HH:mm other than from"));
        foreach (var day in quiet.Days.IsDefault ? [] : quiet.Days.Where(d => !SiteValidator.Days.Contains(d)))
            errors.Add(new FieldError("quiet.days", $"must be of: {string.Join(", ", SiteValidator.Days)}"));
        if (!Severities.Contains(quiet.Below))
            errors.Add(new FieldError("quiet.below", $"must be one of: {string.Join(", ", Severities)}"));
    }

    private static void Zone(List<FieldError> errors, string field, string? zone)
    {
        if (string.IsNullOrEmpty(zone) || !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
            errors.Add(new FieldError(field, "must be an IANA time zone, e.g. Europe/Berlin or UTC"));
    }

    private static void Recipients(List<FieldError> errors, string field, ImmutableArray<string> to)
    {
        if (to.IsDefaultOrEmpty || to.Length > MaxRecipients)
            errors.Add(new FieldError(field, $"must hold 1 to {MaxRecipients} recipients"));
        for (var i = 0; i < (to.IsDefault ? 0 : Math.Min(to.Length, MaxRecipients)); i++)
        {
            if (!Kinds.Any(kind => to[i].StartsWith(kind, StringComparison.Ordinal) && to[i].Length > kind.Length) || to[i].Length > 160)
                errors.Add(new FieldError($"{field}[{i}]", "must be team:<id>, person:<id>, schedule:<id> or channel:<id>"));
        }
    }
}
