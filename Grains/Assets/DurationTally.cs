using System.Text.Json;
using System.Text.Json.Serialization;
using EsoCore.Assets;

namespace EsoCore.Grains.Assets;

/// <summary>
/// Durations summed up. Whole microseconds in a decimal, not doubles, so that the sum is the same in whatever order they were added.
/// </summary>
[GenerateSerializer, Immutable, Alias("duration-tally")]
internal sealed record DurationTally(long Count, double? MinMs, double? MaxMs, decimal SumUs, ImmutableArray<long> Bins)
{
    /// <summary>Upper bounds of the histogram's bins in milliseconds, each included; one open bin follows.</summary>
    public static ImmutableArray<double> UpToMs { get; } =
        [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000, 300_000, 1_800_000];

    /// <summary>Durations beyond it (three years) are taken for faults of a clock and left out.</summary>
    public const double LongestMs = 1e11;

    /// <summary>No duration.</summary>
    public static DurationTally Empty { get; } = new(0, null, null, 0, [.. new long[UpToMs.Length + 1]]);

    /// <summary>Fields of a newer program, carried along.</summary>
    [Id(5), JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; init; }

    /// <summary>Whether a duration can be counted.</summary>
    public static bool IsPlausible(double? durationMs) => durationMs is >= 0 and <= LongestMs;

    /// <summary>With one duration more; one that is not plausible changes nothing.</summary>
    public DurationTally Add(double durationMs)
    {
        if (!IsPlausible(durationMs))
            return this;
        var bin = UpToMs.BinarySearch(durationMs);
        bin = bin < 0 ? ~bin : bin;
        return this with
        {
            Count = Count + 1,
            MinMs = Math.Min(MinMs ?? durationMs, durationMs),
            MaxMs = Math.Max(MaxMs ?? durationMs, durationMs),
            SumUs = SumUs + Math.Round((decimal)durationMs * 1_000),
            Bins = Bins.SetItem(bin, Bins[bin] + 1),
        };
    }

    /// <summary>Count, smallest, largest and mean, in milliseconds.</summary>
    public DurationStats ToStats() => new(Count, MinMs, MaxMs, Count == 0 ? null : (double)(SumUs / Count / 1_000));

    /// <summary>The histogram.</summary>
    public ImmutableArray<HistogramBin> ToHistogram() =>
        [.. Bins.Select((count, i) => new HistogramBin(i < UpToMs.Length ? UpToMs[i] : null, count))];
}
