using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>Owns one person.</summary>
[GrainType("person")]
internal sealed class PersonGrain(IResourceStore store, ResourceLimits limits, NotificationBooks books, TimeProvider time)
    : DocumentGrain<PersonDefinition>(store, limits, books, time, ResourceKinds.Person), IPersonGrain
{
    /// <inheritdoc/>
    public Task<Versioned<PersonDefinition>?> Get() => Task.FromResult(Find());

    /// <inheritdoc/>
    public Task<EditResult<PersonDefinition>> Put(PersonDefinition definition, long? expectedVersion, bool onlyCreate) =>
        Write(RecipientValidator.Person(Id, definition), definition, expectedVersion, onlyCreate);

    /// <inheritdoc/>
    public Task<EditResult<PersonDefinition>> Delete(long? expectedVersion) => Remove(expectedVersion);
}

/// <summary>Owns one team.</summary>
[GrainType("team")]
internal sealed class TeamGrain(
    IResourceStore store, ResourceLimits limits, NotificationBooks books, TimeProvider time, ReferenceCheck references)
    : DocumentGrain<TeamDefinition>(store, limits, books, time, ResourceKinds.Team), ITeamGrain
{
    /// <inheritdoc/>
    public Task<Versioned<TeamDefinition>?> Get() => Task.FromResult(Find() ?? BuiltIn);

    /// <inheritdoc/>
    public async Task<EditResult<TeamDefinition>> Put(TeamDefinition definition, long? expectedVersion, bool onlyCreate)
    {
        var team = definition with { ContactEmail = string.IsNullOrEmpty(definition.ContactEmail) ? null : definition.ContactEmail };
        var faults = RecipientValidator.Team(Id, team);
        await references.Check(faults, ProjectId, Reference.Of(team), Reference.Of(Document.Readable?.Value));
        if (faults.Count > 0)
            return EditResult<TeamDefinition>.Faulty([.. faults]);

        // Version 0 is what stands while nobody has edited a built-in team; to the document it is none at all.
        if (BuiltIn is { } builtIn && Document is { Readable: null, IsDamaged: false })
        {
            if (onlyCreate)
                return EditResult<TeamDefinition>.Of(EditOutcome.AlreadyExists, builtIn);
            if (expectedVersion is not (null or 0))
                return EditResult<TeamDefinition>.Of(EditOutcome.VersionMismatch, builtIn);
            expectedVersion = null;
        }

        // Who changes what Get shows has created nothing.
        EditOutcome? told = BuiltIn is null ? null : EditOutcome.Changed;
        var result = await Write([], team, expectedVersion, onlyCreate, told);
        return result.Outcome == EditOutcome.Created && BuiltIn is not null ? result with { Outcome = EditOutcome.Changed } : result;
    }

    /// <inheritdoc/>
    public async Task<EditResult<TeamDefinition>> Delete(long? expectedVersion) =>
        Document is { Readable: null, IsDamaged: false } && BuiltIn is { } builtIn
            ? EditResult<TeamDefinition>.Of(EditOutcome.Deleted, builtIn) // It cannot get emptier.
            : await Remove(expectedVersion);

    /// <summary>The built-in team, while nobody has edited it; one that was taken away is empty again.</summary>
    private Versioned<TeamDefinition>? BuiltIn =>
        BuiltInTeams.All.TryGetValue(Id, out var team) ? new Versioned<TeamDefinition>(Id, 0, team) : null;
}
