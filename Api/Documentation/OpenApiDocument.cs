using System.Globalization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace EsoCore.Api;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c>: made from the routes and their <see cref="RouteDoc"/>.</summary>
internal static class OpenApiDocument
{
    public const string Name = "v1";

    private const string Basic = "basic";
    private const string Bearer = "bearer";
    private const string DeviceKey = "deviceKey";
    private const string ProblemSchema = "Problem";

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer(DescribeDocument);
        options.AddOperationTransformer(DescribeOperation);
        options.AddSchemaTransformer(DescribeSchema);
    }

    private static Task DescribeDocument(Microsoft.OpenApi.OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancel)
    {
        document.Info = new OpenApiInfo
        {
            Title = "EsoCore",
            Version = typeof(OpenApiDocument).Assembly.GetName().Version?.ToString(3) ?? "0",
            Description = "Devices upload batches and have live twins; people manage devices, sites, assets and config profiles of their project. "
                + "Every refusal is application/problem+json with a stable code.",
        };
        document.Servers = [new OpenApiServer { Url = "/" }]; // The address under which this server is reached is the reader's, not the server's, to say.
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Basic] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "basic", Description = "User: the key's id. Password: its secret." },
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT", Description = "A token from POST /v1/token or POST /oauth2/token.",
            },
            [DeviceKey] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = "X-Auth-Key", Description = "The device key's secret.",
            },
        };
        document.AddComponent(ProblemSchema, MakeProblemSchema());
        return Task.CompletedTask;
    }

    private static async Task DescribeOperation(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<RouteDoc>().FirstOrDefault() is not { } doc)
            return;
        operation.Description = doc.Description;
        operation.Parameters ??= [];
        foreach (var parameter in doc.Parameters)
            operation.Parameters.Add(ToOpenApi(parameter));
        if (doc.Request is { } request)
            operation.RequestBody = await BodyOf(doc, request, context, cancel);
        AddSecurity(operation, doc, metadata.OfType<KeyRequired>().Any(), context.Document!);
        AddRefusals(operation, doc, metadata.OfType<KeyRequired>().Any(), context.Document!);
        if (doc.HasETag)
            AddETag(operation);
    }

    private static async Task<OpenApiRequestBody> BodyOf(RouteDoc doc, Type request, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var schema = await context.GetOrCreateSchemaAsync(request, cancellationToken: cancel);
        context.Document!.AddComponent(request.Name, schema);
        IOpenApiSchema reference = new OpenApiSchemaReference(request.Name, context.Document);
        if (request == typeof(BatchBody))
        {
            var records = new OpenApiSchema
            {
                Type = JsonSchemaType.Array, Items = await context.GetOrCreateSchemaAsync(typeof(RecordBody), cancellationToken: cancel),
            };
            reference = new OpenApiSchema { AnyOf = [reference, records] };
        }

        return new OpenApiRequestBody
        {
            Required = !doc.RequestOptional,
            Content = doc.RequestTypes.ToDictionary(type => type, _ => new OpenApiMediaType { Schema = reference }),
        };
    }

    private static OpenApiParameter ToOpenApi(ParameterDoc parameter) => new()
    {
        Name = parameter.Name,
        In = parameter.Place == ParameterPlace.Query ? ParameterLocation.Query : ParameterLocation.Header,
        Required = parameter.Required,
        Description = parameter.Description,
        Schema = parameter.Type switch
        {
            "integer" => new OpenApiSchema { Type = JsonSchemaType.Integer },
            "boolean" => new OpenApiSchema { Type = JsonSchemaType.Boolean },
            "date-time" or "uuid" => new OpenApiSchema { Type = JsonSchemaType.String, Format = parameter.Type },
            _ => new OpenApiSchema { Type = JsonSchemaType.String },
        },
    };

    private static void AddSecurity(OpenApiOperation operation, RouteDoc doc, bool keyRequired, Microsoft.OpenApi.OpenApiDocument document)
    {
        string[] schemes = keyRequired ? [Basic, Bearer] : doc.TakesBasic ? [Basic] : doc.IsDeviceCall ? [DeviceKey, Bearer] : [];
        operation.Security = [.. schemes.Select(scheme => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, document)] = [] })];
        if (doc.IsDeviceCall)
            operation.Security.Add([]); // A signed call needs neither, and the handshake nothing at all.
    }

    private static void AddRefusals(OpenApiOperation operation, RouteDoc doc, bool keyRequired, Microsoft.OpenApi.OpenApiDocument document)
    {
        var statuses = doc.Errors.Union([429, 500, 503]);
        if (keyRequired)
            statuses = statuses.Union([401, 403]);
        operation.Responses ??= [];
        foreach (var status in statuses)
        {
            operation.Responses[status.ToString(CultureInfo.InvariantCulture)] = new OpenApiResponse
            {
                Description = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status),
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(ProblemSchema, document) },
                },
            };
        }
    }

    private static void AddETag(OpenApiOperation operation)
    {
        foreach (var response in operation.Responses!.Where(r => r.Key is "200" or "201").Select(r => r.Value).OfType<OpenApiResponse>())
        {
            response.Headers ??= new Dictionary<string, IOpenApiHeader>();
            response.Headers["ETag"] = new OpenApiHeader
            {
                Description = "The version, for If-Match and If-None-Match.", Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            };
        }
    }

    /// <summary>What converters write cannot be told from the types they convert.</summary>
    private static Task DescribeSchema(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancel)
    {
        var type = context.JsonTypeInfo.Type;
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (plain == typeof(JsonText))
            (schema.Type, schema.Properties, schema.Required, schema.Description) = (null, null, null, "Any JSON value.");
        else if (plain == typeof(DateTimeOffset))
            (schema.Type, schema.Format) = (plain == type ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null, "date-time");
        else if (plain == typeof(ReadOnlyMemory<byte>))
            (schema.Type, schema.Format, schema.Items) = (JsonSchemaType.String, "byte", null);
        return Task.CompletedTask;
    }

    private static OpenApiSchema MakeProblemSchema()
    {
        static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };
        return new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string> { "status", "code", "detail" },
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
                        Properties = new Dictionary<string, IOpenApiSchema> { ["field"] = Text("Its path as sent."), ["message"] = Text("What would be right.") },
                    },
                },
            },
        };
    }
}
