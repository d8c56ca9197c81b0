namespace EsoCore.Notifications;

/// <summary>
/// The words of messages of one kind through one kind of channel. Key: <c>project/channel kind.message kind</c>, e.g.
/// <c>…/email.opened</c>.
/// Until it is edited (version 0), and after it was deleted, the built-in one is in force.
/// </summary>
public interface ITemplateGrain : IGrainWithStringKey
{
    /// <summary>The template in force; null when there are no messages of that name.</summary>
    [AlwaysInterleave]
    Task<Versioned<TemplateDefinition>?> Get();

    /// <summary>Replaces it. <see cref="EditOutcome.NotFound"/>: there are no messages of that name.</summary>
    Task<EditResult<TemplateDefinition>> Put(TemplateDefinition definition, long? expectedVersion);

    /// <summary>Goes back to the built-in one.</summary>
    Task<EditResult<TemplateDefinition>> Delete(long? expectedVersion);

    /// <summary>Renders a template with sample data; what is null is taken from the one in force. Null: no messages of that name.</summary>
    [AlwaysInterleave]
    Task<TemplatePreview?> Preview(string? subject, string? text);
}

/// <summary>The words of a message, in Handlebars.</summary>
/// <param name="Subject">One line; used by mail, tickets and cards. At most 512 characters.</param>
/// <param name="Text">At most <see cref="MaxText"/> characters.</param>
/// <param name="BuiltIn">Whether it is the built-in one. Set by the server.</param>
[GenerateSerializer, Immutable, Alias("template-definition")]
public sealed record TemplateDefinition(string Subject, string Text, bool BuiltIn = false)
{
    /// <summary>Characters of a subject's template.</summary>
    public const int MaxSubject = 512;

    /// <summary>Characters of a text's template.</summary>
    public const int MaxText = 8_192;
}

/// <summary>What a template makes of sample data.</summary>
/// <param name="Subject">As it would be sent.</param>
/// <param name="Text">As it would be sent.</param>
/// <param name="Fault">Why the built-in text would be sent instead, or null.</param>
[GenerateSerializer, Immutable, Alias("template-preview")]
public sealed record TemplatePreview(string Subject, string Text, string? Fault);
