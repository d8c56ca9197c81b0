using System.Text.Json.Serialization;
using EsoCore.Projects;

namespace EsoCore.Api;

/// <summary>The caller's project, <c>/api/project</c>.</summary>
internal static class ProjectEndpoints
{
    /// <summary>Days that a project can keep its points at most, when not for ever.</summary>
    private const int MaxRetentionDays = 36_500;

    private const string Tag = "Project";
    private const string Path = "/api/project";
    private const string Field = "retention_days";

    public static void MapProject(this IEndpointRouteBuilder app)
    {
        var project = app.MapGroup(Path).RequireProjectKey();
        project.MapGet("", Get).Doc("getProject", Tag, "The key's project", doc => doc.ETag()).Gives<Project>();
        project.MapPatch("", Change)
            .Doc("changeProject", Tag, "Set how long points, windows and events are kept", doc => doc.Takes<ProjectChangeBody>().Edits())
            .Gives<Project>();
    }

    private static async Task<IResult> Get(HttpContext http, IGrainFactory grains) =>
        await Grain(http, grains).Get() is { } found ? Answers.Versioned(http, found, found.Value) : Problems.NotFound("project");

    private static async Task<IResult> Change(HttpContext http, IGrainFactory grains)
    {
        var (form, unread) = await Answers.ReadForm(http);
        if (form is null)
            return unread!;
        var days = (int?)form.Whole(Field, 1, MaxRetentionDays);
        if (!form.Has(Field) && !form.IsNull(Field))
            form.Fault(Field, "is required: days, or null to keep everything");
        if (form.Faults is { Length: > 0 } faults)
            return Problems.Faulty(faults);
        var result = await Grain(http, grains).SetRetention(days, ETags.IfMatch(http.Request));
        return Answers.Edit(http, result, "project", changed => changed.Value, _ => Path);
    }

    private static IProjectGrain Grain(HttpContext http, IGrainFactory grains) =>
        grains.GetGrain<IProjectGrain>(Caller.Of(http).ProjectId.ToString("D"));
}

/// <summary>A change of a project. What retention has once removed does not come back.</summary>
/// <param name="RetentionDays">Days that points, windows and events are kept, 1 to 36,500; null keeps everything.</param>
internal sealed record ProjectChangeBody([property: JsonRequired] int? RetentionDays);
