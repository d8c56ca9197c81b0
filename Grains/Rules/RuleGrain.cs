using EsoCore.Grains.Notifications;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Incidents;
using EsoCore.Rules;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Rules;

/// <summary>Owns one rule of a project.</summary>
[GrainType("rule")]
internal sealed class RuleGrain(
    IResourceStore store, ResourceLimits limits, RuleBooks books, ReferenceCheck references, IServiceProvider services, TimeProvider time,
    ILogger<RuleGrain> log)
        : Grain, IRuleGrain
{
    private ResourceDocument<StoredRule> _document = null!;
    private Guid _projectId;
    private string _id = "";

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_projectId, _id) = ProjectKey.Parse(this.GetPrimaryKeyString());
        _document = new ResourceDocument<StoredRule>(store, limits, time, _projectId, ResourceKinds.Rule, _id);
        await _document.Load();
    }

    private bool IsBuiltIn => DefaultRules.All.ContainsKey(_id);

    /// <summary>
    /// What is in force: what is stored, else what is built in, with version 0; nothing while what is stored cannot be read.
    /// </summary>
    private Versioned<RuleDefinition>? Current =>
        _document.Readable is { } stored ? stored.Value.Rule is { } rule ? new Versioned<RuleDefinition>(_id, stored.Version, rule) : null
        : DefaultRules.All.TryGetValue(_id, out var builtIn) && _document.Version == 0 ? new Versioned<RuleDefinition>(_id, 0, builtIn)
        : null;

    /// <inheritdoc/>
    public async Task<RuleView?> Get()
    {
        if (_document.IsDamaged)
            _ = _document.Current; // Throws: it is there, and can be replaced or deleted.
        if (Current is { } rule)
            return new RuleView(rule, IsBuiltIn, await Count());
        if (_document.Version == 0)
            DeactivateOnIdle();
        return null;
    }

    /// <inheritdoc/>
    public async Task<EditResult<RuleDefinition>> Put(RuleDefinition rule, long? expectedVersion, bool onlyCreate)
    {
        var before = Current;
        var errors = RuleValidator.Validate(_id, rule).ToList();
        await references.Check(errors, _projectId, Reference.Of(rule), Reference.Of(before?.Value));
        if (errors.Count > 0)
            return EditResult<RuleDefinition>.Faulty([.. errors]);
        if (onlyCreate && before is not null)
            return EditResult<RuleDefinition>.Of(EditOutcome.AlreadyExists, before);
        if (expectedVersion is { } expected && expected != (_document.IsDamaged ? _document.Version : before?.Version))
            return EditResult<RuleDefinition>.Of(EditOutcome.VersionMismatch, before);
        // The version was compared above; what the document is held to is the version it has, which a deletion may have raised.
        var told = before is null ? EditOutcome.Created : EditOutcome.Changed;
        var result = await Told(() => _document.Put(new StoredRule(rule), _document.Readable?.Version, onlyCreate: false, told));
        return Answer(result, result.Outcome is EditOutcome.Created or EditOutcome.Changed ? told : result.Outcome);
    }

    /// <inheritdoc/>
    public async Task<EditResult<RuleDefinition>> Delete(long? expectedVersion)
    {
        var before = Current;
        if (before is null && !_document.IsDamaged)
            return EditResult<RuleDefinition>.Of(EditOutcome.NotFound);
        if (expectedVersion is { } expected && expected != (before?.Version ?? _document.Version))
            return EditResult<RuleDefinition>.Of(EditOutcome.VersionMismatch, before);
        var result = await Told(() => IsBuiltIn
            ? _document.Put(new StoredRule(null), _document.Readable?.Version, onlyCreate: false, EditOutcome.Deleted)
            : _document.Delete(_document.Readable?.Version));
        return result.Outcome is EditOutcome.Created or EditOutcome.Changed or EditOutcome.Deleted
            ? EditResult<RuleDefinition>.Of(EditOutcome.Deleted, before) : Answer(result, result.Outcome);
    }

    private EditResult<RuleDefinition> Answer(EditResult<StoredRule> result, EditOutcome outcome) => new(outcome, Current, result.Errors);

    /// <summary>
    /// The set hears of every edit, also of one that failed: its outcome may be unknown. If the word is lost, it looks again by itself.
    /// </summary>
    private async Task<EditResult<StoredRule>> Told(Func<Task<EditResult<StoredRule>>> edit)
    {
        try
        {
            return await edit();
        }
        finally
        {
            try
            {
                await GrainFactory.GetGrain<IRuleSetGrain>(_projectId.ToString("D")).Refresh();
                books.Forget(_projectId);
            }
            catch (Exception error)
            {
                log.LogWarning(error, "The rules of project {Project} are read again within {Age} only", _projectId, RuleSetGrain.MaxAge);
            }
        }
    }

    /// <summary>Counts incidents when somebody looks, so that none of them ever has to tell its rule.</summary>
    private async Task<RuleCounts> Count()
    {
        if (services.GetService<IWorkStore>() is not { } work)
            return RuleCounts.None;
        async Task<Page<WorkItem>> Incidents(DateTimeOffset? from, params ImmutableArray<IncidentStatus> statuses) => await work.List(
            _projectId,
            new WorkFilter(
                WorkKinds.Incident, statuses.IsEmpty ? default : [.. statuses.Select(status => status.ToString().ToLowerInvariant())],
                RuleId: _id, From: from),
            new PageRequest(RuleCounts.Max), CancellationToken.None);

        var open = await Incidents(null, IncidentStatus.Open);
        var acknowledged = await Incidents(null, IncidentStatus.Acknowledged);
        var month = await Incidents(time.GetUtcNow().AddDays(-30));
        return new RuleCounts(
            open.Items.Length, acknowledged.Items.Length, month.Items.Length, month.Items is [var newest, ..] ? newest.At : null);
    }
}
