namespace EsoCore.Benchmarks.Anomalies;

/// <summary>A window in which an anomaly is to be found.</summary>
/// <param name="First">Index of its first point.</param>
/// <param name="Last">Index of its last point, which belongs to it.</param>
internal readonly record struct LabelWindow(int First, int Last)
{
    /// <summary>Points in the window.</summary>
    public int Length => Last - First + 1;
}

/// <summary>One series of a corpus with its labels.</summary>
/// <param name="Name">Folder and file.</param>
/// <param name="Category">The folder.</param>
/// <param name="Times">When each point was measured.</param>
/// <param name="Values">What was measured.</param>
/// <param name="Windows">The labelled windows, in order, none overlapping.</param>
internal sealed record CorpusSeries(string Name, string Category, DateTimeOffset[] Times, double[] Values, LabelWindow[] Windows);
