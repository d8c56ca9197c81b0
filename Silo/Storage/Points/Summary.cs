namespace EsoCore.Silo.Storage;

/// <summary>Summaries of values.</summary>
internal static class Summary
{
    /// <summary>Smallest, largest and sum of at least one value.</summary>
    public static (double Min, double Max, double Sum) Of(ReadOnlySpan<double> values)
    {
        double min = values[0];
        double max = values[0];
        double sum = 0;
        foreach (double value in values)
        {
            min = Math.Min(min, value);
            max = Math.Max(max, value);
            sum += value;
        }

        return (min, max, sum);
    }
}
