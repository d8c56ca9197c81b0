using EsoCore.Incidents;

namespace EsoCore.Rules;

/// <summary>
/// One rule of a project: its definition, version and counts. Never on the path of an event: devices evaluate rules from what their silo
/// holds of the project's set. Key: <c>project id/rule id</c>.
/// </summary>
public interface IRuleGrain : IGrainWithStringKey
{
    /// <summary>The rule, or null when there is none. A built-in rule that was never edited has version 0.</summary>
    [AlwaysInterleave]
    Task<RuleView?> Get();

    /// <summary>Creates the rule (<paramref name="onlyCreate"/>: or answers that it exists) or replaces it.</summary>
    Task<EditResult<RuleDefinition>> Put(RuleDefinition rule, long? expectedVersion, bool onlyCreate);

    /// <summary>Takes the rule away; a built-in one stays away until it is put again.</summary>
    Task<EditResult<RuleDefinition>> Delete(long? expectedVersion);
}

/// <summary>The rules of a project as one set with one version. Key: the project id.</summary>
public interface IRuleSetGrain : IGrainWithStringKey
{
    /// <summary>Rules that a project can define; one more is refused (<see cref="EditOutcome.LimitReached"/>).</summary>
    const int MaxRules = 1_000;

    /// <summary>The set, or null while its version is <paramref name="known"/>.</summary>
    [AlwaysInterleave]
    Task<RuleSet?> GetIfChanged(long known);

    /// <summary>Reads what was edited; called by the rule's grain after each edit.</summary>
    Task Refresh();

    /// <summary>Rules by id, the built-in ones that were not taken away included.</summary>
    [AlwaysInterleave]
    Task<Page<Versioned<RuleDefinition>>> List(PageRequest page);
}

/// <summary>Runs a rule over past data without saving anything. A stateless worker: key <see cref="Key"/>.</summary>
public interface IRuleTrialGrain : IGrainWithStringKey
{
    /// <summary>The one key of this grain.</summary>
    const string Key = "trials";

    /// <summary>Devices of the rule's scope that a trial looks at.</summary>
    const int MaxDevices = 100;

    /// <summary>Points, windows and events that a trial reads.</summary>
    const int MaxRecords = 500_000;

    /// <summary>Episodes that an answer holds.</summary>
    const int MaxEpisodes = 1_000;

    /// <summary>Days between the two times of a trial.</summary>
    const int MaxDays = 31;

    /// <summary>The episodes that the rule would have made between two times, or every fault of the rule.</summary>
    [ResponseTimeout("00:00:30")]
    Task<RuleTrial> Try(Scope scope, RuleDefinition rule, DateTimeOffset from, DateTimeOffset to);
}

/// <summary>A rule with what came of it.</summary>
/// <param name="IsBuiltIn">Whether every project has it.</param>
/// <param name="Counts">Its incidents.</param>
[GenerateSerializer, Immutable, Alias("rule-view")]
public sealed record RuleView(Versioned<RuleDefinition> Rule, bool IsBuiltIn, RuleCounts Counts);

/// <summary>Incidents of a rule; each count stops at <see cref="Max"/>.</summary>
/// <param name="Open">Open, nobody has taken them on.</param>
/// <param name="Acknowledged">Acknowledged, not resolved.</param>
/// <param name="LastMonth">Opened in the last 30 days.</param>
/// <param name="LastOpenedAt">When the newest was opened, or null.</param>
[GenerateSerializer, Immutable, Alias("rule-counts")]
public sealed record RuleCounts(int Open, int Acknowledged, int LastMonth, DateTimeOffset? LastOpenedAt)
{
    /// <summary>Where counting stops.</summary>
    public const int Max = 1_000;

    /// <summary>No incidents.</summary>
    public static RuleCounts None { get; } = new(0, 0, 0, null);
}

/// <summary>The rules of a project.</summary>
/// <param name="Version">Grows with every edit; 0 while none was ever edited.</param>
/// <param name="Rules">By id.</param>
[GenerateSerializer, Immutable, Alias("rule-set")]
public sealed record RuleSet(long Version, ImmutableArray<Versioned<RuleDefinition>> Rules);

/// <summary>What a trial found.</summary>
/// <param name="Errors">The faults of the rule; nothing else is set when there are any.</param>
/// <param name="Devices">Devices looked at.</param>
/// <param name="Records">Records read.</param>
/// <param name="Cut">Whether a limit was reached, so that there may be more.</param>
/// <param name="Episodes">By start.</param>
[GenerateSerializer, Immutable, Alias("rule-trial")]
public sealed record RuleTrial(
    ImmutableArray<FieldError> Errors, int Devices, int Records, bool Cut, ImmutableArray<TrialEpisode> Episodes);

/// <summary>One episode, and what its incident would be about.</summary>
[GenerateSerializer, Immutable, Alias("trial-episode")]
public sealed record TrialEpisode(string Subject, RuleEpisode Episode);
