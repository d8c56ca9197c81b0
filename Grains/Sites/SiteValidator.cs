using System.Globalization;
using EsoCore.Grains.Projects;
using EsoCore.Sites;

namespace EsoCore.Grains.Sites;

/// <summary>Checks what people say of a site. Every fault is named, not just the first.</summary>
internal static class SiteValidator
{
    /// <summary>Characters of an address.</summary>
    public const int MaxAddress = 512;

    /// <summary>Spans of one day.</summary>
    public const int MaxSpans = 8;

    /// <summary>The days of operating hours, as they are written.</summary>
    public static ImmutableArray<string> Days { get; } = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    private const string EndOfDay = "24:00";

    /// <summary>The faults of a site; empty when it is good.</summary>
    public static ImmutableArray<FieldError> Validate(string id, SiteDefinition site)
    {
        var errors = new List<FieldError>();
        TextRules.Id(errors, "id", id);
        TextRules.Required(errors, "name", site.Name);
        TextRules.Optional(errors, "address", site.Address, MaxAddress);
        if (string.IsNullOrEmpty(site.TimeZone) || !TimeZoneInfo.TryFindSystemTimeZoneById(site.TimeZone, out _))
            errors.Add(new FieldError("time_zone", "must be an IANA time zone, e.g. Europe/Berlin or UTC"));
        foreach (var (day, spans) in site.OperatingHours ?? ImmutableSortedDictionary<string, ImmutableArray<OpenHours>>.Empty)
            Day(errors, $"operating_hours.{day}", day, spans);
        return [.. errors];
    }

    private static void Day(List<FieldError> errors, string field, string day, ImmutableArray<OpenHours> spans)
    {
        if (!Days.Contains(day))
            errors.Add(new FieldError(field, $"must be one of: {string.Join(", ", Days)}"));
        if (spans.IsDefault)
        {
            errors.Add(new FieldError(field, "must be a list"));
            return;
        }

        if (spans.Length > MaxSpans)
            errors.Add(new FieldError(field, $"must hold at most {MaxSpans} spans"));
        var end = -1;
        for (var i = 0; i < Math.Min(spans.Length, MaxSpans); i++)
        {
            var from = Minute(errors, $"{field}[{i}].from", spans[i]?.From, isEnd: false);
            var to = Minute(errors, $"{field}[{i}].to", spans[i]?.To, isEnd: true);
            if (from >= to)
                errors.Add(new FieldError($"{field}[{i}].to", "must be later than from; a span over midnight is two spans"));
            if (from < end)
                errors.Add(new FieldError($"{field}[{i}].from", "must not lie before the end of the span above it"));
            end = to ?? end;
        }
    }

    /// <summary>Minutes since midnight, or null with a fault added.</summary>
    private static int? Minute(List<FieldError> errors, string field, string? text, bool isEnd)
    {
        if (isEnd && text == EndOfDay)
            return 24 * 60;
        if (TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            return time.Hour * 60 + time.Minute;
        errors.Add(new FieldError(field, isEnd ? "must be a time HH:mm, at most 24:00" : "must be a time HH:mm"));
        return null;
    }
}
