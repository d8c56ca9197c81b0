namespace EsoCore.Grains.Rules;

/// <summary>
/// What the rules of a device remember between batches, in its twin and so in its commits. Immutable; most devices have none. All of it is
/// bounded by <see cref="RuleLimits"/>.
/// </summary>
/// <param name="Levels">Conditions that hold or begin to hold, by rule and what they are about.</param>
/// <param name="Periods">Points of the last period, for rules over periods.</param>
/// <param name="Mutes">Sensors that metric rules pass over.</param>
internal sealed record RuleMemory(ImmutableArray<LevelState> Levels, ImmutableArray<PeriodState> Periods, ImmutableArray<MutedSensor> Mutes)
{
    /// <summary>Nothing remembered.</summary>
    internal static RuleMemory Empty { get; } = new([], [], []);

    /// <summary>How far the windows of each source were shown to rules over windows.</summary>
    internal ImmutableArray<WindowMark> Windows { get; init; } = [];

    internal bool IsEmpty => Levels.IsEmpty && Periods.IsEmpty && Mutes.IsEmpty && Windows.IsEmpty;
}

/// <summary>The newest window of one source (a metric of an asset by one sensor, over one length) that rules were shown.</summary>
/// <param name="Source">Empty: of all that are no longer held.</param>
internal sealed record WindowMark(string Source, long MarkUs);

/// <summary>A condition that holds, or has begun to and has yet to last.</summary>
/// <param name="Rule">The rule's id.</param>
/// <param name="Key">
/// What of the device: <c>s12</c> a series, <c>w:metric:asset</c> windows, <c>m:metric</c> its silence, <c>mo:metric</c> its silence told
/// when the device went offline, <c>state</c>.
/// </param>
/// <param name="Print">Of the rule, see <see cref="CompiledRule.Print"/>.</param>
/// <param name="SinceUs">When it came to hold.</param>
/// <param name="Told">Whether an episode of it was told.</param>
/// <param name="Worst">The value farthest out.</param>
/// <param name="Count">Values that were out.</param>
/// <param name="LastUs">The newest value's time.</param>
/// <param name="Subject">Once told: what its incident is about, so that it can be ended when the rule is gone.</param>
/// <param name="Cause">Once told: the episode's cause.</param>
/// <param name="Severity">Once told: the episode's severity.</param>
/// <param name="HoldUs">Once told: how long it must hold to count, microseconds; 0 where an earlier program did not note it.</param>
internal sealed record LevelState(
    string Rule, string Key, int Print, long SinceUs, bool Told, double? Worst, int Count, long LastUs, string? Subject = null,
    string? Cause = null, string? Severity = null, long HoldUs = 0);

/// <summary>Points of one series over the period of one rule: <see cref="PeriodBuckets"/> as numbers.</summary>
internal sealed record PeriodState(string Rule, string Key, int Print, double[] Buckets);

/// <summary>A sensor that is faulty.</summary>
/// <param name="Sensor">As <c>meta.sensor_id</c> names it.</param>
/// <param name="FaultUs">When its fault began that is not over; <see cref="long.MinValue"/> when it is.</param>
/// <param name="EnabledUs">Faults that began no later count no longer: people have enabled its alerts again.</param>
/// <param name="Rule">The rule that mutes it; null for one that was muted before that was noted.</param>
internal sealed record MutedSensor(string Sensor, long FaultUs, long EnabledUs, string? Rule = null)
{
    internal bool IsMuted => FaultUs != long.MinValue && FaultUs > EnabledUs;
}
