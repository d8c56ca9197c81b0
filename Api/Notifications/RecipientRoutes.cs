using EsoCore.Notifications;

namespace EsoCore.Api;

/// <summary>A person.</summary>
internal sealed record PersonBody(string Id, string Name, string? Email, string? Phone, string? Slack, string? Teams,
    PersonQuietHours? QuietHours)
{
    public PersonBody(Versioned<PersonDefinition> person)
        : this(person.Id, person.Value.Name, person.Value.Email, person.Value.Phone, person.Value.Slack, person.Value.Teams,
            person.Value.QuietHours)
    {
    }
}

/// <summary>A new person.</summary>
/// <param name="Id">Minted when absent.</param>
/// <param name="Phone">With its country's code, <c>+491701234567</c>.</param>
/// <param name="Slack">The member id in Slack.</param>
/// <param name="Teams">The address in Microsoft Teams.</param>
/// <param name="QuietHours">When less urgent messages wait.</param>
internal sealed record NewPersonForm(
    string? Id, string Name, string? Email, string? Phone, string? Slack, string? Teams, PersonQuietHoursForm? QuietHours);

/// <summary>A change of a person: what is absent stays, what is null is cleared.</summary>
internal sealed record PersonForm(
    string? Name, string? Email, string? Phone, string? Slack, string? Teams, PersonQuietHoursForm? QuietHours);

/// <summary>Hours of each day in which messages below a severity wait until they end.</summary>
/// <param name="From">HH:mm.</param>
/// <param name="To">HH:mm; before from: on the next day.</param>
/// <param name="TimeZone">An IANA time zone; default UTC.</param>
/// <param name="Below">The least severity that is told at once all the same; default high.</param>
internal sealed record PersonQuietHoursForm(string From, string To, string? TimeZone, [property: SeverityWord] string? Below);

/// <summary>A page of people.</summary>
internal sealed record PersonList(IEnumerable<PersonBody> People) : DocumentList;

/// <summary>A team. The built-in ones are owner, maintenance, safety, security and it.</summary>
/// <param name="Members"><c>person:&lt;id&gt;</c>, <c>schedule:&lt;id&gt;</c> or <c>channel:&lt;id&gt;</c>.</param>
/// <param name="Via">Kinds of channels; empty: each member's own.</param>
/// <param name="ContactEmail">Told beside the members; the owner's is the last resort.</param>
internal sealed record TeamBody(
    string Id, string Name, ImmutableArray<string> Members, [property: ChannelKind] ImmutableArray<string> Via, string? ContactEmail)
{
    public TeamBody(Versioned<TeamDefinition> team)
        : this(team.Id, team.Value.Name, team.Value.Members, team.Value.Via, team.Value.ContactEmail)
    {
    }
}

/// <summary>A new team.</summary>
/// <param name="Id">Minted when absent.</param>
/// <param name="Members">
/// <c>person:&lt;id&gt;</c>, <c>schedule:&lt;id&gt;</c> or <c>channel:&lt;id&gt;</c>, each of one that is there.
/// </param>
/// <param name="Via">Kinds of channels; empty: each member's own.</param>
internal sealed record NewTeamForm(
    string? Id, string Name, ImmutableArray<string>? Members, [property: ChannelKind] ImmutableArray<string>? Via, string? ContactEmail);

/// <summary>A change of a team: what is absent stays, what is null is cleared; members are replaced as a whole.</summary>
/// <param name="Members">
/// <c>person:&lt;id&gt;</c>, <c>schedule:&lt;id&gt;</c> or <c>channel:&lt;id&gt;</c>; one that is new to the team must be there.
/// </param>
/// <param name="Via">Kinds of channels; empty: each member's own.</param>
internal sealed record TeamForm(
    string? Name, ImmutableArray<string>? Members, [property: ChannelKind] ImmutableArray<string>? Via, string? ContactEmail);

/// <summary>A page of teams.</summary>
internal sealed record TeamList(IEnumerable<TeamBody> Teams) : DocumentList;

