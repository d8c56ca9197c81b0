using EsoCore.Rules;

namespace EsoCore.Api;

/// <summary>Alert rules, <c>/api/rules</c>.</summary>
internal static class RuleEndpoints
{
    private const string Tag = "Rules";
    private const string What = "rule";

    private const string Conditions =
        "The condition is an object whose type is threshold, rate_of_change, missing_data, window_statistic, event, devices, device_state, "
        + "anomaly or fleet_pattern; the schema at /api/rules/schema says what each takes.";

    private const string Untried =
        "Conditions of the types device_state (alone or in devices) and fleet_pattern are refused: what they judge is not kept.";

    private static readonly byte[] Schema = ReadSchema();

    public static void MapRules(this IEndpointRouteBuilder app)
    {
        var rules = app.MapGroup("/api/rules").RequireProjectKey();
        rules.MapPost("", Create)
            .Doc("createRule", Tag, "Create a rule; its id is minted when absent", doc => doc
                .Says(Conditions).Takes<RuleChangeBody>().ETag().Refuses(409))
            .Gives<RuleBody>(StatusCodes.Status201Created);
        rules.MapGet("", List).Doc("listRules", Tag, "The project's rules by id, the built-in ones included", doc => doc.Paged())
            .Gives<RuleList>();
        rules.MapGet("/schema", () => Results.Bytes(Schema, "application/json"))
            .Doc("getRuleSchema", Tag, "The JSON schema of a rule and its condition").Gives<JsonText>();
        rules.MapPost("/try", Try)
            .Doc("tryRule", Tag, "Run a rule over past data without saving it", doc => doc.Says(Untried).Takes<RuleTrialBody>())
            .Gives<RuleTrialAnswer>();
        rules.MapGet("/{id}", Get).Doc("getRule", Tag, "A rule and what came of it", doc => doc.ETag().Refuses(404)).Gives<RuleBody>();
        rules.MapPatch("/{id}", Change)
            .Doc("changeRule", Tag, "Change a rule: what is absent stays, what is null is cleared", doc => doc
                .Takes<RuleChangeBody>().Edits().Refuses(404))
            .Gives<RuleBody>();
        rules.MapDelete("/{id}", Delete)
            .Doc("deleteRule", Tag, "Take a rule away; a built-in one stays away until it is created again", doc => doc
                .Edits().Refuses(404))
            .Gives(StatusCodes.Status204NoContent);
    }

    private static Task<IResult> Create(HttpContext http, IGrainFactory grains) => Definitions.Create(
        http, form => RuleForms.Read(form, null),
        async (id, rule) => Edit(http, await Rule(grains, http, id).Put(rule, expectedVersion: null, onlyCreate: true)),
        // Such a rule could not be reached: its path is another route's.
        id => id is "schema" or "try" ? "must not be schema or try" : null,
        rule => Check(grains, http, Definitions.NoId, rule));

    private static Task<IResult> List(HttpContext http, IGrainFactory grains) => Definitions.List(
        http, page => grains.GetGrain<IRuleSetGrain>(Caller.Of(http).ProjectId.ToString("D")).List(page),
        rules => new RuleList(rules.Select(rule => new RuleBody(rule))));

    private static async Task<IResult> Get(HttpContext http, string id, IGrainFactory grains)
    {
        if (await Rule(grains, http, Ids.FromPath(http, id)).Get() is not { } found)
            return Problems.NotFound(What);
        http.Response.Headers.ETag = ETags.Of(found.Rule.Version);
        // No 304: counts change without a new version.
        return Results.Json(new RuleBody(found.Rule, found.IsBuiltIn, found.Counts), ApiJson.Options);
    }

    private static async Task<IResult> Change(HttpContext http, string id, IGrainFactory grains)
    {
        var grain = Rule(grains, http, Ids.FromPath(http, id));
        return await Definitions.Change(
            http, async () => (await grain.Get())?.Rule, What, RuleForms.Read,
            (rule, version) => grain.Put(rule, version, onlyCreate: false),
            result => Edit(http, result), rule => Check(grains, http, id, rule));
    }

    private static async Task<IResult> Delete(HttpContext http, string id, IGrainFactory grains) =>
        Edit(http, await Rule(grains, http, Ids.FromPath(http, id)).Delete(ETags.IfMatch(http.Request)));

    private static async Task<IResult> Try(HttpContext http, IGrainFactory grains)
    {
        var (form, unread) = await Answers.ReadForm(http);
        if (form is null)
            return unread!;
        var (from, to) = (form.Time("from"), form.Time("to"));
        if (!form.Has("from"))
            form.Fault("from", "is required");
        if (!form.Has("to"))
            form.Fault("to", "is required");
        if (from >= to || to - from > TimeSpan.FromDays(IRuleTrialGrain.MaxDays))
            form.Fault("to", $"must be after from, by at most {IRuleTrialGrain.MaxDays} days");
        if (!form.Has("rule"))
            form.Fault("rule", "is required");
        var rule = form.Child("rule") is { } inner ? RuleForms.Read(inner, null) : null;
        if (form.Faults is { Length: > 0 } faults)
            return Problems.Faulty(faults);
        var trial = await grains.GetGrain<IRuleTrialGrain>(IRuleTrialGrain.Key).Try(Caller.Of(http).Scope, rule!, from!.Value, to!.Value);
        return trial.Errors.IsEmpty
            ? Results.Json(new RuleTrialAnswer(
                trial.Devices, trial.Records, trial.Cut, trial.Episodes.Select(found => new TrialEpisodeBody(found))), ApiJson.Options)
            : Problems.Faulty([.. trial.Errors.Select(error => error with { Field = $"rule.{error.Field}" })], ApiCodes.Invalid);
    }

    private static byte[] ReadSchema()
    {
        using var stream = typeof(RuleEndpoints).Assembly.GetManifestResourceStream("rule.schema.json")!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>What is wrong with a rule.</summary>
    private static async Task<ImmutableArray<FieldError>> Check(IGrainFactory grains, HttpContext http, string id, RuleDefinition rule) =>
        (await Rule(grains, http, id).Put(rule, Definitions.NoVersion, onlyCreate: false)).Errors;

    private static IRuleGrain Rule(IGrainFactory grains, HttpContext http, string id) =>
        grains.GetGrain<IRuleGrain>(Ids.Key(Caller.Of(http).Scope, id));

    private static IResult Edit(HttpContext http, EditResult<RuleDefinition> result) =>
        Answers.Edit(http, result, What, rule => new RuleBody(rule), Location);

    private static string Location(Versioned<RuleDefinition> rule) => $"/api/rules/{Ids.ToPath(rule.Id)}";
}
