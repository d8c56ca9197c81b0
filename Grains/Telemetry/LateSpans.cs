using System.Runtime.InteropServices;

namespace EsoCore.Grains.Telemetry;

/// <summary>A span of time, both ends included, in microseconds.</summary>
internal readonly record struct LateSpan(long FromUs, long ToUs);

/// <summary>
/// Cuts the times of late records into a few spans to be compared with the store, so that one record of years ago and one of today do
/// not read all the years between.
/// </summary>
internal static class LateSpans
{
    /// <summary>Spans of one batch at most; past it the nearest are joined.</summary>
    internal const int MaxSpans = 16;

    private const long GapUs = 3_600_000_000;

    /// <summary>Takes times in any order (and reorders them).</summary>
    internal static List<LateSpan> Of(List<long> timesUs)
    {
        var spans = new List<LateSpan>();
        if (timesUs.Count == 0)
            return spans;
        timesUs.Sort();
        var times = CollectionsMarshal.AsSpan(timesUs);
        var from = times[0];
        for (var i = 1; i <= times.Length; i++)
        {
            if (i < times.Length && times[i] - times[i - 1] <= GapUs)
                continue;
            spans.Add(new LateSpan(from, times[i - 1]));
            if (i < times.Length)
                from = times[i];
        }

        JoinNearest(spans);
        return spans;
    }

    private static void JoinNearest(List<LateSpan> spans)
    {
        if (spans.Count <= MaxSpans)
            return;
        // The widest MaxSpans - 1 gaps stay; everything between two of them becomes one span.
        var gaps = Enumerable.Range(1, spans.Count - 1).OrderByDescending(i => spans[i].FromUs - spans[i - 1].ToUs).Take(MaxSpans - 1).Order();
        var joined = new List<LateSpan>(MaxSpans);
        var start = 0;
        foreach (var gap in gaps.Append(spans.Count))
        {
            joined.Add(new LateSpan(spans[start].FromUs, spans[gap - 1].ToUs));
            start = gap;
        }

        spans.Clear();
        spans.AddRange(joined);
    }
}
