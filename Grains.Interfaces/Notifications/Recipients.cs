namespace EsoCore.Notifications;

/// <summary>A person who can be told. Key: <c>project/person id</c>.</summary>
public interface IPersonGrain : IGrainWithStringKey
{
    /// <summary>The person, or null.</summary>
    [AlwaysInterleave]
    Task<Versioned<PersonDefinition>?> Get();

    /// <summary>Creates the person (<paramref name="onlyCreate"/>: or answers that there is one) or replaces the definition.</summary>
    Task<EditResult<PersonDefinition>> Put(PersonDefinition definition, long? expectedVersion, bool onlyCreate);

    /// <summary>Takes the person away; teams that name the person pass the name over.</summary>
    Task<EditResult<PersonDefinition>> Delete(long? expectedVersion);
}

/// <summary>A team. Key: <c>project/team id</c>. The built-in ones are there before anybody edits them, with version 0.</summary>
public interface ITeamGrain : IGrainWithStringKey
{
    /// <summary>The team, or null.</summary>
    [AlwaysInterleave]
    Task<Versioned<TeamDefinition>?> Get();

    /// <summary>Creates the team (<paramref name="onlyCreate"/>: or answers that there is one) or replaces the definition.</summary>
    Task<EditResult<TeamDefinition>> Put(TeamDefinition definition, long? expectedVersion, bool onlyCreate);

    /// <summary>Takes the team away; what is sent to it goes to the owner.</summary>
    Task<EditResult<TeamDefinition>> Delete(long? expectedVersion);
}

/// <summary>A person who can be told.</summary>
/// <param name="Name">1 to 128 characters.</param>
/// <param name="Email">An address, or null.</param>
/// <param name="Phone">A number with its country's code, <c>+491701234567</c>, or null.</param>
/// <param name="Slack">The member id in Slack that messages in the project's Slack channel mention, or null.</param>
/// <param name="Teams">The address that messages in the project's Microsoft Teams channel mention, or null.</param>
/// <param name="QuietHours">When less urgent messages wait, or null.</param>
[GenerateSerializer, Immutable, Alias("person-definition")]
public sealed record PersonDefinition(
    string Name, string? Email, string? Phone, string? Slack, string? Teams, PersonQuietHours? QuietHours);

/// <summary>Hours of each day in which messages below a severity wait until they end.</summary>
/// <param name="From">HH:mm.</param>
/// <param name="To">HH:mm; before <paramref name="From"/>: on the next day.</param>
/// <param name="TimeZone">An IANA time zone.</param>
/// <param name="Below">The least severity that is told at once all the same; default <c>high</c>.</param>
[GenerateSerializer, Immutable, Alias("person-quiet-hours")]
public sealed record PersonQuietHours(string From, string To, string TimeZone, string Below);

/// <summary>People, on-call schedules and channels that are told together.</summary>
/// <param name="Name">1 to 128 characters.</param>
/// <param name="Members">
/// <c>person:&lt;id&gt;</c>, <c>schedule:&lt;id&gt;</c> or <c>channel:&lt;id&gt;</c>; at most <see cref="MaxMembers"/>.
/// </param>
/// <param name="Via">Kinds of channels where the rule names none; empty: each member's own.</param>
/// <param name="ContactEmail">An address told beside the members, or null; the owner's is the last resort of the project.</param>
[GenerateSerializer, Immutable, Alias("team-definition")]
public sealed record TeamDefinition(string Name, ImmutableArray<string> Members, ImmutableArray<string> Via, string? ContactEmail)
{
    /// <summary>Members of a team.</summary>
    public const int MaxMembers = 50;
}

/// <summary>The teams that every project has.</summary>
public static class BuiltInTeams
{
    /// <summary>Who is told when nobody else is there to be told.</summary>
    public const string Owner = "owner";

    /// <summary>By id, with their names.</summary>
    public static ImmutableSortedDictionary<string, TeamDefinition> All { get; } =
        new Dictionary<string, TeamDefinition>
        {
            ["it"] = new("IT", [], [], null),
            ["maintenance"] = new("Maintenance", [], [], null),
            [Owner] = new("Owner", [], [], null),
            ["safety"] = new("Safety", [], [], null),
            ["security"] = new("Security", [], [], null),
        }.ToImmutableSortedDictionary(StringComparer.Ordinal);
}
