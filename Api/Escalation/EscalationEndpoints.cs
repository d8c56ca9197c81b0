using EsoCore.Escalation;

namespace EsoCore.Api;

/// <summary>Escalation policies, <c>/api/escalation-policies</c>, and on-call schedules, <c>/api/schedules</c>.</summary>
internal static class EscalationEndpoints
{
    private const string Tag = "Escalation";

    /// <summary>The years that a schedule can be asked about.</summary>
    private const int FirstYear = 2000, LastYear = 2200;

    public static void MapEscalation(this IEndpointRouteBuilder app)
    {
        MapPolicies(app.MapGroup("/api/escalation-policies").RequireProjectKey());
        MapSchedules(app.MapGroup("/api/schedules").RequireProjectKey());
    }

    private static void MapPolicies(RouteGroupBuilder policies)
    {
        policies.MapPost("", CreatePolicy)
            .Doc("createEscalationPolicy", Tag, "Create an escalation policy; its id is minted when absent",
                doc => doc.Takes<NewPolicyBody>().ETag().Refuses(409))
            .Gives<PolicyBody>(StatusCodes.Status201Created);
        policies.MapGet("", ListPolicies)
            .Doc("listEscalationPolicies", Tag, "The project's escalation policies, by id", doc => doc.Paged()).Gives<PolicyList>();
        policies.MapGet("/{id}", GetPolicy)
            .Doc("getEscalationPolicy", Tag, "An escalation policy", doc => doc.ETag().Refuses(404)).Gives<PolicyBody>();
        policies.MapPatch("/{id}", ChangePolicy)
            .Doc("changeEscalationPolicy", Tag, "Change an escalation policy: what is absent stays, what is null is cleared",
                doc => doc.Takes<PolicyChangeBody>().Edits().Refuses(404))
            .Gives<PolicyBody>();
        policies.MapDelete("/{id}", DeletePolicy)
            .Doc("deleteEscalationPolicy", Tag, "Take an escalation policy away", doc => doc.Edits().Refuses(404))
            .Gives(StatusCodes.Status204NoContent);
    }

    private static void MapSchedules(RouteGroupBuilder schedules)
    {
        schedules.MapPost("", CreateSchedule)
            .Doc("createSchedule", Tag, "Create an on-call schedule; its id is minted when absent",
                doc => doc.Takes<NewScheduleBody>().ETag().Refuses(409))
            .Gives<ScheduleBody>(StatusCodes.Status201Created);
        schedules.MapGet("", ListSchedules)
            .Doc("listSchedules", Tag, "The project's on-call schedules, by id", doc => doc.Paged()).Gives<ScheduleList>();
        schedules.MapGet("/{id}", GetSchedule)
            .Doc("getSchedule", Tag, "An on-call schedule", doc => doc.ETag().Refuses(404)).Gives<ScheduleBody>();
        schedules.MapGet("/{id}/oncall", OnCall)
            .Doc("getOnCall", Tag, "Who is on duty", doc => doc.Query("at", "When; now by default.", "date-time").Refuses(404))
            .Gives<OnCallBody>();
        schedules.MapPatch("/{id}", ChangeSchedule)
            .Doc("changeSchedule", Tag, "Change an on-call schedule: what is absent stays, what is null is cleared",
                doc => doc.Takes<ScheduleChangeBody>().Edits().Refuses(404))
            .Gives<ScheduleBody>();
        schedules.MapDelete("/{id}", DeleteSchedule)
            .Doc("deleteSchedule", Tag, "Take an on-call schedule away", doc => doc.Edits().Refuses(404))
            .Gives(StatusCodes.Status204NoContent);
    }

    private static Task<IResult> CreatePolicy(HttpContext http, IGrainFactory grains) => Definitions.Create(
        http, form => EscalationForms.ReadPolicy(form, null),
        async (id, policy) => PolicyEdit(http, await Policy(grains, http, id).Put(policy, null, onlyCreate: true)),
        check: policy => Faults(Policy(grains, http, Definitions.NoId), policy));

    private static Task<IResult> ListPolicies(HttpContext http, IGrainFactory grains) => Definitions.List(
        http, page => Lists(grains, http).ListPolicies(page), policies => new PolicyList(policies.Select(p => new PolicyBody(p))));

    private static async Task<IResult> GetPolicy(HttpContext http, string id, IGrainFactory grains) =>
        await Policy(grains, http, Ids.FromPath(http, id)).Get() is { } policy
            ? Answers.Versioned(http, policy, new PolicyBody(policy)) : Problems.NotFound("escalation policy");

