using System.Text.Json;
using System.Text.RegularExpressions;

namespace EsoCore.Tests.Support;

/// <summary>
/// Holds JSON to the schemas of an OpenAPI 3.1 document: the part of JSON Schema that our document uses. A keyword it does not know is a
/// fault of the document, so that nothing passes because it was not looked at. Formats are taken as they are.
/// </summary>
/// <param name="document">The whole document, for references.</param>
internal sealed class SchemaChecker(JsonElement document)
{
    private static readonly HashSet<string> Known =
        [
            "type", "required", "properties", "additionalProperties", "items", "enum", "oneOf", "anyOf", "allOf", "$ref", "minimum",
            "maximum",
            "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "pattern",
        ];

    private static readonly HashSet<string> SayNothing =
        ["description", "title", "format", "example", "examples", "default", "$schema", "$defs"];

    /// <summary>Every way in which a value is not as its schema says.</summary>
    /// <param name="closed">Whether a property that the schema does not name is a fault; never where it allows further ones.</param>
    public List<string> Check(JsonElement schema, JsonElement value, bool closed)
    {
        var faults = new List<string>();
        Check(schema, value, closed, "$", faults);
        return faults;
    }

    /// <summary>The schema that a reference leads to, or the schema itself.</summary>
    public JsonElement Resolve(JsonElement schema)
    {
        while (schema.TryGetProperty("$ref", out var reference))
        {
            schema = document;
            foreach (var step in reference.GetString()![2..].Split('/'))
                schema = schema.GetProperty(step.Replace("~1", "/").Replace("~0", "~"));
        }

        return schema;
    }

    private void Check(JsonElement schema, JsonElement value, bool closed, string path, List<string> faults)
    {
        schema = Resolve(schema);
        foreach (var keyword in schema.EnumerateObject().Select(keyword => keyword.Name).Where(name => !Known.Contains(name)))
        {
            if (!SayNothing.Contains(keyword))
                faults.Add($"{path}: the schema has the keyword '{keyword}', which is not known here");
        }

        if (schema.TryGetProperty("type", out var type) && !Types(type).Any(name => Is(value, name)))
            faults.Add($"{path}: {value.GetRawText()} is not {type.GetRawText()}");
        if (schema.TryGetProperty("enum", out var allowed) && !allowed.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)))
            faults.Add($"{path}: {value.GetRawText()} is none of {allowed.GetRawText()}");
        CheckBounds(schema, value, path, faults);
        foreach (var one in Parts(schema, "allOf"))
            Check(one, value, closed, path, faults);
        foreach (var keyword in new[] { "anyOf", "oneOf" })
            CheckAlternatives([.. Parts(schema, keyword)], keyword == "oneOf", value, closed, path, faults);
        if (value.ValueKind == JsonValueKind.Object)
            CheckMembers(schema, value, closed, path, faults);
        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
        {
            foreach (var (index, item) in value.EnumerateArray().Index())
                Check(items, item, closed, $"{path}[{index}]", faults);
        }
    }

    private static void CheckBounds(JsonElement schema, JsonElement value, string path, List<string> faults)
    {
        var (least, most, size) = value.ValueKind switch
        {
            JsonValueKind.Number => ("minimum", "maximum", value.GetDouble()),
            JsonValueKind.String => ("minLength", "maxLength", value.GetString()!.Length),
            JsonValueKind.Array => ("minItems", "maxItems", value.GetArrayLength()),
            _ => ("", "", 0.0),
        };
        if (least.Length > 0 && schema.TryGetProperty(least, out var min) && size < min.GetDouble())
            faults.Add($"{path}: {size} is below the {least} {min}");
        if (most.Length > 0 && schema.TryGetProperty(most, out var max) && size > max.GetDouble())
            faults.Add($"{path}: {size} is above the {most} {max}");
        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("uniqueItems", out var unique) && unique.GetBoolean()
            && value.EnumerateArray().DistinctBy(item => item.GetRawText()).Count() < size)
            faults.Add($"{path}: an item stands there twice");
        if (value.ValueKind == JsonValueKind.String && schema.TryGetProperty("pattern", out var pattern)
            && !Regex.IsMatch(value.GetString()!, pattern.GetString()!))
            faults.Add($"{path}: {value} does not match {pattern}");
    }

    private void CheckAlternatives(
        List<JsonElement> alternatives, bool exactlyOne, JsonElement value, bool closed, string path, List<string> faults)
    {
        var found = alternatives.Select(one => Check(one, value, closed)).ToList();
        var fits = found.Count(list => list.Count == 0);
        if (found.Count > 0 && (fits == 0 || (exactlyOne && fits > 1)))
            faults.Add($"{path}: fits {fits} of {found.Count} alternatives: {string.Join("; ", found.SelectMany(list => list))}");
    }

    private void CheckMembers(JsonElement schema, JsonElement value, bool closed, string path, List<string> faults)
    {
        var properties = schema.TryGetProperty("properties", out var told) ? told.EnumerateObject() : default;
        var named = properties.ToDictionary(property => property.Name, property => property.Value);
        foreach (var name in Parts(schema, "required").Select(name => name.GetString()!).Where(name => !value.TryGetProperty(name, out _)))
            faults.Add($"{path}: {name} is missing");
        var further = schema.TryGetProperty("additionalProperties", out var stated) ? stated : (JsonElement?)null;
        foreach (var member in value.EnumerateObject())
        {
            if (named.TryGetValue(member.Name, out var own))
                Check(own, member.Value, closed, $"{path}.{member.Name}", faults);
            else if (further is { ValueKind: JsonValueKind.Object } rest)
                Check(rest, member.Value, closed, $"{path}.{member.Name}", faults);
            else if (further is { ValueKind: JsonValueKind.False } || (closed && further is null && named.Count > 0))
                faults.Add($"{path}: the schema does not tell of {member.Name}");
        }
    }

    private static IEnumerable<JsonElement> Parts(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out var list) ? list.EnumerateArray() : [];

    private static IEnumerable<string> Types(JsonElement type) =>
        type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(one => one.GetString()!) : [type.GetString()!];

    private static bool Is(JsonElement value, string type) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.GetDouble() % 1 == 0,
        _ => false,
    };
}

/// <summary>An OpenAPI document as clients read it: which body a route takes, and which it answers with.</summary>
internal sealed class ApiDocument(JsonElement document)
{
    public SchemaChecker Checker { get; } = new(document);

    public IEnumerable<(string Method, string Path, JsonElement Operation)> Operations =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select (operation.Name.ToUpperInvariant(), path.Name, operation.Value);

    public JsonElement Operation(HttpMethod method, string path) =>
        document.GetProperty("paths").GetProperty(path).GetProperty(method.Method.ToLowerInvariant());

    public static JsonElement RequestSchema(JsonElement operation, string mediaType = "application/json") =>
        operation.GetProperty("requestBody").GetProperty("content").GetProperty(mediaType).GetProperty("schema");

    /// <summary>The schema of an answer, or null where the document tells of no such answer.</summary>
    public static JsonElement? AnswerSchema(JsonElement operation, int status, string mediaType) =>
        operation.GetProperty("responses").TryGetProperty($"{status}", out var answer)
        && answer.TryGetProperty("content", out var content)
        && content.TryGetProperty(mediaType, out var body)
        && body.TryGetProperty("schema", out var schema)
            ? schema : null;
}
