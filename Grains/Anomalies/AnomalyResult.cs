namespace EsoCore.Grains.Anomalies;

/// <summary>What the detector says of a point.</summary>
/// <param name="Likelihood">
/// 0 (usual) to 1; <see cref="MetricDetector.AlarmLikelihood"/> and above is an alarm. Lower for a while after an alarm (calm-down).
/// </param>
/// <param name="Score">
/// How far the point passes the largest deviation so far, in usual excesses of that test; 0 or more, no calm-down.
/// </param>
/// <param name="Kind">What is unusual; <see cref="AnomalyKind.None"/> if nothing is.</param>
/// <param name="UsualLow">Lower end of what is usual now, in the unit of the value: about 19 of 20 values lie within the range.</param>
/// <param name="UsualHigh">Upper end of what is usual now.</param>
/// <param name="Seasonal">Whether the range is that of this hour of the day or week, not of the series as a whole.</param>
public readonly record struct AnomalyResult(
    double Likelihood, double Score, AnomalyKind Kind, double UsualLow, double UsualHigh, bool Seasonal)
{
    /// <summary>Whether the point is an alarm.</summary>
    public bool IsAlarm => Likelihood >= MetricDetector.AlarmLikelihood;
}
