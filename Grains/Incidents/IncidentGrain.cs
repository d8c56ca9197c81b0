using EsoCore.Correlation;
using EsoCore.Escalation;
using EsoCore.Events;
using EsoCore.Grains.Common;
using EsoCore.Grains.Correlation;
using EsoCore.Grains.Events;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Storage;
using EsoCore.Incidents;
using EsoCore.Rules;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Incidents;

/// <summary>
/// The incidents of one rule about one subject. Each step is decided by <see cref="IncidentMachine"/> and written in one commit: the state
/// with the marks of the devices heard, the incidents' rows, the trail, and what is to be handed on, which is removed once it has arrived.
/// Due times stand in the state: timers and the reminder only wake, and one too many or too late does no harm.
/// </summary>
[GrainType("incident"), ImplicitStreamSubscription(TransitionStreams.Incidents)]
internal sealed partial class IncidentGrain(
    IWorkStore store,
    IOutboxStore outbox,
    IRuleBooks books,
    IIncidentOutlet outlet,
    TimeProvider time,
    ILogger<IncidentGrain> log) : Grain, IIncidentGrain, IStreamSubscriptionObserver, IRemindable
{
    /// <summary>Up to this many devices every list is written at once; with more, lists are gathered for <see cref="GatherFor"/>.</summary>
    public const int FewSources = 16;

    /// <summary>How long lists are gathered.</summary>
    public static readonly TimeSpan GatherFor = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the correlation or a policy may take to answer.</summary>
    public static readonly TimeSpan AskFor = TimeSpan.FromSeconds(5);

    /// <summary>Tries of an act against a second writer.</summary>
    private const int MaxAttempts = 3;

    private readonly List<RuleEpisode> _taken = [];
    private TransitionInbox _inbox = null!;
    private IncidentState _state = new();
    private string _body = "";
    private long _version;
    private Guid _projectId;
    private string _ruleId = "";
    private SubjectKey _subject = SubjectKey.Project;
    private IGrainTimer? _gatherTimer;
    private (RuleDefinition? Rule, DevicesLimit? Limit) _limited;

    private string Owner => $"incident/{_ruleId}/{_subject}";

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = this.GetPrimaryKeyString();
        (_projectId, var rest) = ProjectKey.Parse(key);
        var slash = rest.IndexOf('/');
        var subject = slash > 0 ? SubjectKey.Parse(rest[(slash + 1)..]) : null;
        _subject = subject ?? throw new ArgumentException($"'{key}' is not of the form project/rule/subject.");
        _ruleId = rest[..slash];
        _inbox = new TransitionInbox(TransitionStreams.Incidents, key, IncidentLimits.MaxSources, outbox, log);
        await Load();
        if (!_state.Outgoing.IsEmpty || !_state.Incidents.IsEmpty || !_state.Departed.IsEmpty)
            Arm(time.GetUtcNow());
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_inbox.HasUnwritten)
            await Write();
    }

    /// <inheritdoc/>
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<TransitionList>().ResumeAsync((list, _) => Receive(list));

    /// <inheritdoc/>
    public async Task Tell(ImmutableArray<RuleEpisode> episodes)
    {
        await Stepwise(machine =>
        {
            foreach (var episode in episodes)
                machine.Take(episode);
        });
        await HandOn();
    }

    /// <inheritdoc/>
    public async Task Judge(ImmutableArray<CauseVerdict> verdicts)
    {
        await Stepwise(machine =>
        {
            foreach (var verdict in verdicts)
                machine.Judge(verdict);
        });
        await HandOn();
    }

    /// <inheritdoc/>
    public async Task<EditResult<Incident>> Act(IncidentAct act)
    {
        var (outcome, faults, view) = (EditOutcome.NotFound, ImmutableArray<FieldError>.Empty, (Incident?)null);
        await Stepwise(machine => outcome = machine.Act(act, out faults));
        view = _state.Incidents.FirstOrDefault(r => r.View.Id == act.IncidentId)?.View;
        if (outcome == EditOutcome.NotFound)
            return await ActOnOldStepwise(act);
        await HandOn();
        return outcome == EditOutcome.Invalid ? EditResult<Incident>.Faulty(faults)
            : EditResult<Incident>.Of(outcome, view is null ? null : new Versioned<Incident>(view.Id.ToString("D"), view.Version, view));
    }

    /// <summary>Wakes it: what is due stands in its state.</summary>
    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        _reminderAt = time.GetUtcNow() + ReminderPeriod;
        return Tick(CancellationToken.None);
    }

    private async Task Receive(TransitionList list)
    {
        _inbox.Receive(list, (transition, flags) =>
        {
            _taken.Add(transition.Body as RuleEpisode
                ?? throw new NotSupportedException($"An incident has no use for a {transition.Body?.GetType().Name}."));
            return flags;
        });
        if (_inbox.HasUnwritten && _inbox.Sources.Count > FewSources && !_inbox.IsWriteDue)
            _gatherTimer ??= this.RegisterGrainTimer(_ => Write(), new GrainTimerCreationOptions(GatherFor, Timeout.InfiniteTimeSpan));
        else
            await Write();
    }

    /// <summary>Writes what the stream brought, confirms it, and hands on what follows.</summary>
    private async Task Write()
    {
        _gatherTimer?.Dispose();
        _gatherTimer = null;
        await _inbox.Commit(() => Step(null), Load, DeactivateOnIdle);
        await HandOn();
    }

    /// <summary>Takes a step; should a second activation have written meanwhile, it is decided anew on what stands.</summary>
    private async Task Stepwise(Action<IncidentMachine>? happened)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await Step(happened);
                return;
            }
            catch (StaleWorkException) when (attempt < MaxAttempts)
            {
                await Load();
            }
            catch
            {
                // Whether it was written only the store can tell.
                await Load();
                throw;
            }
        }
    }

    /// <summary>One step: what happened, sorted, judged, decided, written. Memory follows the store.</summary>
    private async Task Step(Action<IncidentMachine>? happened)
    {
        var context = await Context();
        var machine = new IncidentMachine(_state, context);
        foreach (var episode in _taken)
            machine.Take(episode);
        machine.Sort();
        happened?.Invoke(machine);
        machine.Sort();
        machine.Wake(await Correlate(machine));
        var outcome = machine.End();
        await Commit(outcome, context.Now);
        _taken.Clear();
        Arm(outcome.NextDue);
    }

    private async Task Commit(IncidentOutcome outcome, DateTimeOffset now)
    {
        var state = outcome.State with { Sources = _inbox.Sources.Pack() };
        var body = WorkJson.Write(state);
        if (body == _body && outcome.Changed.IsEmpty && outcome.Lines.IsEmpty)
            return;
        await KeepReminder(state.Outgoing.IsEmpty ? outcome.NextDue : now);
        var commit = new WorkCommit(_projectId, Owner, _version, body, [.. outcome.Changed.Select(ItemOf)],
            [.. outcome.Lines.Select(LineOf)])
        {
            // A state with the marks of many devices stays as it is: there are few of them, and it would be written twice over each time.
            Rest = state.IsAtRest && _inbox.Sources.Count <= FewSources ? new WorkRest(now, WorkJson.Write(state.AtRest())) : null,
        };
        if (!await store.Commit(commit, CancellationToken.None))
            throw new StaleWorkException(Owner);
        (_state, _body, _version) = (state, body, _version + 1);

        LogEntry LineOf(IncidentLine line, int place) => new(
            WorkIds.Of("line", _projectId, Owner, _version + 1, place), now, line.Actor, line.Action, line.Incident.Id,
            DeviceOf(line.Incident),
            WorkJson.Write(new TrailBody(line.Text, line.Incident)));
    }

    /// <summary>Takes what stands in the store; what memory held beyond it comes again.</summary>
    private async Task Load()
    {
        _taken.Clear();
        var stored = await store.Load(_projectId, Owner, CancellationToken.None);
        _state = stored is null ? new IncidentState() : WorkJson.Read<IncidentState>(stored.Body);
        (_body, _version) = (stored?.Body ?? "", stored?.Version ?? 0);
        StateFormat.Check(_state.Format, IncidentState.CurrentFormat, Owner);
        _inbox.Load(_state.Sources);
    }

    private async Task<IncidentContext> Context()
    {
        var rule = await RuleOf();
        return new IncidentContext(
            _projectId, _ruleId, _subject, rule, DevicesOf(rule), await PoliciesOf(rule), time.GetUtcNow());
    }

    private DevicesLimit? DevicesOf(RuleDefinition? rule)
    {
        if (rule is null || _subject.Kind is not (SubjectKind.Site or SubjectKind.Project))
            return null;
        if (!ReferenceEquals(_limited.Rule, rule))
            _limited = (rule, RuleAccess.DevicesOf(rule));
        return _limited.Limit;
    }

    /// <summary>
    /// The rule, or null when it is gone or off. While none can be read nothing is decided, and whoever asked hears of it.
    /// </summary>
    private async Task<RuleDefinition?> RuleOf() =>
        (await books.Get(_projectId)).Rules.TryGetValue(_ruleId, out var rule) && rule.Value.Enabled ? rule.Value : null;

    /// <summary>
    /// The policies that the rule's escalations follow. One that cannot be read just now is left out, and its steps wait; for one that is
    /// damaged nobody would wait in vain, so it counts as gone.
    /// </summary>
    private async Task<ImmutableDictionary<string, EscalationPolicy?>> PoliciesOf(RuleDefinition? rule)
    {
        var policies = ImmutableDictionary<string, EscalationPolicy?>.Empty;
        foreach (var id in rule?.Actions.OfType<EscalateAction>().Select(a => a.Policy).OfType<string>().Distinct() ?? [])
        {
            try
            {
                var policy = await GrainFactory.GetGrain<IEscalationPolicyGrain>(ProjectKey.Of(_projectId, id)).Get()
                    .WaitAsync(AskFor, time);
                policies = policies.SetItem(id, policy?.Value);
            }
            catch (InvalidDataException error)
            {
                log.LogError(error, "The escalation policy {Policy} is damaged; whoever stands in for it is told", id);
                policies = policies.SetItem(id, null);
            }
            catch (Exception error)
            {
                log.LogWarning(error, "The escalation policy {Policy} cannot be read; its steps wait", id);
            }
        }

        return policies;
    }

    /// <summary>
    /// Has the correlation judge what it does not know yet, or is to be decided now. Those that it could not be asked about.
    /// </summary>
    private async Task<IReadOnlySet<Guid>> Correlate(IncidentMachine machine)
    {
        var (unheard, silent) = (new HashSet<Guid>(), new HashSet<string>());
        foreach (var incident in machine.ToReport().Concat(machine.Departed.Take(IncidentLimits.MaxIncidents)).ToList())
        {
            if (CorrelationGrain.PlaceOf(incident) is not { } place)
                continue;
            if (silent.Contains(place)) // One wait a step is enough: callers wait for it.
            {
                unheard.Add(incident.Id);
                continue;
            }

            try
            {
                machine.Judge(await GrainFactory.GetGrain<ICorrelationGrain>(place).Report(incident).WaitAsync(AskFor, time));
                machine.Reported(incident.Id);
            }
            catch (Exception error)
            {
                log.LogWarning(error, "The correlation of {Place} could not be asked about {Incident}; it is asked again", place,
                    incident.Id);
                unheard.Add(incident.Id);
                silent.Add(place);
            }
        }

        return unheard;
    }

    private WorkItem ItemOf(Incident view) => new(
        WorkKinds.Incident, view.Id, Owner, WorkJson.WordOf(view.Status), view.Severity, view.RuleId, DeviceOf(view),
        _subject.Kind == SubjectKind.Site ? _subject.Id : _subject.Kind == SubjectKind.Project ? null : view.Source.SiteId,
        _subject.Kind == SubjectKind.Asset ? _subject.Id : _subject.Kind == SubjectKind.Device ? view.Source.AssetId : null, view.CauseId,
        view.StartedAt, WorkJson.Write(view));

    private Guid? DeviceOf(Incident view) => _subject.Kind is SubjectKind.Device or SubjectKind.Asset ? view.Source.DeviceId : null;

    /// <summary>Acts on an old incident; should a second activation have written meanwhile, on what stands then.</summary>
    private async Task<EditResult<Incident>> ActOnOldStepwise(IncidentAct act)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ActOnOld(act);
            }
            catch (StaleWorkException) when (attempt < MaxAttempts)
            {
                await Load();
                await Stepwise(null);
            }
            catch
            {
                await Load();
                throw;
            }
        }
    }

    /// <summary>
    /// What people do with an incident that is resolved and lives on in its row alone: comments and assignments. Anything else changes
    /// nothing.
    /// </summary>
    private async Task<EditResult<Incident>> ActOnOld(IncidentAct act)
    {
        if (await store.Find(_projectId, WorkKinds.Incident, act.IncidentId, CancellationToken.None) is not { } item || item.Owner != Owner)
            return EditResult<Incident>.Of(EditOutcome.NotFound);
        var view = WorkJson.Read<Incident>(item.Body);
        if (act.ExpectedVersion is { } expected && expected != view.Version)
            return EditResult<Incident>.Of(EditOutcome.VersionMismatch);
        if (act.Verb is IncidentVerb.Assign or IncidentVerb.Comment)
        {
            var changed = act.Verb == IncidentVerb.Assign && view.Assignee != act.Assignee;
            if (changed)
                view = view with { Assignee = act.Assignee, Version = view.Version + 1 };
            var action = act.Verb == IncidentVerb.Assign ? "incident.assigned" : "incident.commented";

            // What is due for the incidents that are held stays so: the reminder is theirs.
            await Commit(
                new IncidentOutcome(_state, changed ? [view] : [], [new IncidentLine(action, act.Actor, view, act.Text ?? act.Assignee)],
                    _due),
                time.GetUtcNow());
        }

        return EditResult<Incident>.Of(EditOutcome.Changed, new Versioned<Incident>(view.Id.ToString("D"), view.Version, view));
    }
}

/// <summary>What a line of the trail says of an incident.</summary>
/// <param name="Text">Why, or what a person wrote.</param>
/// <param name="Incident">As it stood then.</param>
internal sealed record TrailBody(string? Text, Incident Incident);

/// <summary>Another activation of the grain has written; this one's memory is old.</summary>
internal sealed class StaleWorkException(string owner) : Exception($"{owner} was written by another activation.");
