using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>Owns the words of one kind of message through one kind of channel.</summary>
[GrainType("template")]
internal sealed class TemplateGrain(
    IResourceStore store, ResourceLimits limits, NotificationBooks books, TimeProvider time, TemplateRenderer renderer)
    : DocumentGrain<TemplateDefinition>(store, limits, books, time, ResourceKinds.Template), ITemplateGrain
{
    /// <inheritdoc/>
    public Task<Versioned<TemplateDefinition>?> Get() => Task.FromResult(InForce());

    /// <inheritdoc/>
    public async Task<EditResult<TemplateDefinition>> Put(TemplateDefinition definition, long? expectedVersion)
    {
        if (InForce() is null)
            return EditResult<TemplateDefinition>.Of(EditOutcome.NotFound);
        if (Document is { Readable: null, IsDamaged: false } && expectedVersion == 0)
            expectedVersion = null; // What stands is the built-in one.
        return await Write(renderer.Faults(definition), definition with { BuiltIn = false }, expectedVersion, onlyCreate: false);
    }

    /// <inheritdoc/>
    public async Task<EditResult<TemplateDefinition>> Delete(long? expectedVersion) =>
        Document is { Readable: null, IsDamaged: false } && InForce() is { } builtIn
            ? EditResult<TemplateDefinition>.Of(EditOutcome.Deleted, builtIn)
            : await Remove(expectedVersion);

    /// <inheritdoc/>
    public Task<TemplatePreview?> Preview(string? subject, string? text)
    {
        if (InForce() is not { Value: var inForce })
            return Task.FromResult<TemplatePreview?>(null);
        var template = new TemplateDefinition(subject ?? inForce.Subject, text ?? inForce.Text);
        var kind = Id[(Id.IndexOf('.') + 1)..];
        var rendered = renderer.Render(Id, template, TemplateContext.Sample(kind), isTrial: true);
        return Task.FromResult<TemplatePreview?>(new TemplatePreview(rendered.Subject, rendered.Text, rendered.Fault));
    }

    /// <summary>One that cannot be read is not in force: the built-in one is.</summary>
    private Versioned<TemplateDefinition>? InForce() =>
        Document.Readable
        ?? (DefaultTemplates.All.TryGetValue(Id, out var builtIn) ? new Versioned<TemplateDefinition>(Id, 0, builtIn) : null);
}
