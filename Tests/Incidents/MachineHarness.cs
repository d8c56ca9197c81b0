using System.Collections.Immutable;
using EsoCore.Correlation;
using EsoCore.Escalation;
using EsoCore.Grains.Incidents;
using EsoCore.Grains.Rules;
using EsoCore.Incidents;
using EsoCore.Notifications;
using EsoCore.Rules;

namespace EsoCore.Tests.Incidents;

/// <summary>Drives the machine of one rule and subject through steps, with a correlation that the test speaks for.</summary>
internal sealed class MachineHarness(RuleDefinition? rule, SubjectKey? subject = null, DevicesLimit? devices = null,
    string ruleId = "power_outage")
{
    public static readonly Guid Project = new("0a000000-0000-4000-8000-000000000001");

    public SubjectKey Subject { get; } = subject ?? SubjectKey.Device(Episodes.Logger);

    public RuleDefinition? Rule { get; set; } = rule;

    public DevicesLimit? Devices { get; set; } = devices;

    public IncidentState State { get; private set; } = new();

    public DateTimeOffset Now { get; set; } = Episodes.Ten.AddDays(3);

    public ImmutableDictionary<string, EscalationPolicy?> Policies { get; set; } = ImmutableDictionary<string, EscalationPolicy?>.Empty;

    /// <summary>What the correlation says; by default that nothing is anybody's consequence. It throws where it is away.</summary>
    public Func<Incident, CauseVerdict> Correlation { get; set; } = i => new CauseVerdict(i.Id, null, false, 0, null);

    /// <summary>Takes the end of incidents that are held no longer. It throws where the correlation is away.</summary>
    public Action<Incident> Departs { get; set; } = _ => { };

    public List<IncidentLine> Lines { get; } = [];

    public List<Incident> Changes { get; } = [];

    public DateTimeOffset? NextDue { get; private set; }

    public IEnumerable<Incident> Incidents => State.Incidents.Select(r => r.View);

    public Incident Only => Xunit.Assert.Single(State.Incidents).View;

    public IEnumerable<Notice> Notices => State.Outgoing.OfType<NoticeOut>().Select(n => n.Notice);

    public IEnumerable<string> Told => State.Outgoing.OfType<NoticeOut>().Select(n => $"{n.Notice.Kind} {n.To}");

    public void Take(params RuleEpisode[] episodes) => Step(machine =>
    {
        foreach (var episode in episodes)
            machine.Take(episode);
    });

    public EditOutcome Act(IncidentVerb verb, Guid? id = null, long? version = null, string? text = null, string? assignee = null)
    {
        var outcome = EditOutcome.NotFound;
        Step(machine => outcome = machine.Act(
            new IncidentAct(id ?? State.Incidents[^1].View.Id, verb, "key:k", text, assignee, version), out _));
        return outcome;
    }

    public void Judge(CauseVerdict verdict) => Step(machine => machine.Judge(verdict));

    /// <summary>Moves the clock to a time and wakes it.</summary>
    public void WakeAt(DateTimeOffset at)
    {
        Now = at;
        Step(_ => { });
    }

    /// <summary>Empties the list of what is to be handed on, as if all of it had arrived.</summary>
    public void HandOn() => Step(machine => machine.HandedOn(State.Outgoing.ToHashSet(), []));

    public void Step(Action<IncidentMachine> happened)
    {
        var context = new IncidentContext(Project, ruleId, Subject, Rule, Rule is null ? null : Devices, Policies, Now);
        var machine = new IncidentMachine(State, context);
        machine.Sort();
        happened(machine);
        machine.Sort();
        var unheard = new HashSet<Guid>();
        foreach (var incident in machine.ToReport())
        {
            try
            {
                machine.Judge(Correlation(incident));
            }
            catch (InvalidOperationException)
            {
                unheard.Add(incident.Id);
            }
        }

        foreach (var gone in machine.Departed.ToList())
        {
            try
            {
                Departs(gone);
                machine.Reported(gone.Id);
            }
            catch (InvalidOperationException)
            {
                unheard.Add(gone.Id);
            }
        }

        machine.Wake(unheard);
        var outcome = machine.End();

        // Through its text, as the store has it.
        State = WorkJson.Read<IncidentState>(WorkJson.Write(outcome.State));
        Lines.AddRange(outcome.Lines);
        Changes.AddRange(outcome.Changed);
        NextDue = outcome.NextDue;
    }
}
