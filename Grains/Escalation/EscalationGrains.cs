using EsoCore.Escalation;
using EsoCore.Grains.Notifications;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Escalation;

/// <summary>Owns one escalation policy.</summary>
[GrainType("escalation-policy")]
internal sealed class EscalationPolicyGrain(IResourceStore store, ResourceLimits limits, TimeProvider time, ReferenceCheck references)
    : Grain, IEscalationPolicyGrain
{
    private ResourceDocument<EscalationPolicy> _document = null!;
    private Guid _projectId;
    private string _id = "";

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_projectId, _id) = ProjectKey.Parse(this.GetPrimaryKeyString());
        _document = new ResourceDocument<EscalationPolicy>(store, limits, time, _projectId, ResourceKinds.EscalationPolicy, _id);
        await _document.Load();
    }

    /// <inheritdoc/>
    public Task<Versioned<EscalationPolicy>?> Get()
    {
        if (_document.Current is null)
            DeactivateOnIdle();
        return Task.FromResult(_document.Current);
    }

    /// <inheritdoc/>
    public async Task<EditResult<EscalationPolicy>> Put(EscalationPolicy policy, long? expectedVersion, bool onlyCreate)
    {
        var errors = EscalationValidator.Validate(_id, policy).ToList();
        await references.Check(errors, _projectId, Reference.Of(policy), Reference.Of(_document.Readable?.Value));
        return errors.Count > 0
            ? EditResult<EscalationPolicy>.Faulty([.. errors])
            : await _document.Put(policy, expectedVersion, onlyCreate);
    }

    /// <inheritdoc/>
    public Task<EditResult<EscalationPolicy>> Delete(long? expectedVersion) => _document.Delete(expectedVersion);
}

/// <summary>Owns one on-call schedule.</summary>
[GrainType("on-call-schedule")]
internal sealed class OnCallScheduleGrain(IResourceStore store, ResourceLimits limits, TimeProvider time, ReferenceCheck references)
    : Grain, IOnCallScheduleGrain
{
    private ResourceDocument<OnCallSchedule> _document = null!;
    private Guid _projectId;
    private string _id = "";

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_projectId, _id) = ProjectKey.Parse(this.GetPrimaryKeyString());
        _document = new ResourceDocument<OnCallSchedule>(store, limits, time, _projectId, ResourceKinds.OnCallSchedule, _id);
        await _document.Load();
    }

    /// <inheritdoc/>
    public Task<Versioned<OnCallSchedule>?> Get()
    {
        if (_document.Current is null)
            DeactivateOnIdle();
        return Task.FromResult(_document.Current);
    }

    /// <inheritdoc/>
    public async Task<OnCallView?> OnCall(DateTimeOffset at) => await Get() is { } schedule
        ? new OnCallView(_id, at, OnCallRules.At(schedule.Value, at), schedule.Value.Quiet) : null;

    /// <inheritdoc/>
    public async Task<EditResult<OnCallSchedule>> Put(OnCallSchedule schedule, long? expectedVersion, bool onlyCreate)
    {
        var errors = EscalationValidator.Validate(_id, schedule).ToList();
        await references.Check(errors, _projectId, Reference.Of(schedule), Reference.Of(_document.Readable?.Value));
        return errors.Count > 0
            ? EditResult<OnCallSchedule>.Faulty([.. errors])
            : await _document.Put(schedule, expectedVersion, onlyCreate);
    }

    /// <inheritdoc/>
    public Task<EditResult<OnCallSchedule>> Delete(long? expectedVersion) => _document.Delete(expectedVersion);
}

/// <summary>Reads lists of policies and schedules; it keeps nothing.</summary>
[StatelessWorker, GrainType("escalation-list")]
internal sealed class EscalationListGrain(IResourceStore store, ILogger<EscalationListGrain> log) : Grain, IEscalationListGrain
{
    /// <inheritdoc/>
    public Task<Page<Versioned<EscalationPolicy>>> ListPolicies(PageRequest page) =>
        List<EscalationPolicy>(ResourceKinds.EscalationPolicy, page);

    /// <inheritdoc/>
    public Task<Page<Versioned<OnCallSchedule>>> ListSchedules(PageRequest page) =>
        List<OnCallSchedule>(ResourceKinds.OnCallSchedule, page);

    private async Task<Page<Versioned<T>>> List<T>(string kind, PageRequest page)
    {
        var projectId = Guid.ParseExact(this.GetPrimaryKeyString(), "D");
        var bounded = page with { Limit = Math.Clamp(page.Limit, 1, PageRequest.MaxLimit) };
        var part = await store.List(projectId, kind, bounded, CancellationToken.None);
        return ResourceDocument<T>.ReadAll(part, log);
    }
}
