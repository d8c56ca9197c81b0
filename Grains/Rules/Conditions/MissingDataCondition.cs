namespace EsoCore.Grains.Rules.Conditions;

/// <summary>A metric that a device once told has not been heard of for a time.</summary>
/// <param name="Silent">1 minute to 30 days.</param>
/// <param name="EvenOffline">Whether it counts while the device is offline too, whose records may be only late.</param>
internal sealed record MissingDataCondition(string Metric, TimeSpan Silent, bool EvenOffline) : Condition
{
    /// <summary>When silence has lasted too long, from the metric's newest record (microseconds).</summary>
    internal long Due(long newestUs) => newestUs + (long)Silent.TotalMicroseconds;
}
