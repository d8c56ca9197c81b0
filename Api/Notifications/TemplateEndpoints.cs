using EsoCore.Notifications;

namespace EsoCore.Api;

/// <summary>The words of one kind of message through one kind of channel.</summary>
/// <param name="Id"><c>channel kind.message kind</c>, e.g. <c>email.opened</c> or <c>sms.group</c>.</param>
/// <param name="BuiltIn">Whether it is the built-in one.</param>
internal sealed record TemplateBody(string Id, string Subject, string Text, bool BuiltIn)
{
    public TemplateBody(Versioned<TemplateDefinition> template)
        : this(template.Id, template.Value.Subject, template.Value.Text, template.Value.BuiltIn)
    {
    }
}

/// <summary>All templates in force.</summary>
internal sealed record TemplateList(IEnumerable<TemplateBody> Templates);

/// <summary>A template in Handlebars: values, <c>if</c>, <c>unless</c>, <c>with</c> and <c>each</c>; no partials.</summary>
/// <param name="Subject">One line, at most 512 characters; absent: that in force.</param>
/// <param name="Text">At most 8,192 characters.</param>
internal sealed record TemplateForm(string? Subject, string Text);

/// <summary>A template to try; what is absent is as in force.</summary>
internal sealed record TemplatePreviewForm(string? Subject, string? Text);

/// <summary>Templates, <c>/api/templates</c>.</summary>
internal static class TemplateEndpoints
{
    private const string Tag = "Templates";
    private const string What = "template";

    public static void MapTemplates(this IEndpointRouteBuilder app)
    {
        var templates = app.MapGroup("/api/templates").RequireProjectKey();
        templates.MapGet("", List).Doc("listTemplates", Tag, "The templates in force, built-in and edited").Gives<TemplateList>();
        templates.MapGet("/{id}", Get).Doc("getTemplate", Tag, "A template", doc => doc.ETag().Refuses(404)).Gives<TemplateBody>();
        templates.MapPut("/{id}", Put)
            .Doc("putTemplate", Tag, "Replace the words of a message", doc => doc.Takes<TemplateForm>().Edits().Refuses(404))
            .Gives<TemplateBody>()
            .Gives<TemplateBody>(StatusCodes.Status201Created);
        templates.MapDelete("/{id}", Delete)
            .Doc("deleteTemplate", Tag, "Go back to the built-in words", doc => doc.Edits().Refuses(404))
            .Gives(StatusCodes.Status204NoContent);
        templates.MapPost("/{id}/preview", Preview)
            .Doc("previewTemplate", Tag, "What a template makes of sample data", doc =>
                doc.Takes<TemplatePreviewForm>(optional: true).Refuses(404))
            .Gives<TemplatePreview>();
    }

    private static async Task<IResult> List(HttpContext http, IGrainFactory grains)
    {
        var templates = await grains.GetGrain<INotificationsGrain>(Caller.Of(http).ProjectId.ToString("D")).ListTemplates();
        return Results.Json(new TemplateList(templates.Select(t => new TemplateBody(t))), ApiJson.Options);
    }

    private static async Task<IResult> Get(HttpContext http, string id, IGrainFactory grains) =>
        await Template(grains, http, id).Get() is { } found
            ? Answers.Versioned(http, found, new TemplateBody(found)) : Problems.NotFound(What);

    private static async Task<IResult> Put(HttpContext http, string id, IGrainFactory grains)
    {
        if (await Template(grains, http, id).Get() is not { } found)
            return Problems.NotFound(What);
        var (form, unread) = await Answers.ReadForm(http);
        if (form is null)
            return unread!;
        var template = new TemplateDefinition(
            form.Text("subject", TemplateDefinition.MaxSubject) ?? found.Value.Subject,
            form.Text("text", TemplateDefinition.MaxText, required: true) ?? "");
        if (form.Faults is { Length: > 0 } faults)
            return Problems.Faulty(faults);
        var result = await Template(grains, http, id).Put(template, ETags.IfMatch(http.Request));
        return Answers.Edit(http, result, What, put => new TemplateBody(put), put => $"/api/templates/{Ids.ToPath(put.Id)}");
    }

    private static async Task<IResult> Delete(HttpContext http, string id, IGrainFactory grains)
    {
        var result = await Template(grains, http, id).Delete(ETags.IfMatch(http.Request));
        return Answers.Edit(http, result, What, deleted => new TemplateBody(deleted), _ => "");
    }

    private static async Task<IResult> Preview(HttpContext http, string id, IGrainFactory grains)
    {
        if (await Template(grains, http, id).Get() is null)
            return Problems.NotFound(What);
        var (form, unread) = await Answers.ReadForm(http, optional: true);
        if (form is null)
            return unread!;
        var (subject, text) = (form.Text("subject", TemplateDefinition.MaxSubject), form.Text("text", TemplateDefinition.MaxText));
        if (form.Faults is { Length: > 0 } faults)
            return Problems.Faulty(faults);
        return await Template(grains, http, id).Preview(subject, text) is { } preview
            ? Results.Json(preview, ApiJson.Options) : Problems.NotFound(What);
    }

    private static ITemplateGrain Template(IGrainFactory grains, HttpContext http, string id) =>
        grains.GetGrain<ITemplateGrain>(Ids.Key(Caller.Of(http).Scope, id));
}
