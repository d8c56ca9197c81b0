namespace EsoCore.Grains.Rules.Conditions;

/// <summary>A metric changes faster than a limit: its newest value against its oldest of the period, by the time between them.</summary>
/// <param name="Period">1 minute to 1 day.</param>
/// <param name="Per">The time that the limits are meant for: a minute or an hour.</param>
internal sealed record RateOfChangeCondition(string Metric, Limits Limits, TimeSpan For, TimeSpan Period, TimeSpan Per)
    : LimitCondition(Metric, Limits, For);
