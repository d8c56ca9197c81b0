namespace EsoCore.Grains.Projects;

/// <summary>
/// What names and free texts written by people must hold to; each fault is added to a list, so that all are reported at once.
/// </summary>
internal static class TextRules
{
    /// <summary>Characters of a name, id, tag or key.</summary>
    public const int MaxName = 128;

    /// <summary>
    /// Checks a text that must be there: 1 to <paramref name="max"/> characters, no blanks around it, no control characters.
    /// </summary>
    public static void Required(List<FieldError> errors, string field, string? value, int max = MaxName)
    {
        if (string.IsNullOrWhiteSpace(value))
            errors.Add(new FieldError(field, $"must be 1 to {max} characters"));
        else
            Optional(errors, field, value, max);
    }

    /// <summary>Checks a text that may be null or empty, but otherwise holds to the same.</summary>
    public static void Optional(List<FieldError> errors, string field, string? value, int max = MaxName)
    {
        if (string.IsNullOrEmpty(value))
            return;
        if (value.Length > max)
            errors.Add(new FieldError(field, $"must be at most {max} characters"));
        if (value.Any(char.IsControl))
            errors.Add(new FieldError(field, "must not hold control characters"));
        if (HasLoneSurrogate(value))
            errors.Add(new FieldError(field, "must be valid Unicode"));
        if (char.IsWhiteSpace(value[0]) || char.IsWhiteSpace(value[^1]))
            errors.Add(new FieldError(field, "must not begin or end with a blank"));
    }

    /// <summary>Checks an id that becomes part of a path and of a grain key: as a required text, and without a slash.</summary>
    public static void Id(List<FieldError> errors, string field, string? value)
    {
        Required(errors, field, value);
        if (value?.Contains('/') == true)
            errors.Add(new FieldError(field, "must not hold a slash"));
    }

    /// <summary>Checks tags: at most <paramref name="max"/>, keys and values of at most <see cref="MaxName"/> characters.</summary>
    public static void Tags(List<FieldError> errors, string field, ImmutableSortedDictionary<string, string>? tags, int max)
    {
        if (tags is null)
            return;
        if (tags.Count > max)
            errors.Add(new FieldError(field, $"must hold at most {max} tags"));
        foreach (var (key, value) in tags.Take(max))
        {
            Required(errors, $"{field}.{key}", key);
            Optional(errors, $"{field}.{key}", value);
            if (value is null)
                errors.Add(new FieldError($"{field}.{key}", "must be a text"));
        }
    }

    /// <summary>Whether half of a surrogate pair stands alone: such text has no UTF-8 form.</summary>
    public static bool HasLoneSurrogate(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (!char.IsSurrogate(value[i]))
                continue;
            if (i + 1 >= value.Length || !char.IsSurrogatePair(value[i], value[i + 1]))
                return true;
            i++;
        }

        return false;
    }
}
