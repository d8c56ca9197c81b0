namespace EsoCore.Grains.Rules.Conditions;

/// <summary>
/// A statistic of a metric passes a limit: of its windows as the device computed them, or, with a period, of its points over the period.
/// </summary>
/// <param name="Stat">One of <see cref="Statistics"/>; <c>bandpower</c> is of windows only.</param>
/// <param name="Band">The band as the device names it, e.g. <c>10-100</c>; with <c>bandpower</c> only.</param>
/// <param name="Period">1 minute to 1 day; null: windows.</param>
internal sealed record WindowStatisticCondition(string Metric, Limits Limits, TimeSpan For, string Stat, string? Band, TimeSpan? Period)
    : LimitCondition(Metric, Limits, For)
{
    /// <summary>The statistics there are.</summary>
    internal static ImmutableArray<string> Statistics { get; } = ["rms", "max", "min", "avg", "std", "bandpower"];
}
