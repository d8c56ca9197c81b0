namespace EsoCore.Grains.Storage;

/// <summary>
/// The port to what people define in a project (sites, assets, config profiles, ...): documents by (project, kind, id) with a version.
/// Each is written by the grain that owns it; lists are read by the project's grain. Throws as <see cref="IDeviceStore"/> does.
/// </summary>
public interface IResourceStore
{
    /// <summary>The document, or null. A deleted one is found too, with <see cref="StoredResource.Deleted"/> set: its version lives on.</summary>
    Task<StoredResource?> Find(Guid projectId, string kind, string id, CancellationToken cancel);

    /// <summary>
    /// Writes version <paramref name="expectedVersion"/> + 1 (a null <paramref name="body"/> deletes) if <paramref name="expectedVersion"/>
    /// stands (0: nothing was ever there); false, and nothing written, if not.
    /// </summary>
    /// <param name="line">A line of the audit trail to write with it, all or nothing; null: none.</param>
    Task<bool> Write(
        Guid projectId, string kind, string id, string? body, long expectedVersion, LogEntry? line, CancellationToken cancel);

    /// <summary>The same without a line of the trail.</summary>
    Task<bool> Write(Guid projectId, string kind, string id, string? body, long expectedVersion, CancellationToken cancel) =>
        Write(projectId, kind, id, body, expectedVersion, line: null, cancel);

    /// <summary>How many documents of a kind there are, deleted ones left out.</summary>
    Task<long> Count(Guid projectId, string kind, CancellationToken cancel);

    /// <summary>Documents of a kind by id, deleted ones left out.</summary>
    Task<Page<StoredResource>> List(Guid projectId, string kind, PageRequest page, CancellationToken cancel);
}

/// <summary>A stored document. <paramref name="Body"/> is JSON text, empty when deleted.</summary>
public sealed record StoredResource(string Id, long Version, string Body)
{
    /// <summary>Whether it was taken away.</summary>
    public bool Deleted => Body.Length == 0;
}

/// <summary>The kinds of documents.</summary>
public static class ResourceKinds
{
    /// <summary><see cref="Sites.SiteDefinition"/>.</summary>
    public const string Site = "site";

    /// <summary><see cref="Assets.AssetDefinition"/>.</summary>
    public const string Asset = "asset";

    /// <summary><see cref="Config.ConfigSettings"/>.</summary>
    public const string ConfigProfile = "config-profile";

    /// <summary><see cref="Escalation.EscalationPolicy"/>.</summary>
    public const string EscalationPolicy = "escalation-policy";

    /// <summary><see cref="Escalation.OnCallSchedule"/>.</summary>
    public const string OnCallSchedule = "on-call-schedule";

    /// <summary><see cref="Notifications.PersonDefinition"/>.</summary>
    public const string Person = "person";

    /// <summary><see cref="Notifications.TeamDefinition"/>.</summary>
    public const string Team = "team";

    /// <summary><see cref="Notifications.ChannelDefinition"/> with its sealed secrets.</summary>
    public const string Channel = "channel";

    /// <summary><see cref="Notifications.SilenceDefinition"/>.</summary>
    public const string Silence = "silence";

    /// <summary><see cref="Notifications.MaintenanceWindowDefinition"/>.</summary>
    public const string MaintenanceWindow = "maintenance-window";

    /// <summary><see cref="Notifications.TemplateDefinition"/>.</summary>
    public const string Template = "template";

    /// <summary>A rule (<see cref="EsoCore.Rules.RuleDefinition"/>), or that a built-in one was taken away.</summary>
    public const string Rule = "rule";

    /// <summary>The version of a project's rules as a set; one document.</summary>
    public const string RuleSet = "rule-set";

    /// <summary><see cref="Projects.InstallationSettings"/>, the one document that belongs to no project (its id is all zeros).</summary>
    public const string Installation = "installation";
}
