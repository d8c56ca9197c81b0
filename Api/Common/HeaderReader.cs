using EsoCore.Wire;

namespace EsoCore.Api;

/// <summary>Reads request headers and gathers all that are missing and all that cannot be read, so that a device's maker sees every fault at once.</summary>
internal sealed class HeaderReader(IHeaderDictionary headers)
{
    /// <summary>Characters of the longest header value that is looked at.</summary>
    public const int MaxLength = 4_096;

    private readonly List<FieldError> _missing = [];
    private readonly List<FieldError> _malformed = [];

    /// <summary>The trimmed value of a header, or null when absent. Twice the same header is malformed.</summary>
    public string? One(string name)
    {
        var values = headers[name];
        if (values.Count > 1)
            return Malformed(name, "stands more than once");
        if (values.Count == 0 || string.IsNullOrWhiteSpace(values[0]))
            return null;
        return values[0]!.Length > MaxLength ? Malformed(name, $"is longer than {MaxLength} characters") : values[0]!.Trim();
    }

    public string? Missing(string name, string expected)
    {
        if (!_malformed.Exists(fault => fault.Field == name)) // One that stands twice is not missing.
            _missing.Add(new FieldError(name, "is missing: " + expected));
        return null;
    }

    public string? Malformed(string name, string message)
    {
        _malformed.Add(new FieldError(name, message));
        return null;
    }

    /// <summary>One refusal that names every fault, or null when there is none.</summary>
    public Problem? Problem() => (_missing.Count, _malformed.Count) switch
    {
        (0, 0) => null,
        ( > 0, _) => Problems.Faulty([.. _missing, .. _malformed], ProblemCodes.MissingHeader),
        _ => Problems.Faulty([.. _malformed], ProblemCodes.MalformedHeader),
    };
}