/// <summary>People and teams, <c>/api/people</c> and <c>/api/teams</c>.</summary>
internal static class RecipientRoutes
{
    private const int MaxName = 128;
    private const int MaxAddress = 254;

    public static DocumentRoutes<PersonDefinition, PersonDefinition> People { get; } = new(
        "/api/people", "People", "person", ("Person", "People"),
        (grains, key) =>
        {
            var grain = grains.GetGrain<IPersonGrain>(key);
            return new(grain.Get, grain.Put, grain.Delete);
        },
        (project, page) => project.ListPeople(page), (form, current, _) => ReadPerson(form, current),
        person => new PersonBody(person), people => new PersonList(people.Select(p => new PersonBody(p))));

    public static DocumentRoutes<TeamDefinition, TeamDefinition> Teams { get; } = new(
        "/api/teams", "Teams", "team", ("Team", "Teams"),
        (grains, key) =>
        {
            var grain = grains.GetGrain<ITeamGrain>(key);
            return new(grain.Get, grain.Put, grain.Delete);
        },
        (project, page) => project.ListTeams(page), (form, current, _) => ReadTeam(form, current),
        team => new TeamBody(team), teams => new TeamList(teams.Select(t => new TeamBody(t))));

    private static PersonDefinition ReadPerson(JsonForm form, PersonDefinition? current) => new(
        form.Text("name", MaxName, required: current is null || form.IsNull("name")) ?? current?.Name ?? "",
        form.TextOr("email", MaxAddress, current?.Email),
        form.TextOr("phone", 32, current?.Phone),
        form.TextOr("slack", 64, current?.Slack),
        form.TextOr("teams", MaxAddress, current?.Teams),
        form.IsNull("quiet_hours") ? null : form.Child("quiet_hours") is { } quiet ? ReadQuiet(quiet) : current?.QuietHours);

    private static PersonQuietHours ReadQuiet(JsonForm form) => new(
        form.Text("from", 5, required: true) ?? "",
        form.Text("to", 5, required: true) ?? "",
        form.Text("time_zone", 64) ?? "UTC",
        form.Text("below", 16) ?? "high");

    private static TeamDefinition ReadTeam(JsonForm form, TeamDefinition? current) => new(
        form.Text("name", MaxName, required: current is null || form.IsNull("name")) ?? current?.Name ?? "",
        form.ListOr("members", TeamDefinition.MaxMembers, 160, current?.Members),
        form.ListOr("via", ChannelKinds.All.Length, 16, current?.Via),
        form.TextOr("contact_email", MaxAddress, current?.ContactEmail));
}

/// <summary>Reads what an edit may leave out.</summary>
internal static class FormParts
{
    /// <summary>The text; what stands when it is absent; null when it is null or empty.</summary>
    public static string? TextOr(this JsonForm form, string name, int maxLength, string? current) =>
        form.IsNull(name) ? null : !form.Has(name) ? current : form.Text(name, maxLength) is { Length: > 0 } text ? text : null;

    /// <summary>The list; what stands when it is absent; empty when it is null.</summary>
    public static ImmutableArray<string> ListOr(this JsonForm form, string name, int maxItems, int maxLength,
        ImmutableArray<string>? current) =>
        form.IsNull(name) ? [] : form.TextList(name, maxItems, maxLength) ?? current ?? [];

    /// <summary>Ids; what stands when they are absent; empty when they are null.</summary>
    public static ImmutableArray<Guid> IdsOr(this JsonForm form, string name, int maxItems, ImmutableArray<Guid>? current)
    {
        if (form.IsNull(name))
            return [];
        if (form.TextList(name, maxItems, 36) is not { } texts)
            return current ?? [];
        var ids = ImmutableArray.CreateBuilder<Guid>();
        foreach (var text in texts)
        {
            if (Guid.TryParseExact(text, "D", out var id))
                ids.Add(id);
            else
                form.Fault($"{name}[{ids.Count}]", "must be a UUID");
        }

        return ids.ToImmutable();
    }
}
