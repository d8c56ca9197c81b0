using System.Collections.Immutable;
using EsoCore.Correlation;
using EsoCore.Escalation;
using EsoCore.Incidents;
using EsoCore.Tickets;

namespace EsoCore.Tests.Api;

/// <summary>A project without incidents.</summary>
internal sealed class FakeIncidentLists : IIncidentListGrain
{
    public Task<Page<Incident>> List(IncidentFilter filter, PageRequest page) => Task.FromResult(new Page<Incident>([], null));

    public Task<IncidentDetails?> Find(Guid id) => Task.FromResult<IncidentDetails?>(null);

    public Task<Page<Ticket>> ListTickets(TicketFilter filter, PageRequest page) => Task.FromResult(new Page<Ticket>([], null));

    public Task<Page<TrailEntry>> ReadTrail(TrailFilter filter, PageRequest page) => Task.FromResult(new Page<TrailEntry>([], null));
}

internal sealed class FakeIncidentGrain : IIncidentGrain
{
    public Task<EditResult<Incident>> Act(IncidentAct act) => Task.FromResult(EditResult<Incident>.Of(EditOutcome.NotFound));

    public Task Tell(ImmutableArray<RuleEpisode> episodes) => Task.CompletedTask;

    public Task Judge(ImmutableArray<CauseVerdict> verdicts) => Task.CompletedTask;
}

internal sealed class FakeTicket : ITicketGrain
{
    public Task<EditResult<Ticket>> Create(TicketDraft draft) => Task.FromResult(EditResult<Ticket>.Of(EditOutcome.NotFound));

    public Task<Ticket?> Get() => Task.FromResult<Ticket?>(null);

    public Task<EditResult<Ticket>> Change(TicketChange change, string actor, long? expectedVersion) =>
        Task.FromResult(EditResult<Ticket>.Of(EditOutcome.NotFound));
}

internal sealed class FakePolicy(string key) : IEscalationPolicyGrain
{
    private readonly FakeDocument<EscalationPolicy> _policy = new(key);

    public Task<Versioned<EscalationPolicy>?> Get() => Task.FromResult(_policy.Current);

    public Task<EditResult<EscalationPolicy>> Put(EscalationPolicy policy, long? expectedVersion, bool onlyCreate) =>
        Task.FromResult(_policy.Put(policy, expectedVersion, onlyCreate));

    public Task<EditResult<EscalationPolicy>> Delete(long? expectedVersion) => Task.FromResult(_policy.Delete(expectedVersion));
}

internal sealed class FakeSchedule(string key) : IOnCallScheduleGrain
{
    private readonly FakeDocument<OnCallSchedule> _schedule = new(key);

    public Task<Versioned<OnCallSchedule>?> Get() => Task.FromResult(_schedule.Current);

    public Task<OnCallView?> OnCall(DateTimeOffset at) =>
        Task.FromResult(_schedule.Current is { } s ? new OnCallView(s.Id, at, [s.Value.Layers[0].People[0]], null) : null);

    public Task<EditResult<OnCallSchedule>> Put(OnCallSchedule schedule, long? expectedVersion, bool onlyCreate) =>
        Task.FromResult(_schedule.Put(schedule, expectedVersion, onlyCreate));

    public Task<EditResult<OnCallSchedule>> Delete(long? expectedVersion) => Task.FromResult(_schedule.Delete(expectedVersion));
}

internal sealed class FakeEscalationLists : IEscalationListGrain
{
    public Task<Page<Versioned<EscalationPolicy>>> ListPolicies(PageRequest page) =>
        Task.FromResult(new Page<Versioned<EscalationPolicy>>([], null));

    public Task<Page<Versioned<OnCallSchedule>>> ListSchedules(PageRequest page) =>
        Task.FromResult(new Page<Versioned<OnCallSchedule>>([], null));
}
