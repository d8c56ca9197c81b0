namespace EsoCore.Grains.Rules;

/// <summary>Bounds on rules and on what they keep in a twin.</summary>
internal static class RuleLimits
{
    /// <summary>Characters of a name (metric, event, field of meta, rated value).</summary>
    internal const int MaxName = 128;

    /// <summary>Names in one list.</summary>
    internal const int MaxNames = 32;

    /// <summary>Characters of a condition as JSON.</summary>
    internal const int MaxConditionLength = 8_192;

    /// <summary>Levels of nesting of a condition.</summary>
    internal const int MaxDepth = 8;

    /// <summary>Predicates over one event's meta.</summary>
    internal const int MaxPredicates = 8;

    /// <summary>Percent of a rated value.</summary>
    internal const double MaxPercent = 1_000;

    /// <summary>Events that a rule counts up to.</summary>
    internal const int MaxCount = 1_000;

    /// <summary>Devices that a rule counts up to.</summary>
    internal const int MaxDevices = 10_000;

    /// <summary>Rules over patterns in the fleet that a project's watch follows: the first by id; further ones find nothing.</summary>
    internal const int MaxFleetRules = 16;

    /// <summary>Actions of a rule.</summary>
    internal const int MaxActions = 16;

    /// <summary>Recipients of an action, and kinds of channels.</summary>
    internal const int MaxRecipients = 16;

    /// <summary>Items of one list of a scope.</summary>
    internal const int MaxScope = 100;

    /// <summary>Open and pending conditions of metrics that a twin holds; beyond, a condition that begins is passed over.</summary>
    internal const int MaxLevels = 256;

    /// <summary>Of those, series whose points of a period are held in buckets (about 1 KB each).</summary>
    internal const int MaxPeriods = 32;

    /// <summary>Faulty sensors that a twin holds; the oldest goes first.</summary>
    internal const int MaxMutes = 64;

    /// <summary>
    /// Sources of windows whose mark a twin holds, where a rule over windows concerns them; of more, the longest silent share one mark, the
    /// newest of theirs.
    /// </summary>
    internal const int MaxWindowMarks = 64;

    /// <summary>Detectors that a twin feeds (1.7 KB each at most).</summary>
    internal const int MaxDetectors = 16;

    /// <summary>Stored events that are read around those of a batch, for one rule.</summary>
    internal const int MaxStoredEvents = 2_000;

    /// <summary>Episodes that one rule tells of one batch on their own; further events of the batch make one episode together.</summary>
    internal const int MaxEpisodesABatch = 100;

    /// <summary>
    /// Episodes with an end of their own, or of counts, that one rule tells of one batch; of more, which a relay that flutters for days can
    /// make, the oldest are left out.
    /// </summary>
    internal const int MaxChangedEpisodes = 1_000;

    /// <summary>
    /// Episodes of a metric that began and ended within one batch, told for one rule and series; of more, which a value that flutters about
    /// its limit makes, the oldest are counted with the first of those told.
    /// </summary>
    internal const int MaxEndedEpisodes = 50;

    /// <summary>
    /// Episodes that all rules tell of one batch; of more, the oldest are left out that neither are open nor end what was told before.
    /// </summary>
    internal const int MaxTold = 2_000;

    /// <summary>Characters of an event's meta that an episode carries; longer meta is left out, and stays with the event.</summary>
    internal const int MaxEpisodeMeta = 4_096;

    /// <summary>Characters of an event's description in an episode's text.</summary>
    internal const int MaxToldDescription = 256;

    /// <summary>The shortest period and window.</summary>
    internal static readonly TimeSpan MinPeriod = TimeSpan.FromMinutes(1);

    /// <summary>The longest period that points are held for.</summary>
    internal static readonly TimeSpan MaxPeriod = TimeSpan.FromDays(1);

    /// <summary>The longest time that a value must be out.</summary>
    internal static readonly TimeSpan MaxFor = TimeSpan.FromDays(7);

    /// <summary>The longest window of events.</summary>
    internal static readonly TimeSpan MaxWithin = TimeSpan.FromDays(30);

    /// <summary>How far a forecast may look.</summary>
    internal static readonly TimeSpan MaxForecast = TimeSpan.FromDays(90);

    /// <summary>How far one looks unless told.</summary>
    internal static readonly TimeSpan DefaultForecast = TimeSpan.FromDays(14);

    /// <summary>How often what detectors learnt is written beside other commits.</summary>
    internal static readonly TimeSpan DetectorsSaved = TimeSpan.FromMinutes(30);
}
