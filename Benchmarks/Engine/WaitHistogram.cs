using System.Diagnostics;
using System.Numerics;

namespace EsoCore.Benchmarks.Engine;

/// <summary>Counts waits in buckets an eighth of an octave wide, so that recording one costs next to nothing beside a call.</summary>
internal sealed class WaitHistogram
{
    private const int StepsPerOctave = 8;

    private readonly long[] _counts = new long[64 * StepsPerOctave];
    private long _longest;

    /// <summary>How many waits were recorded.</summary>
    public long Count { get; private set; }

    /// <summary>The longest wait in milliseconds.</summary>
    public double LongestMs => Milliseconds(_longest);

    /// <summary>Records a wait in ticks of the stopwatch.</summary>
    public void Record(long ticks)
    {
        Count++;
        if (ticks > _longest) _longest = ticks;
        _counts[BucketOf(ticks)]++;
    }

    /// <summary>Adds what another one recorded.</summary>
    public void Add(WaitHistogram other)
    {
        Count += other.Count;
        _longest = Math.Max(_longest, other._longest);
        for (int i = 0; i < _counts.Length; i++) _counts[i] += other._counts[i];
    }

    /// <summary>The wait in milliseconds that this share of all waits stays under, to an eighth of an octave.</summary>
    public double PercentileMs(double share)
    {
        long wanted = (long)Math.Ceiling(Count * share);
        long seen = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= wanted) return Math.Min(LongestMs, Milliseconds(UpperBound(i)));
        }

        return LongestMs;
    }

    private static int BucketOf(long ticks)
    {
        if (ticks < StepsPerOctave) return (int)Math.Max(0, ticks);
        int octave = BitOperations.Log2((ulong)ticks);
        return (octave - 2) * StepsPerOctave + (int)((ticks >> (octave - 3)) & (StepsPerOctave - 1));
    }

    private static long UpperBound(int bucket)
    {
        if (bucket < StepsPerOctave) return bucket + 1;
        int octave = bucket / StepsPerOctave + 2;
        return (long)(StepsPerOctave + bucket % StepsPerOctave + 1) << (octave - 3);
    }

    private static double Milliseconds(long ticks) => ticks * 1000.0 / Stopwatch.Frequency;
}
