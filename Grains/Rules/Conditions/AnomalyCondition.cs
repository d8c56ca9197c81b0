namespace EsoCore.Grains.Rules.Conditions;

/// <summary>Something is not as it used to be. Needs no training: what is usual is learnt as it comes, in bounded memory.</summary>
internal abstract record AnomalyCondition : Condition;

/// <summary>Values of a metric are unusual for their series.</summary>
/// <param name="Metrics">Names; empty: any.</param>
/// <param name="MinLikelihood">0.5 to 1.</param>
internal sealed record MetricAnomalyCondition(ImmutableArray<string> Metrics, double MinLikelihood) : AnomalyCondition;

/// <summary>Events of one name are more frequent at a device than usual.</summary>
/// <param name="Types">Names, at least one.</param>
/// <param name="MaxProbability">The probability of as many in 24 h, by what was usual, at or below which they count.</param>
/// <param name="MinCount">How many there must be in 24 h at least.</param>
internal sealed record EventAnomalyCondition(ImmutableArray<string> Types, double MaxProbability, int MinCount) : AnomalyCondition;

/// <summary>The trend of a metric passes a limit within a time.</summary>
/// <param name="Metric">Its name.</param>
/// <param name="Limit">The limit.</param>
/// <param name="Rising">Whether it is passed from below.</param>
/// <param name="Within">1 hour to 90 days.</param>
internal sealed record ForecastCondition(string Metric, Level Limit, bool Rising, TimeSpan Within) : AnomalyCondition;
