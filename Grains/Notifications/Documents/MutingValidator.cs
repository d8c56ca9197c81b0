using EsoCore.Grains.Projects;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>Checks silences and maintenance windows. Every fault is named, not just the first.</summary>
internal static class MutingValidator
{
    /// <summary>Characters of a silence's comment.</summary>
    public const int MaxComment = 512;

    /// <summary>How long a silence or a one-off window can be.</summary>
    public static readonly TimeSpan MaxSpan = TimeSpan.FromDays(366);

    /// <summary>The words for severities.</summary>
    public static ImmutableArray<string> Severities { get; } = ["info", "low", "medium", "high", "critical"];

    /// <summary>The faults of a silence.</summary>
    public static List<FieldError> Silence(string id, SilenceDefinition silence)
    {
        var errors = new List<FieldError>();
        TextRules.Id(errors, "id", id);
        var matchers = silence.Matchers;
        if (matchers.Rules.IsEmpty && matchers.Severities.IsEmpty && matchers.Sites.IsEmpty && matchers.Devices.IsEmpty
            && matchers.Assets.IsEmpty && matchers.Tags.IsEmpty)
            errors.Add(new FieldError("matchers", "must name at least one thing; nothing at all would silence the whole project"));
        Ids(errors, "matchers.rules", matchers.Rules);
        Ids(errors, "matchers.sites", matchers.Sites);
        Ids(errors, "matchers.assets", matchers.Assets);
        Count(errors, "matchers.devices", matchers.Devices.Length);
        Count(errors, "matchers.severities", matchers.Severities.Length);
        for (var i = 0; i < Math.Min(matchers.Severities.Length, SilenceMatchers.MaxEach); i++)
            Severity(errors, $"matchers.severities[{i}]", matchers.Severities[i]);
        TextRules.Tags(errors, "matchers.tags", matchers.Tags, SilenceMatchers.MaxEach);
        Span(errors, silence.From, silence.To);
        TextRules.Required(errors, "comment", silence.Comment, MaxComment);
        return errors;
    }

    /// <summary>The faults of a maintenance window.</summary>
    public static List<FieldError> Window(string id, MaintenanceWindowDefinition window)
    {
        var errors = new List<FieldError>();
        TextRules.Id(errors, "id", id);
        TextRules.Required(errors, "name", window.Name);
        if (window.Sites.IsEmpty && window.Devices.IsEmpty)
            errors.Add(new FieldError("sites", "name at least one site or device"));
        Ids(errors, "sites", window.Sites);
        Count(errors, "devices", window.Devices.Length);
        if (window.Weekly is { } weekly)
        {
            if (window.From is not null || window.To is not null)
                errors.Add(new FieldError("weekly", "stands instead of from and to"));
            Weekly(errors, weekly);
        }
        else if (window.From is { } from && window.To is { } to)
            Span(errors, from, to);
        else
            errors.Add(new FieldError("from", "give from and to, or weekly"));
        return errors;
    }

    /// <summary>Checks a word for a severity.</summary>
    public static void Severity(List<FieldError> errors, string field, string? word)
    {
        if (word is null || !Severities.Contains(word))
            errors.Add(new FieldError(field, $"must be one of: {string.Join(", ", Severities)}"));
    }

    private static void Weekly(List<FieldError> errors, WeeklyHours weekly)
    {
        if (weekly.Days.Length is < 1 or > 7 || weekly.Days.Any(d => !WallClock.Days.Contains(d))
            || weekly.Days.Distinct().Count() < weekly.Days.Length)
            errors.Add(new FieldError("weekly.days", $"must be 1 to 7 of: {string.Join(", ", WallClock.Days)}"));
        var from = WallClock.Time(errors, "weekly.from", weekly.From, isEnd: false);
        var to = WallClock.Time(errors, "weekly.to", weekly.To, isEnd: true);
        if (from is not null && from == to)
            errors.Add(new FieldError("weekly.to", "must differ from from"));
        WallClock.Zone(errors, "weekly.time_zone", weekly.TimeZone);
    }

    private static void Span(List<FieldError> errors, DateTimeOffset from, DateTimeOffset to)
    {
        if (to <= from)
            errors.Add(new FieldError("to", "must be later than from"));
        else if (to - from > MaxSpan)
            errors.Add(new FieldError("to", $"must be at most {MaxSpan.Days} days after from"));
    }

    private static void Ids(List<FieldError> errors, string field, ImmutableArray<string> ids)
    {
        Count(errors, field, ids.Length);
        for (var i = 0; i < Math.Min(ids.Length, SilenceMatchers.MaxEach); i++)
            TextRules.Required(errors, $"{field}[{i}]", ids[i]);
    }

    private static void Count(List<FieldError> errors, string field, int count)
    {
        if (count > SilenceMatchers.MaxEach)
            errors.Add(new FieldError(field, $"must hold at most {SilenceMatchers.MaxEach}"));
    }
}
