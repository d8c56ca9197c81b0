using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>The words of messages while nobody has changed them, by <c>channel kind.message kind</c>.</summary>
internal static class DefaultTemplates
{
    /// <summary>A message about several notices.</summary>
    public const string Group = "group";

    private const string Subject = "[{{severity}}] {{label}}{{title}}";

    private const string GroupSubject = "[{{severity}}] {{count}} notices: {{title}}";

    private const string Brief = "[{{severity}}] {{label}}{{title}}. {{incident.text}}";

    private const string Long =
        """
        {{label}}{{incident.text}}

        Severity: {{severity}}
        {{#if incident.device}}Device: {{incident.device.name}}
        {{/if}}{{#if incident.site_id}}Site: {{incident.site_id}}
        {{/if}}{{#if incident.asset_id}}Asset: {{incident.asset_id}}
        {{/if}}Rule: {{incident.rule}}
        Since: {{incident.started_at}}
        {{#if incident.resolved_at}}Resolved: {{incident.resolved_at}}
        {{/if}}{{#if incident.consequences}}Consequences: {{incident.consequences}}
        {{/if}}Incident: {{incident.id}}
        """;

    private const string GroupLong =
        """
        {{#each notices}}[{{incident.severity}}] {{label}}{{incident.title}}. {{incident.text}} (since {{incident.started_at}})
        {{/each}}{{#if lines}}
        {{lines}}
        {{/if}}{{#if unnamed}}
        and {{unnamed}} more
        {{/if}}{{#if omitted}}
        All {{count}}: {{query}}
        {{/if}}
        """;

    private const string GroupBrief = "[{{severity}}] {{count}} notices: {{names}}";

    /// <summary>The kinds of messages: those of notices, and <see cref="Group"/>.</summary>
    public static ImmutableArray<string> Messages { get; } = [.. Enum.GetValues<NoticeKind>().Select(TemplateContext.Word), Group];

    /// <summary>All, by id.</summary>
    public static ImmutableSortedDictionary<string, TemplateDefinition> All { get; } = (
        from channel in ChannelKinds.All
        from message in Messages
        select KeyValuePair.Create(Id(channel, message), Make(channel, message))).ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>The id of a template.</summary>
    public static string Id(string channelKind, string message) => $"{channelKind}.{message}";

    private static TemplateDefinition Make(string channel, string message)
    {
        var isBrief = channel == ChannelKinds.Sms;
        return message == Group
            ? new TemplateDefinition(GroupSubject, isBrief ? GroupBrief : GroupLong, BuiltIn: true)
            : new TemplateDefinition(Subject, isBrief ? Brief : Long, BuiltIn: true);
    }
}
