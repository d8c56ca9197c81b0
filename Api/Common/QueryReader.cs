using System.Globalization;

namespace EsoCore.Api;

/// <summary>Reads query parameters and gathers every fault. A parameter given twice is a fault; an empty one counts as absent.</summary>
internal sealed class QueryReader(IQueryCollection query)
{
    private readonly List<FieldError> _faults = [];

    public void Fault(string name, string message) => _faults.Add(new FieldError(name, message));

    public Problem? Problem() => _faults.Count == 0 ? null : Problems.Faulty([.. _faults]);

    public string? Text(string name, int maxLength)
    {
        var values = query[name];
        if (values.Count > 1)
            Fault(name, "stands more than once");
        else if (values.Count == 1 && values[0] is { Length: > 0 } text)
        {
            if (text.Length <= maxLength && !text.Contains('\0'))
                return text;
            Fault(name, $"must be text of at most {maxLength} characters without U+0000");
        }

        return null;
    }

    public DateTimeOffset? Time(string name)
    {
        // An unescaped + of an offset arrives as a space; no time has a space there otherwise.
        var text = Text(name, 64) is { Length: > 19 } raw ? raw[..19] + raw[19..].Replace(' ', '+') : Text(name, 64);
        if (text is null)
            return null;
        if (Timestamps.TryParse(text, out var time))
            return time;
        Fault(name, "must be an RFC 3339 time with an offset or Z");
        return null;
    }

    public Guid? Id(string name)
    {
        if (Text(name, 64) is not { } text)
            return null;
        if (Guid.TryParseExact(text, "D", out var id))
            return id;
        Fault(name, "must be a UUID");
        return null;
    }

    /// <summary><c>limit</c> and <c>after</c>.</summary>
    /// <param name="maxLimit">Items a page of this list can hold.</param>
    public PageRequest Page(int maxLimit = PageRequest.MaxLimit)
    {
        var limit = Math.Min(PageRequest.DefaultLimit, maxLimit);
        if (Text("limit", 16) is { } text
            && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit >= 1 && limit <= maxLimit))
            Fault("limit", $"must be a whole number from 1 to {maxLimit}");
        return new PageRequest(limit, Text("after", 512));
    }

    public bool Has(string name) => query[name].Count > 0;
}
