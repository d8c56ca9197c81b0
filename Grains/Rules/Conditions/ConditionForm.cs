using System.Globalization;
using System.Text.Json;

namespace EsoCore.Grains.Rules.Conditions;

/// <summary>
/// Reads the members of one JSON object of a condition and gathers every fault under its path. A member that nobody asked for is a fault
/// too: a misspelt limit must not be a rule without one.
/// </summary>
internal sealed class ConditionForm
{
    private readonly JsonElement _object;
    private readonly List<FieldError> _errors;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    internal ConditionForm(JsonElement json, string path, List<FieldError> errors)
    {
        (_object, Path, _errors) = (json, path, errors);
        Ask("type");
    }

    internal string Path { get; }

    internal void Fault(string name, string message) => _errors.Add(new FieldError($"{Path}.{name}", message));

    internal bool Has(string name) => Ask(name) is not null;

    /// <summary>The member, or null when it is absent or null.</summary>
    internal JsonElement? Ask(string name)
    {
        _asked.Add(name);
        return _object.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    internal string? Text(string name, bool required)
    {
        if (Ask(name) is not { } value)
        {
            if (required)
                Fault(name, "is required");
            return null;
        }

        if (TextOf(value) is { } text)
            return text;
        Fault(name, $"must be a text of 1 to {RuleLimits.MaxName} characters");
        return null;
    }

    internal ImmutableArray<string> Texts(string name)
    {
        if (Ask(name) is not { } value)
            return [];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > RuleLimits.MaxNames)
        {
            Fault(name, $"must be a list of at most {RuleLimits.MaxNames} texts");
            return [];
        }

        var texts = ImmutableArray.CreateBuilder<string>();
        foreach (var (at, item) in value.EnumerateArray().Index())
        {
            if (TextOf(item) is { } text)
                texts.Add(text);
            else
                Fault($"{name}[{at}]", $"must be a text of 1 to {RuleLimits.MaxName} characters");
        }

        return texts.DrainToImmutable();
    }

    internal string? OneOf(string name, ImmutableArray<string> words, string? otherwise)
    {
        if (Ask(name) is not { } value)
        {
            if (otherwise is null)
                Fault(name, $"is required: one of {string.Join(", ", words)}");
            return otherwise;
        }

        if (TextOf(value) is { } text && words.Contains(text))
            return text;
        Fault(name, $"must be one of {string.Join(", ", words)}");
        return null;
    }

    internal bool Flag(string name, bool otherwise)
    {
        if (Ask(name) is not { } value)
            return otherwise;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        Fault(name, "must be true or false");
        return otherwise;
    }

    internal double? Number(string name, double min, double max)
    {
        if (Ask(name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= min && number <= max)
            return number;
        Fault(name, string.Create(CultureInfo.InvariantCulture, $"must be a number from {min} to {max}"));
        return null;
    }

    internal long? Whole(string name, long min, long max)
    {
        if (Ask(name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= min && number <= max)
            return number;
        Fault(name, string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {min} to {max}"));
        return null;
    }

    /// <summary>A time in seconds, or null when it is absent (a fault if <paramref name="required"/>) or faulty.</summary>
    internal TimeSpan? Seconds(string name, TimeSpan min, TimeSpan max, bool required = false)
    {
        if (required && !Has(name))
        {
            Fault(name, string.Create(CultureInfo.InvariantCulture, $"is required: {min.TotalSeconds} to {max.TotalSeconds} seconds"));
            return null;
        }

        return Number(name, min.TotalSeconds, max.TotalSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    /// <summary>A number or <c>{"rated":"name","percent":80}</c>.</summary>
    internal Level? Level(string name)
    {
        if (Ask(name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number))
            return new Level(number);
        if (value.ValueKind != JsonValueKind.Object)
        {
            Fault(name, "must be a number or {\"rated\": name, \"percent\": number}");
            return null;
        }

        var form = new ConditionForm(value, $"{Path}.{name}", _errors);
        var rated = form.Text("rated", required: true);
        var percent = form.Number("percent", 0, RuleLimits.MaxPercent) ?? 100;
        form.End();
        return rated is null ? null : new Level(percent, rated);
    }

    /// <summary>An object inside, or null when it is absent or none.</summary>
    internal ConditionForm? Child(string name)
    {
        if (Ask(name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.Object)
            return new ConditionForm(value, $"{Path}.{name}", _errors);
        Fault(name, "must be an object");
        return null;
    }

    /// <summary>The objects of a list; what is none is a fault.</summary>
    internal IEnumerable<ConditionForm> Children(string name, int max)
    {
        if (Ask(name) is not { } value)
            yield break;
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > max)
        {
            Fault(name, $"must be a list of at most {max} objects");
            yield break;
        }

        foreach (var (at, item) in value.EnumerateArray().Index())
        {
            if (item.ValueKind == JsonValueKind.Object)
                yield return new ConditionForm(item, $"{Path}.{name}[{at}]", _errors);
            else
                Fault($"{name}[{at}]", "must be an object");
        }
    }

    /// <summary>Every member was asked for by now; the others are faults.</summary>
    internal void End()
    {
        foreach (var member in _object.EnumerateObject())
        {
            if (!_asked.Contains(member.Name))
                Fault(member.Name, "is not known here");
        }
    }

    private static string? TextOf(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= RuleLimits.MaxName } text &&
        !text.Any(char.IsControl) ? text : null;
}
