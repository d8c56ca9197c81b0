using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Telemetry;

/// <summary>Cuts the accepted points of a batch into blocks of at most one UTC day and <see cref="PointBlock.MaxPoints"/> points.</summary>
internal static class BlockBuilder
{
    private readonly record struct Segment(long Day, int Series, int Start, int Count);

    /// <param name="runs">The points; dropped ones are left out.</param>
    /// <param name="seriesNos">The device's number of each series of the batch.</param>
    /// <param name="correctionUs">What was added to the device's timestamps.</param>
    internal static ImmutableArray<PointBlock> Build(SeriesRuns runs, ReadOnlySpan<int> seriesNos, long correctionUs)
    {
        var segments = Cut(runs);
        var blocks = ImmutableArray.CreateBuilder<PointBlock>();
        for (var i = 0; i < segments.Count;)
        {
            var (end, points) = (i, 0);
            while (end < segments.Count && segments[end].Day == segments[i].Day && points + segments[end].Count <= PointBlock.MaxPoints)
                points += segments[end++].Count;
            blocks.Add(Fill(runs, seriesNos, segments, i, end, points, correctionUs));
            i = end;
        }

        return blocks.DrainToImmutable();
    }

    /// <summary>Segments of one series and day without dropped points, none larger than a block, by day and series.</summary>
    private static List<Segment> Cut(SeriesRuns runs)
    {
        var segments = new List<Segment>();
        var oneDay = true;
        for (var s = 0; s < runs.Count; s++)
        {
            var run = runs.Run(s);
            for (var i = 0; i < run.Length;)
            {
                var start = i;
                var day = run[i].TsUs / PointBlock.DayUs;
                var dayEnd = (day + 1) * PointBlock.DayUs;
                while (i < run.Length && i - start < PointBlock.MaxPoints && !run[i].Dropped && run[i].TsUs < dayEnd)
                    i++;
                if (i == start)
                    i++;
                else
                    segments.Add(new Segment(day, s, start, i - start));
                oneDay &= segments.Count == 0 || segments[0].Day == day;
            }
        }

        if (!oneDay)
            segments.Sort((a, b) => a.Day != b.Day ? a.Day.CompareTo(b.Day) : a.Series != b.Series ? a.Series - b.Series : a.Start - b.Start);
        return segments;
    }

    private static PointBlock Fill(
        SeriesRuns runs, ReadOnlySpan<int> seriesNos, List<Segment> segments, int from, int to, int points, long correctionUs)
    {
        var nos = new List<int>();
        var counts = new List<int>();
        var times = new long[points];
        var values = new double[points];
        var at = 0;
        for (var i = from; i < to; i++)
        {
            var segment = segments[i];
            // Dropped points cut a series' day into several segments, which are one run again here.
            if (i > from && segments[i - 1].Series == segment.Series)
                counts[^1] += segment.Count;
            else
            {
                nos.Add(seriesNos[segment.Series]);
                counts.Add(segment.Count);
            }

            foreach (ref readonly var entry in runs.Run(segment.Series).Slice(segment.Start, segment.Count))
            {
                times[at] = entry.TsUs;
                values[at++] = entry.Value;
            }
        }

        return new PointBlock(nos.ToArray(), counts.ToArray(), times, values, correctionUs);
    }
}
