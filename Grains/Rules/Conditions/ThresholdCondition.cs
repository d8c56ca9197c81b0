namespace EsoCore.Grains.Rules.Conditions;

/// <summary>A metric passes a limit.</summary>
internal sealed record ThresholdCondition(string Metric, Limits Limits, TimeSpan For) : LimitCondition(Metric, Limits, For);
