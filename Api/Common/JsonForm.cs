using System.Globalization;
using System.Text.Json;
using EsoCore.Wire;

namespace EsoCore.Api;

/// <summary>
/// Reads a small JSON object field by field and gathers every fault instead of stopping at the first. Unknown fields are ignored.
/// A null counts as absent, except for <see cref="IsNull"/>, by which an edit clears a field.
/// </summary>
internal sealed class JsonForm
{
    /// <summary>Bytes of a small body; above it the answer is 413.</summary>
    public const int MaxBytes = 64 * 1024;

    private static readonly JsonDocumentOptions ParseOptions = new() { MaxDepth = ApiJson.MaxDepth, AllowDuplicateProperties = false };

    private readonly Dictionary<string, JsonElement> _fields = new(StringComparer.Ordinal);
    private readonly string _path;
    private readonly List<FieldError> _faults;

    private JsonForm(JsonElement root, string path, List<FieldError> faults)
    {
        (_path, _faults) = (path, faults);
        foreach (var property in root.EnumerateObject())
            _fields[property.Name] = property.Value;
    }

    public ImmutableArray<FieldError> Faults => [.. _faults];

    public IEnumerable<string> Names => _fields.Keys;

    /// <summary>Parses a whole body. An empty one is an empty object where <paramref name="optional"/>.</summary>
    public static JsonForm? TryParse(ReadOnlyMemory<byte> body, bool optional, out Problem? problem)
    {
        problem = null;
        var text = body.Span.StartsWith("\uFEFF"u8) ? body[3..] : body; // Some tools write a byte order mark; RFC 8259 lets us ignore it.
        try
        {
            using var document = JsonDocument.Parse(optional && text.IsEmpty ? "{}"u8.ToArray() : text, ParseOptions);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return new JsonForm(document.RootElement.Clone(), "", []);
            problem = Problems.BadRequest(ProblemCodes.BadJson, "The body must be a JSON object.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // A name with half a surrogate pair surfaces as InvalidOperationException.
            problem = Problems.BadRequest(ProblemCodes.BadJson, "The body is not valid JSON: " + e.Message);
        }

        return null;
    }

    public void Fault(string name, string message) => _faults.Add(new FieldError(_path + name, message));

    public bool Has(string name) => _fields.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null;

    public bool IsNull(string name) => _fields.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Null;

    /// <summary>The value as it stands, or null when absent.</summary>
    public JsonElement? Raw(string name) => Has(name) ? _fields[name] : null;

    public string? Text(string name, int maxLength, bool required = false)
    {
        if (!Has(name))
        {
            if (required)
                Fault(name, $"is required: text of 1 to {maxLength} characters");
            return null;
        }

        return ReadText(_fields[name], maxLength) is { } text && (text.Length > 0 || !required)
            ? text
            : FaultOf<string>(name, $"must be text of {(required ? 1 : 0)} to {maxLength} characters without U+0000");
    }

    public bool? Flag(string name) =>
        !Has(name) ? null
        : _fields[name].ValueKind is JsonValueKind.True or JsonValueKind.False ? _fields[name].GetBoolean()
        : FaultOfValue<bool>(name, "must be true or false");

    public long? Whole(string name, long min, long max) =>
        !Has(name) ? null
        : _fields[name].ValueKind == JsonValueKind.Number && _fields[name].TryGetInt64(out var number) && number >= min && number <= max ? number
        : FaultOfValue<long>(name, string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {min} to {max}"));

    public double? Number(string name) =>
        !Has(name) ? null
        : TryNumber(_fields[name], out var number) ? number
        : FaultOfValue<double>(name, "must be a number");

    public DateTimeOffset? Time(string name) =>
        !Has(name) ? null
        : Timestamps.TryParse(ReadText(_fields[name], 64), out var time) ? time
        : FaultOfValue<DateTimeOffset>(name, "must be an RFC 3339 time with an offset or Z");

    public DateOnly? Date(string name) =>
        !Has(name) ? null
        : DateOnly.TryParseExact(ReadText(_fields[name], 10), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? date
        : FaultOfValue<DateOnly>(name, "must be a date, YYYY-MM-DD");

    /// <summary>An object inside, or null when absent or faulty.</summary>
    public JsonForm? Child(string name) =>
        !Has(name) ? null
        : _fields[name].ValueKind == JsonValueKind.Object ? new JsonForm(_fields[name], _path + name + ".", _faults)
        : FaultOf<JsonForm>(name, "must be an object");

    /// <summary>The objects of a list, or null when it is absent or faulty; an item that is none is a fault and left out.</summary>
    public ImmutableArray<JsonForm>? Children(string name, int maxItems)
    {
        if (!Has(name))
            return null;
        if (_fields[name].ValueKind != JsonValueKind.Array || _fields[name].GetArrayLength() > maxItems)
            return FaultOfValue<ImmutableArray<JsonForm>>(name, $"must be a list of at most {maxItems}");
        var list = ImmutableArray.CreateBuilder<JsonForm>();
        foreach (var (at, item) in _fields[name].EnumerateArray().Index())
        {
            if (item.ValueKind == JsonValueKind.Object)
                list.Add(new JsonForm(item, $"{_path}{name}[{at}].", _faults));
            else
                Fault($"{name}[{at}]", "must be an object");
        }

        return list.ToImmutable();
    }

    public ImmutableSortedDictionary<string, T>? Map<T>(string name, Func<JsonElement, T?> read, string expected) where T : class
    {
        if (!Has(name))
            return null;
        if (_fields[name].ValueKind != JsonValueKind.Object)
            return FaultOf<ImmutableSortedDictionary<string, T>>(name, "must be an object");
        var map = ImmutableSortedDictionary.CreateBuilder<string, T>(StringComparer.Ordinal);
        foreach (var property in _fields[name].EnumerateObject())
        {
            if (read(property.Value) is { } value)
                map[property.Name] = value;
            else
                Fault($"{name}.{property.Name}", expected);
        }

        return map.ToImmutable();
    }

    public ImmutableSortedDictionary<string, string>? TextMap(string name, int maxLength) =>
        Map(name, value => ReadText(value, maxLength), $"must be text of at most {maxLength} characters without U+0000");

    public ImmutableSortedDictionary<string, double>? NumberMap(string name) =>
        Map<object>(name, value => TryNumber(value, out var number) ? number : null, "must be a number")
            ?.ToImmutableSortedDictionary(pair => pair.Key, pair => (double)pair.Value, StringComparer.Ordinal);

    public ImmutableArray<string>? TextList(string name, int maxItems, int maxLength)
    {
        if (!Has(name))
            return null;
        if (_fields[name].ValueKind != JsonValueKind.Array || _fields[name].GetArrayLength() > maxItems)
            return FaultOfValue<ImmutableArray<string>>(name, $"must be a list of at most {maxItems}");
        var list = ImmutableArray.CreateBuilder<string>();
        foreach (var item in _fields[name].EnumerateArray())
        {
            if (ReadText(item, maxLength) is { } text)
                list.Add(text);
            else
                Fault($"{name}[{list.Count}]", $"must be text of at most {maxLength} characters without U+0000");
        }

        return list.ToImmutable();
    }

    internal static string? ReadText(JsonElement value, int maxLength)
    {
        if (value.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            var text = value.GetString()!;
            return text.Length <= maxLength && !text.Contains('\0') ? text : null;
        }
        catch (InvalidOperationException)
        {
            return null; // An escape that is half a surrogate pair.
        }
    }

    private static bool TryNumber(JsonElement value, out double number)
    {
        number = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out number) && double.IsFinite(number);
    }

    private T? FaultOf<T>(string name, string message) where T : class
    {
        Fault(name, message);
        return null;
    }

    private T? FaultOfValue<T>(string name, string message) where T : struct
    {
        Fault(name, message);
        return null;
    }
}
