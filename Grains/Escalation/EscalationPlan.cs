using EsoCore.Escalation;
using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using EsoCore.Rules;

namespace EsoCore.Grains.Escalation;

/// <summary>One step of an escalation.</summary>
/// <param name="After">From the step before it, or from the incident's opening.</param>
/// <param name="Level">1 for L1, and so on.</param>
internal sealed record EscalationStep(TimeSpan After, int Level, NoticeKind Kind, ImmutableArray<string> To, ImmutableArray<string> Via);

/// <summary>All the steps of an escalation, in order: the levels, then the repeats of the last one.</summary>
internal sealed record EscalationPlan(ImmutableArray<EscalationStep> Steps, QuietHours? Quiet)
{
    /// <summary>When an action names no time.</summary>
    public static readonly TimeSpan DefaultAfter = TimeSpan.FromMinutes(30);

    /// <summary>An escalation that is over.</summary>
    public static EscalationPlan None { get; } = new([], null);

    /// <summary>The policy that it stands in for, or null: then its one step takes the place of all that are left.</summary>
    public string? InPlaceOf { get; private init; }

    /// <summary>
    /// The plan of an action, with its policy where it names one that exists; without it the action's own recipients are told once.
    /// </summary>
    public static EscalationPlan Of(EscalateAction action, EscalationPolicy? policy)
    {
        if (policy is null)
            return action.To.IsDefaultOrEmpty
                ? None : new EscalationPlan([new(action.After ?? DefaultAfter, 1, NoticeKind.Escalated, action.To, Given(action.Via))],
                    null);
        var steps = ImmutableArray.CreateBuilder<EscalationStep>();
        foreach (var level in policy.Levels)
            steps.Add(new EscalationStep(level.After, steps.Count + 1, NoticeKind.Escalated, level.To, Given(level.Via)));
        if (policy.RepeatEvery is { } every && steps.Count > 0)
        {
            var last = steps[^1];
            steps.AddRange(Enumerable.Repeat(last with { After = every, Kind = NoticeKind.Repeated }, policy.MaxRepeats));
        }

        return new EscalationPlan(steps.ToImmutable(), policy.Quiet);
    }

    /// <summary>
    /// What is left of an action whose policy is gone or damaged: its own recipients are told once, or else the project's owner. How long
    /// to wait only the policy knew, so the owner is told at once.
    /// </summary>
    public static EscalationPlan InPlace(EscalateAction action, string policy)
    {
        var plan = Of(action, null);
        return (plan.Steps.IsEmpty ? Of(action with { After = TimeSpan.Zero, To = [TargetFinder.LastResort] }, null) : plan) with
        {
            InPlaceOf = policy,
        };
    }

    /// <summary>The step after those taken, or null when none is left.</summary>
    public EscalationStep? Next(int taken) => InPlaceOf is null ? Steps.ElementAtOrDefault(taken) : Steps[0];

    private static ImmutableArray<string> Given(ImmutableArray<string> list) => list.IsDefault ? [] : list;
}
