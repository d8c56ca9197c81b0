using System.Globalization;
using System.Text.Json;

namespace EsoCore.Api;

/// <summary>One object in a list of a form; its faults are the form's, by its path.</summary>
internal readonly record struct FormPart(JsonForm Form, JsonElement Object, string Path)
{
    /// <summary>The objects of a list; a value that is no list of at most <paramref name="max"/> objects is a fault and gives none.</summary>
    public static ImmutableArray<FormPart> Of(JsonForm form, string name, int max)
    {
        if (form.Raw(name) is not { } list)
            return [];
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > max
            || list.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.Object))
        {
            form.Fault(name, $"must be a list of at most {max} objects");
            return [];
        }

        return [.. list.EnumerateArray().Select((item, i) => new FormPart(form, item, $"{name}[{i}]"))];
    }

    public string Text(string name, int max, string? otherwise = null)
    {
        if (Find(name) is not { } value)
            return otherwise ?? FaultOf(name, $"is required: text of 1 to {max} characters", "");
        return JsonForm.ReadText(value, max) ?? FaultOf(name, $"must be text of at most {max} characters without U+0000", "");
    }

    public ImmutableArray<string> Texts(string name, int maxItems, int max)
    {
        if (Find(name) is not { } value)
            return [];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > maxItems)
            return FaultOf<ImmutableArray<string>>(name, $"must be a list of at most {maxItems} texts", []);
        var texts = value.EnumerateArray().Select(item => JsonForm.ReadText(item, max)).ToList();
        return texts.Contains(null) ? FaultOf<ImmutableArray<string>>(name, $"must hold texts of at most {max} characters", []) : [.. texts.OfType<string>()];
    }

    public long Whole(string name, long min, long max, long otherwise) =>
        Find(name) is not { } value ? otherwise
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= min && number <= max ? number
        : FaultOf(name, string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {min} to {max}"), otherwise);

    public DateTimeOffset Time(string name) =>
        Find(name) is { } value && Timestamps.TryParse(JsonForm.ReadText(value, 64), out var time) ? time
        : FaultOf(name, "must be an RFC 3339 time with an offset or Z", default(DateTimeOffset));

    public DateOnly Day(string name) =>
        Find(name) is { } value
        && DateOnly.TryParseExact(JsonForm.ReadText(value, 10), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day
        : FaultOf(name, "must be a date, YYYY-MM-DD", default(DateOnly));

    public T Word<T>(string name, T otherwise)
        where T : struct, Enum =>
        Find(name) is not { } value ? otherwise
        : JsonForm.ReadText(value, 32) is { } word && IncidentQueries.TryWord<T>(word, out var found) ? found
        : FaultOf(name, $"must be one of: {string.Join(", ", Enum.GetNames<T>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName))}", otherwise);

    private JsonElement? Find(string name) =>
        Object.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private T FaultOf<T>(string name, string message, T value)
    {
        Form.Fault($"{Path}.{name}", message);
        return value;
    }
}