    private static async Task<IResult> ChangePolicy(HttpContext http, string id, IGrainFactory grains)
    {
        var grain = Policy(grains, http, Ids.FromPath(http, id));
        return await Definitions.Change(
            http, grain.Get, "escalation policy", EscalationForms.ReadPolicy,
            (policy, version) => grain.Put(policy, version, onlyCreate: false), result => PolicyEdit(http, result),
            policy => Faults(grain, policy));
    }

    private static async Task<IResult> DeletePolicy(HttpContext http, string id, IGrainFactory grains) =>
        PolicyEdit(http, await Policy(grains, http, Ids.FromPath(http, id)).Delete(ETags.IfMatch(http.Request)));

    private static Task<IResult> CreateSchedule(HttpContext http, IGrainFactory grains) => Definitions.Create(
        http, form => EscalationForms.ReadSchedule(form, null),
        async (id, schedule) => ScheduleEdit(http, await Schedule(grains, http, id).Put(schedule, null, onlyCreate: true)),
        check: schedule => Faults(Schedule(grains, http, Definitions.NoId), schedule));

    private static Task<IResult> ListSchedules(HttpContext http, IGrainFactory grains) => Definitions.List(
        http, page => Lists(grains, http).ListSchedules(page), schedules => new ScheduleList(schedules.Select(s => new ScheduleBody(s))));

    private static async Task<IResult> GetSchedule(HttpContext http, string id, IGrainFactory grains) =>
        await Schedule(grains, http, Ids.FromPath(http, id)).Get() is { } schedule
            ? Answers.Versioned(http, schedule, new ScheduleBody(schedule)) : Problems.NotFound("schedule");

    private static async Task<IResult> OnCall(HttpContext http, string id, IGrainFactory grains, TimeProvider time)
    {
        var query = new QueryReader(http.Request.Query);
        var at = query.Time("at") ?? time.GetUtcNow();
        if (at.Year is < FirstYear or > LastYear)
            query.Fault("at", $"must lie between {FirstYear} and {LastYear}");
        if (query.Problem() is { } faulty)
            return faulty;
        return await Schedule(grains, http, id).OnCall(at) is { } view
            ? Results.Json(new OnCallBody(view), ApiJson.Options) : Problems.NotFound("schedule");
    }

    private static async Task<IResult> ChangeSchedule(HttpContext http, string id, IGrainFactory grains)
    {
        var grain = Schedule(grains, http, Ids.FromPath(http, id));
        return await Definitions.Change(
            http, grain.Get, "schedule", EscalationForms.ReadSchedule,
            (schedule, version) => grain.Put(schedule, version, onlyCreate: false), result => ScheduleEdit(http, result),
            schedule => Faults(grain, schedule));
    }

    private static async Task<IResult> DeleteSchedule(HttpContext http, string id, IGrainFactory grains) =>
        ScheduleEdit(http, await Schedule(grains, http, Ids.FromPath(http, id)).Delete(ETags.IfMatch(http.Request)));

    private static IResult PolicyEdit(HttpContext http, EditResult<EscalationPolicy> result) => Answers.Edit(
        http, result, "escalation policy", policy => new PolicyBody(policy), policy => $"/api/escalation-policies/{Ids.ToPath(policy.Id)}");

    private static IResult ScheduleEdit(HttpContext http, EditResult<OnCallSchedule> result) => Answers.Edit(
        http, result, "schedule", schedule => new ScheduleBody(schedule), schedule => $"/api/schedules/{Ids.ToPath(schedule.Id)}");

    private static async Task<ImmutableArray<FieldError>> Faults(IEscalationPolicyGrain grain, EscalationPolicy policy) =>
        (await grain.Put(policy, Definitions.NoVersion, onlyCreate: false)).Errors;

    private static async Task<ImmutableArray<FieldError>> Faults(IOnCallScheduleGrain grain, OnCallSchedule schedule) =>
        (await grain.Put(schedule, Definitions.NoVersion, onlyCreate: false)).Errors;

    private static IEscalationPolicyGrain Policy(IGrainFactory grains, HttpContext http, string id) =>
        grains.GetGrain<IEscalationPolicyGrain>(Ids.Key(Caller.Of(http).Scope, id));

    private static IOnCallScheduleGrain Schedule(IGrainFactory grains, HttpContext http, string id) =>
        grains.GetGrain<IOnCallScheduleGrain>(Ids.Key(Caller.Of(http).Scope, id));

    private static IEscalationListGrain Lists(IGrainFactory grains, HttpContext http) =>
        grains.GetGrain<IEscalationListGrain>(Caller.Of(http).ProjectId.ToString("D"));
}
