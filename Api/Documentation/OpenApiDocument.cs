using System.Globalization;
using System.Text.Json.Nodes;
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
        options.AddSchemaTransformer(ApiSchemas.Describe);
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
        document.AddComponent(ProblemSchema, ApiSchemas.Problem());
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
        AddAnswerExample(operation, doc);
        if (doc.HasETag)
            AddETag(operation);
    }

    private static async Task<OpenApiRequestBody> BodyOf(RouteDoc doc, Type request, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var json = await ReferenceTo(request, context, cancel);
        if (request == typeof(BatchBody))
        {
            var records = new OpenApiSchema { Type = JsonSchemaType.Array, Items = await ReferenceTo(typeof(RecordBody), context, cancel) };
            json = new OpenApiSchema { AnyOf = [json, records] };
        }

        return new OpenApiRequestBody
        {
            Required = !doc.RequestOptional,
            Content = doc.RequestTypes.ToDictionary(type => type, type => type == RouteDoc.NdJson ? Lines() : new OpenApiMediaType
            {
                Schema = json,
                Examples = doc.Examples.IsEmpty ? null : doc.Examples.ToDictionary(
                    example => example.Name,
                    IOpenApiExample (example) => new OpenApiExample { Summary = example.Summary, Value = JsonNode.Parse(example.Json) }),
            }),
        };
    }

    private static async Task<IOpenApiSchema> ReferenceTo(Type type, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        context.Document!.AddComponent(type.Name, await context.GetOrCreateSchemaAsync(type, cancellationToken: cancel));
        return new OpenApiSchemaReference(type.Name, context.Document);
    }

    /// <summary>Lines are no JSON value, so their schema is that of text; what a line is stands in words.</summary>
    private static OpenApiMediaType Lines() => new()
    {
        Schema = new OpenApiSchema
        {
            Type = JsonSchemaType.String,
            Description = $"Records, one a line, each as {nameof(RecordBody)} has it; this is what files on a device's card hold.",
        },
        Example = JsonValue.Create(ApiExamples.NdJson),
    };

    private static void AddAnswerExample(OpenApiOperation operation, RouteDoc doc)
    {
        if (doc.AnswerExample is { } example
            && operation.Responses!.TryGetValue("200", out var answer)
            && answer.Content?.TryGetValue("application/json", out var media) == true
            && media is OpenApiMediaType json)
            json.Example = JsonNode.Parse(example);
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
}
