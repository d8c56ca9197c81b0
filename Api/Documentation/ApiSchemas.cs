using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace EsoCore.Api;

/// <summary>Schemas of the OpenAPI document where the types alone do not make them.</summary>
internal static class ApiSchemas
{
    private const string AnyValue = "Any JSON value.";

    /// <summary>
    /// What the types alone do not tell: what converters write, and what may be absent. Our records say that by a nullable type: it may be
    /// absent or null, in a request as in an answer. Everything else is always there, and only that is required.
    /// </summary>
    public static Task Describe(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancel)
    {
        var type = context.JsonTypeInfo.Type;
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (plain == typeof(JsonText))
            (schema.Type, schema.Properties, schema.Required, schema.Description) = (null, null, null, schema.Description ?? AnyValue);
        else if (plain == typeof(DateTimeOffset))
            (schema.Type, schema.Format) = (JsonSchemaType.String | (plain == type ? 0 : JsonSchemaType.Null), "date-time");
        else if (plain == typeof(ReadOnlyMemory<byte>))
            (schema.Type, schema.Format, schema.Items) = (JsonSchemaType.String, "byte", null);
        else if (context.JsonTypeInfo.Kind == JsonTypeInfoKind.Object && schema.Properties is { Count: > 0 })
            schema.Required = context.JsonTypeInfo.Properties.Where(IsAlwaysThere).Select(property => property.Name).ToHashSet();
        var attributes = context.JsonPropertyInfo?.AttributeProvider?.GetCustomAttributes(typeof(WordsAttribute), inherit: true);
        if (attributes is [WordsAttribute one])
            Restrict(schema.Items as OpenApiSchema ?? schema, one.Words);
        if (type.IsAssignableTo(typeof(IHasFurtherMembers)))
            schema.AdditionalProperties = new OpenApiSchema { Description = AnyValue };
        return Task.CompletedTask;
    }

    /// <summary>A text that may be null is one of the words or null: an enum forbids what it does not name.</summary>
    private static void Restrict(OpenApiSchema text, IReadOnlyList<string> words) => text.Enum =
    [
        .. words.Select(word => JsonValue.Create(word)),
        .. text.Type?.HasFlag(JsonSchemaType.Null) == true ? [JsonNullSentinel.JsonNull] : Array.Empty<JsonNode>(),
    ];

    private static bool IsAlwaysThere(JsonPropertyInfo property) =>
        property.AttributeProvider?.IsDefined(typeof(JsonRequiredAttribute), inherit: true) == true || !property.IsGetNullable;

    /// <summary>Every refusal.</summary>
    public static OpenApiSchema Problem()
    {
        static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };
        return new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string> { "status", "code", "detail" },
            Examples = [JsonNode.Parse(ApiExamples.Problem)!],
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["type"] = Text("about:blank; the code tells problems apart."),
                ["title"] = Text("The status in words."),
                ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
                ["code"] = Text("Stable, for programs."),
                ["detail"] = Text("One sentence, for people."),
                ["next_hint"] = Text("backoff_ms: how long to wait before the next try."),
                ["server_time"] = Text("The server's clock, where the caller's is off."),
                ["error"] = Text("The error word of RFC 6749, on POST /oauth2/token."),
                ["errors"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    Description = "Every fault found.",
                    Items = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Object,
                        Properties = new Dictionary<string, IOpenApiSchema>
                        {
                            ["field"] = Text("Its path as sent."),
                            ["message"] = Text("What would be right."),
                        },
                    },
                },
            },
        };
    }
}

/// <summary>A body that holds members of any name beside those of its type.</summary>
internal interface IHasFurtherMembers;
