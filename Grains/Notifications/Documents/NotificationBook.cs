using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// What people of a project have set for its notifications, as this silo knows it. All by id; the built-in teams are in it.
/// </summary>
internal sealed record NotificationBook(
    ImmutableSortedDictionary<string, PersonDefinition> People,
    ImmutableSortedDictionary<string, TeamDefinition> Teams,
    ImmutableSortedDictionary<string, StoredChannel> Channels,
    ImmutableSortedDictionary<string, SilenceDefinition> Silences,
    ImmutableSortedDictionary<string, MaintenanceWindowDefinition> Windows,
    ImmutableSortedDictionary<string, TemplateDefinition> Templates)
{
    /// <summary>That of a project that nobody has edited.</summary>
    public static NotificationBook BuiltIn { get; } = new(
        Empty<PersonDefinition>(), BuiltInTeams.All, Empty<StoredChannel>(), Empty<SilenceDefinition>(),
        Empty<MaintenanceWindowDefinition>(), Empty<TemplateDefinition>());

    /// <summary>The first channel of a kind that is in use, by id.</summary>
    public (string Id, StoredChannel Channel)? FirstOf(string kind)
    {
        foreach (var (id, channel) in Channels)
        {
            if (channel.Definition.Kind == kind && channel.Definition.Enabled)
                return (id, channel);
        }

        return null;
    }

    private static ImmutableSortedDictionary<string, T> Empty<T>() => ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal);
}
